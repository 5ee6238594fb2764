/* Debug information in files of its own (.dwo), in packages (.dwp) and compressed, against
 * what addr2line says of the same code with plain debug information. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "objects.h"
#include "symbols/sym_shared.h"

/* External functions that are always inlined: addr2line confuses static ones with their
 * caller.  `cold` gives functions more than one range. */
static const char first_source[] = "#include <stdlib.h>\n"
				   "#define INLINED __attribute__((always_inline)) inline\n"
				   "int second(int x, volatile int *p);\n"
				   "namespace deep {\n"
				   "INLINED int three(int x, volatile int *p) {\n"
				   "	if (__builtin_expect(x == 12345, 0)) { *p = 7; abort(); }\n"
				   "	*p += x;\n"
				   "	return *p * 3;\n}\n"
				   "INLINED int two(int x, volatile int *p) {\n"
				   "	int y = three(x + 1, p);\n"
				   "	return y + three(x + 2, p);\n}\n"
				   "__attribute__((noinline)) int outer(int x, volatile int *p) {\n"
				   "	for (int i = 0; i < 10; i++)\n"
				   "		x += two(i, p);\n"
				   "	return x;\n}\n}\n"
				   "int main(int argc, char **) {\n"
				   "	volatile int v = argc;\n"
				   "	return deep::outer(argc, &v) + second(argc, &v);\n}\n";

/* Another unit, with strings and lists of its own. */
static const char second_source[] =
    "namespace far { template <class T> struct Pair { T a, b; };\n"
    "__attribute__((always_inline)) inline int leaf(Pair<int> pair, volatile int *p) {\n"
    "	*p += pair.a;\n"
    "	return *p + pair.b;\n}\n}\n"
    "__attribute__((noinline)) int second(int x, volatile int *p) {\n"
    "	int sum = 0;\n"
    "	while (x-- > 0)\n"
    "		sum += far::leaf(far::Pair<int>{x, 2}, p);\n"
    "	return sum;\n}\n";

static int has(const char *tool)
{
	char command[128];

	snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", tool);
	return system(command) == 0;
}

static void build_fixtures(void)
{
	write_file("first.cpp", first_source);
	write_file("second.cpp", second_source);
}

static const struct way {
	const char *compiler;
	int version;
	int pie;
} ways[] = {{"g++", 4, 1}, {"g++", 5, 1}, {"g++", 5, 0}, {"clang++", 4, 1}, {"clang++", 5, 1}};

/* A folder of its own for the way, with `whole`, whose debug information is plain, and
 * `split`, of the same code.  Returns its name, NULL where there is no such compiler. */
static const char *build(const struct way *way, const char *flags)
{
	static char folder[32];

	if (way->compiler[0] == 'c')
		addr2line = "llvm-addr2line";
	if (!has(way->compiler) || !has(addr2line))
		return NULL;
	snprintf(folder, sizeof(folder), "way%d", (int)getpid()); /* of each case */
	run("mkdir %s && cp first.cpp second.cpp %s", folder, folder);
	run("cd %s && %s -gdwarf-%d -O2 %s -o whole first.cpp second.cpp", folder, way->compiler,
	    way->version, way->pie ? "-fPIE -pie" : "-no-pie");
	for (int i = 0; i < 2; i++)
		run("cd %s && %s -gdwarf-%d -gsplit-dwarf -O2 %s %s -c %s.cpp -o %s.o", folder,
		    way->compiler, way->version, way->pie ? "-fPIE" : "-fno-pie", flags,
		    i ? "second" : "first", i ? "second" : "first");
	run("cd %s && %s %s -Wl,--build-id=sha1 -o split first.o second.o", folder, way->compiler,
	    way->pie ? "-pie" : "-no-pie");
	return folder;
}

static const char *in(const char *folder, const char *name)
{
	static char path[16][128];
	static int next;
	char *here = path[next++ % 16];

	snprintf(here, sizeof(path[0]), "%s/%s", folder, name);
	return here;
}

/* Is all of `split` as addr2line has it of `whole`? */
static void check_all(const char *folder, const char *symfs)
{
	struct vr_symcache *cache = vr_symcache_new(1);
	struct vr_sym *sym = vr_sym_open_in(cache, 1, 0);
	struct vr_sym_module module = {.path = in_directory(in(folder, "split")),
				       .start = BIAS,
				       .end = BIAS + 0x100000,
				       .bias = BIAS};
	uint64_t size, at;
	char *note;

	ck_assert_int_eq(vr_symcache_look(cache, symfs, 0), 0);
	ck_assert_int_eq(vr_sym_add_module(sym, 0, &module), 0);
	at = symbol_of(in(folder, "whole"), "outer", &size);
	ck_assert_uint_eq(compare_with_addr2line(sym, in(folder, "whole"), at, at + size), 3);
	at = symbol_of(in(folder, "whole"), "second", &size);
	ck_assert_uint_eq(compare_with_addr2line(sym, in(folder, "whole"), at, at + size), 2);
	note = vr_sym_module_note(sym, 0);
	ck_assert_ptr_null(note);
	vr_sym_close(sym);
	vr_symcache_free(cache);
}

/* Without them: names from the symbol table, lines from the object, a word about it. */
static void check_without(const char *folder)
{
	struct vr_sym *sym = open_module(in(folder, "split"), NULL, 1);
	uint64_t at = symbol_of(in(folder, "split"), "outer", NULL);
	struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + at, 1);
	char *note;

	ck_assert_uint_eq(frames.count, 1);
	ck_assert_str_eq(frames.frame[0].function, "deep::outer(int, int volatile*)");
	ck_assert_int_ge(frames.frame[0].line, 7);
	ck_assert_int_le(frames.frame[0].line, 17);
	note = vr_sym_module_note(sym, 0);
	ck_assert_ptr_nonnull(note);
	ck_assert_ptr_nonnull(strstr(note, "split: 1 debug file not found"));
	ck_assert_ptr_nonnull(strstr(note, ".dwo"));
	free(note);
	vr_sym_close(sym);
}

