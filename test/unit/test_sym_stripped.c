/* Stripped objects: an address without a symbol is called by the start of its
 * function, a PLT stub by the function it calls. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"

/* picked() is chosen at load time: its PLT stub has no dynamic symbol. */
static const char program_source[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "#define ALONE __attribute__((noinline, noclone))\n"
    "static int pick_me(int x) { return x * 7; }\n"
    "static int (*pick(void))(int) { return pick_me; }\n"
    "__attribute__((visibility(\"hidden\"), ifunc(\"pick\"))) int picked(int);\n"
    "int asm_bounded(int), asm_plain(int);\n"
    "ALONE static int one(const char *s) { puts(s); return (int)strlen(s) + atoi(s); }\n"
    "ALONE static int two(const char *s) { return picked(one(s) + rand()); }\n"
    "ALONE int shown(const char *s) { return two(s) + asm_bounded(3) + asm_plain(4); }\n"
    "int main(int argc, char **argv) { return shown(argv[argc - 1]); }\n";

/* No .size; the first one says to the unwinder where it ends. */
static const char asm_source[] = "	.text\n	.globl asm_bounded\n	.p2align 4\nasm_bounded:\n"
				 "	.cfi_startproc\n	movl %edi, %eax\ninner:\n"
				 "	decl %eax\n	jnz inner\n	ret\n	.cfi_endproc\n"
				 "	.p2align 4\n	.globl asm_plain\nasm_plain:\n	ret\n"
				 "	.section .note.GNU-stack,\"\",@progbits\n";

/* Each NAME has its stripped twin NAME.bare.  No debug information: it has
 * names of its own. */
static void build_fixtures(void)
{
	write_file("program.c", program_source);
	write_file("asm.s", asm_source);
	run("as -o asm.o asm.s && gcc -O1 -fPIC -c -o program.o program.c");
	run("gcc -Wl,-z,lazy -o lazy program.o asm.o");
	run("gcc -Wl,-z,now -o now program.o asm.o");
	run("gcc -Wl,-z,lazy,-z,ibtplt -o ibt program.o asm.o");
	run("gcc -no-pie -Wl,-z,lazy -o fixed program.o asm.o");
	run("gcc -static -o static program.o asm.o");
	run("gcc -shared -Wl,-z,lazy -o lib.so program.o asm.o");
	run("for f in lazy now ibt fixed static lib.so; do cp $f $f.bare && strip -s $f.bare; "
	    "done");
}

static struct vr_frame resolve(struct vr_sym *sym, uint64_t offset, int exact)
{
	struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + offset, exact);

	ck_assert_uint_eq(frames.count, 1);
	ck_assert_uint_eq(frames.frame[0].offset, offset);
	return frames.frame[0];
}

/* All of [lo, hi) is called `want`, by each address and by each return address. */
static void check_named(struct vr_sym *sym, uint64_t lo, uint64_t hi, const char *want)
{
	ck_assert_uint_lt(lo, hi);
	for (uint64_t at = lo; at < hi; at++) {
		ck_assert_str_eq(resolve(sym, at, 1).function, want);
		ck_assert_str_eq(resolve(sym, at + 1, 0).function, want);
	}
}

static void check_bounds(const char *name)
{
	static const char *const hidden[] = {"one", "two"};
	char bare[64], want[128];
	struct vr_sym *sym;

	snprintf(bare, sizeof(bare), "%s.bare", name);
	sym = open_module(bare, NULL, 1);
	for (int i = 0; i < 2; i++) {
		uint64_t size, start = symbol_of(name, hidden[i], &size);

		snprintf(want, sizeof(want), "%s+0x%llx", bare, (unsigned long long)start);
		check_named(sym, start, start + size, want);
		ck_assert_str_ne(resolve(sym, start + size, 1).function, want);
		ck_assert_str_eq(resolve(sym, start, 1).module, in_directory(bare));
	}
	ck_assert_int_eq(vr_sym_module_state(sym, 0), VR_SYM_STRIPPED);
	vr_sym_close(sym);
}

START_TEST(addresses_of_a_function_share_its_name)
{
	check_bounds("lazy");
	check_bounds("now");
	check_bounds("fixed");
	check_bounds("static");
	check_bounds("lib.so");
}
END_TEST

START_TEST(exported_names_come_before_bounds)
{
	struct vr_sym *sym = open_module("lib.so.bare", NULL, 1);
	uint64_t size, start = symbol_of("lib.so", "shown", &size);

	check_named(sym, start, start + size, "shown");
	vr_sym_close(sym);
}
END_TEST

/* What lies between functions is still called by its address. */
START_TEST(address_outside_of_bounds)
{
	struct vr_sym *sym = open_module("lazy.bare", NULL, 1);
	uint64_t plain = symbol_of("lazy", "asm_plain", NULL);
	char want[64];

	snprintf(want, sizeof(want), "lazy.bare+0x%llx", (unsigned long long)plain);
	ck_assert_str_eq(resolve(sym, plain, 1).function, want);
	ck_assert_str_eq(resolve(sym, 0x7654321, 1).function, "lazy.bare+0x7654321");
	vr_sym_close(sym);
}
END_TEST

/* Bounds say how long it is, and that a label inside is no function; they also
 * make an exported name without a size worth believing. */
START_TEST(assembly_with_bounds)
{
	static const char *const name[] = {"lazy", "lib.so", "lib.so.bare"};
	uint64_t inner, end, start;

	for (int i = 0; i < 3; i++) {
		struct vr_sym *sym = open_module(name[i], NULL, 1);
		const char *full = i ? "lib.so" : "lazy";

		start = symbol_of(full, "asm_bounded", NULL);
		inner = symbol_of(full, "inner", NULL);
		end = inner + 5;
		check_named(sym, start, end, "asm_bounded");
		ck_assert_uint_gt(inner, start);
		ck_assert_str_ne(resolve(sym, end, 1).function, "asm_bounded");
		vr_sym_close(sym);
	}
}
END_TEST

/* Compares with the names objdump makes up for stubs; returns how many it has.
 *   hidden  name of the stub of picked(), NULL: the one objdump gives it */
static int check_stubs(const char *name, const char *hidden)
{
	unsigned long long start;
	char command[512], want[256];
	struct vr_sym *sym = open_module(name, NULL, 1);
	int count = 0, seen_hidden = 0;
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "cd %s && for s in .plt .plt.sec .plt.got; do objdump -d -j $s %s 2>/dev/null; "
		 "done | sed -nE 's/^([0-9a-f]+) <(.*@plt)>:$/\\1 \\2/p'",
		 directory, name);
	pipe = popen(command, "r");
	while (fscanf(pipe, "%llx %255s", &start, want) == 2) {
		int is_hidden = !strncmp(want, "*ABS*", 5);

		check_named(sym, start, start + 6, is_hidden && hidden ? hidden : want);
		seen_hidden += is_hidden;
		count++;
	}
	pclose(pipe);
	vr_sym_close(sym);
	ck_assert_int_eq(seen_hidden, 1);
	return count;
}

/* puts, strlen, atoi, rand, picked, __cxa_finalize */
START_TEST(stubs_are_named_by_the_function_they_call)
{
	ck_assert_int_eq(check_stubs("lazy", "picked@plt"), 6);
	ck_assert_int_eq(check_stubs("lazy.bare", NULL), 6);
	ck_assert_int_eq(check_stubs("now", "picked@plt"), 6);
	ck_assert_int_eq(check_stubs("now.bare", NULL), 6);
	ck_assert_int_eq(check_stubs("ibt.bare", NULL), 6);
	ck_assert_int_ge(check_stubs("fixed.bare", NULL), 5);
	ck_assert_int_ge(check_stubs("lib.so.bare", NULL), 6);
}
END_TEST