START_TEST(files_where_they_were_made)
{
	const char *folder = build(&ways[_i], "");

	if (!folder)
		return;
	check_all(folder, NULL);
	run("cd %s && rm *.dwo", folder);
	check_without(folder);
}
END_TEST

/* The folder is another one than when it was built; then they are elsewhere altogether. */
START_TEST(files_of_a_build_that_moved)
{
	const char *folder = build(&ways[_i], "");

	if (!folder)
		return;
	run("mkdir -p here && mv %s here", folder);
	check_all(in("here", folder), NULL);
	run("mkdir -p kept/%s && mv here/%s/*.dwo kept/%s", folder, folder, folder);
	check_without(in("here", folder));
	check_all(in("here", folder), in_directory(in("kept", folder)));
}
END_TEST

/* A file of that name, but of another build, is not believed. */
START_TEST(files_of_another_build)
{
	const char *folder = build(&ways[_i], "");

	if (!folder)
		return;
	run("cd %s && sed -i '1i struct Newer { int q; } newer;' first.cpp && "
	    "%s -gdwarf-%d -gsplit-dwarf -O2 -c first.cpp -o first.o",
	    folder, ways[_i].compiler, ways[_i].version);
	check_without(folder);
}
END_TEST

static void check_package(const char *folder, const char *tool, const char *pack)
{
	run("cd %s && %s -e split -o split.dwp 2>said || cat said >&2", folder, tool);
	run("cd %s && mkdir -p away && mv *.dwo away && %s", folder, pack);
	check_all(folder, NULL);
	run("cd %s && mkdir -p pkg && mv split.dwp pkg", folder);
	check_without(folder);
	check_all(folder, in_directory(in(folder, "pkg")));
	run("cd %s && mv away/*.dwo .", folder);
}

START_TEST(packages)
{
	const char *folder = build(&ways[_i], "");

	if (!folder)
		return;
	/* llvm-dwp 14 does not end on DWARF 5 of gcc, binutils' dwp 2.40 crashes on it. */
	if (ways[_i].version == 4 && has("dwp"))
		check_package(folder, "dwp", "true");
	if ((ways[_i].version == 4 || ways[_i].compiler[0] == 'c') && has("llvm-dwp"))
		check_package(folder, "llvm-dwp", "objcopy --compress-debug-sections split.dwp");
}
END_TEST

static int knows_zstd(void)
{
	return system("objcopy --help | grep -q zstd") == 0;
}

/* A package with a few wrong bytes: any answer will do, but an answer. */
START_TEST(damaged_packages_are_survived)
{
	const char *folder = build(&ways[3], "");
	static uint8_t good[1 << 20], bad[1 << 20];
	size_t bytes;
	uint64_t at;
	FILE *file;

	if (!folder || !has("llvm-dwp"))
		return;
	run("cd %s && llvm-dwp -e split -o good.dwp && mkdir away && mv *.dwo away", folder);
	file = fopen(in_directory(in(folder, "good.dwp")), "r");
	ck_assert_ptr_nonnull(file);
	bytes = fread(good, 1, sizeof(good), file);
	fclose(file);
	at = symbol_of(in(folder, "split"), "outer", NULL);
	for (unsigned i = 0; i < 300; i++) {
		struct vr_sym *sym;

		memcpy(bad, good, bytes);
		for (unsigned k = 0; k <= i % 30; k++)
			bad[64 + (i * 7919 + k * 104729) % (bytes - 64)] ^= (uint8_t)(i + k + 1);
		file = fopen(in_directory(in(folder, "split.dwp")), "w");
		fwrite(bad, 1, i % 3 ? bytes : bytes - i, file);
		fclose(file);
		sym = open_module(in(folder, "split"), NULL, 1);
		for (uint64_t k = 0; k < 64; k++)
			ck_assert_uint_ge(vr_sym_resolve(sym, 0, BIAS + at + k, 1).count, 1);
		vr_sym_close(sym);
	}
}
END_TEST

/* Compressed sections of the object, of its .dwo files, of a separate debug file. */
START_TEST(compressed_by_zstd)
{
	const char *folder = build(&ways[_i], "");

	if (!folder || !knows_zstd())
		return;
	run("cd %s && objcopy --compress-debug-sections=zstd split packed && "
	    "readelf -SW packed | grep -q 'debug_line.* C ' && mv packed split && "
	    "for f in *.dwo; do objcopy --compress-debug-sections=zstd $f; done",
	    folder);
	check_all(folder, NULL);
	run("cd %s && objcopy --only-keep-debug split split.debug && "
	    "readelf -SW split.debug | grep -q 'debug_line.* C ' && strip -s split && "
	    "objcopy --add-gnu-debuglink=split.debug split",
	    folder);
	check_all(folder, NULL);
}
END_TEST

static void cases(TCase *tests)
{
	int all = (int)(sizeof(ways) / sizeof(ways[0]));

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, files_where_they_were_made, 0, all);
	tcase_add_loop_test(tests, files_of_a_build_that_moved, 0, all);
	tcase_add_loop_test(tests, files_of_another_build, 0, all);
	tcase_add_loop_test(tests, packages, 0, all);
	tcase_add_test(tests, damaged_packages_are_survived);
	tcase_add_loop_test(tests, compressed_by_zstd, 0, all);
}

int main(void)
{
	return objects_main("symbols_split", build_fixtures, cases);
}