/* The first entry of .plt jumps into the linker, whatever function is called. */
START_TEST(entry_for_the_linker_is_no_stub)
{
	struct vr_sym *sym = open_module("lazy.bare", NULL, 1);
	unsigned long long plt = 0;
	char command[256], want[64];
	FILE *pipe;

	snprintf(command, sizeof(command),
		 "readelf -SW %s | sed -n 's/.* \\.plt  *PROGBITS *//p' | cut -d' ' -f1",
		 in_directory("lazy.bare"));
	pipe = popen(command, "r");
	ck_assert_int_eq(fscanf(pipe, "%llx", &plt), 1);
	pclose(pipe);
	snprintf(want, sizeof(want), "lazy.bare+0x%llx", plt);
	check_named(sym, plt, plt + 16, want);
	vr_sym_close(sym);
}
END_TEST

/* Overwrites a byte of .eh_frame, of a PLT or of relocations. */
static void damage(int fd, const uint64_t part[][2], size_t parts)
{
	size_t which = (size_t)rand() % parts;
	uint8_t byte = (uint8_t)(rand() % 3 ? rand() : rand() % 2 * 0xff);
	off_t at = (off_t)(part[which][0] + (uint64_t)rand() % part[which][1]);

	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
}

static size_t read_parts(uint64_t part[][2], size_t room)
{
	unsigned long long offset, size;
	char command[512];
	size_t parts = 0;
	FILE *pipe;

	/* Section headers too: their sizes and links are believed at first. */
	snprintf(command, sizeof(command),
		 "cd %s && readelf -SW lazy.bare | sed 's/^ *\\[ *//' | awk "
		 "'$2 ~ /^[.](eh_frame|rela[.].*|plt.*|dynsym|dynstr)$/ {print $5, $6}' && "
		 "readelf -h lazy.bare | awk '/Start of section/ {printf \"%%x 700\\n\", $5}'",
		 directory);
	pipe = popen(command, "r");
	while (parts < room && fscanf(pipe, "%llx %llx", &offset, &size) == 2) {
		part[parts][0] = offset;
		part[parts++][1] = size;
	}
	pclose(pipe);
	return parts;
}

/* Any answer will do, but an answer, and no read outside of the file. */
START_TEST(damaged_tables_are_survived)
{
	uint64_t lo = symbol_of("lazy", "one", NULL) & ~UINT64_C(0xfff), part[16][2];
	size_t parts = read_parts(part, 16);
	struct stat st;

	ck_assert_uint_ge(parts, 7);
	srand((unsigned int)_i);
	for (int round = 0; round < 24; round++) {
		struct vr_sym *sym;
		int fd;

		run("cp lazy.bare damaged");
		fd = open(in_directory("damaged"), O_RDWR);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fstat(fd, &st), 0);
		for (int i = 0; i < 1 + round; i++)
			damage(fd, part, parts);
		if (round % 6 == 5)
			ck_assert_int_eq(ftruncate(fd, rand() % st.st_size), 0);
		close(fd);
		sym = open_module("damaged", NULL, 1);
		for (uint64_t at = lo; at < lo + 0x400; at++)
			ck_assert_ptr_nonnull(resolve(sym, at, 1).function);
		vr_sym_close(sym);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, addresses_of_a_function_share_its_name);
	tcase_add_test(tests, exported_names_come_before_bounds);
	tcase_add_test(tests, address_outside_of_bounds);
	tcase_add_test(tests, assembly_with_bounds);
	tcase_add_test(tests, stubs_are_named_by_the_function_they_call);
	tcase_add_test(tests, entry_for_the_linker_is_no_stub);
	tcase_add_loop_test(tests, damaged_tables_are_survived, 0, 8);
}

int main(void)
{
	return objects_main("sym_stripped", build_fixtures, cases);
}
