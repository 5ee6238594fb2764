/* Addresses of small programs, compiled here, against addr2line: with inlined
 * calls, stripped, rebuilt, with separate debug files, damaged. */
#include <fcntl.h>
#include <gelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"

/* External functions that are always inlined: addr2line prints the linkage
 * name of these, and confuses static ones with their caller. */
static const char chain_source[] =
    "#include <stdlib.h>\n"
    "#define INLINED __attribute__((always_inline)) inline\n"
    "namespace deep {\n"
    "INLINED int three(int x, volatile int *p) {\n"
    "	*p += x;\n"
    "	return *p * 3;\n}\n"
    "INLINED int two(int x, volatile int *p) {\n"
    "	int y = three(x + 1, p);\n"
    "	return y + three(x + 2, p);\n}\n"
    "__attribute__((noinline)) int outer(int x, volatile int *p) {\n"
    "	for (int i = 0; i < 10; i++)\n"
    "		x += two(i, p);\n"
    "	return x;\n}\n}\n"
    "__attribute__((noinline)) static int hidden(int x) { return rand() + x; }\n"
    "extern \"C\" __attribute__((noinline, noreturn)) void last_call(void) { abort(); }\n"
    "extern \"C\" int asm_label(void);\n"
    "int main(int argc, char **) {\n"
    "	volatile int v = argc;\n"
    "	if (argc > 5)\n"
    "		last_call();\n"
    "	return deep::outer(argc, &v) + hidden(argc) + asm_label();\n}\n";

/* No .type, no .size: as old hand-written assembly has it. */
static const char asm_source[] = "	.text\n	.globl asm_label\nasm_label:\n"
				 "	xorl %eax, %eax\n	nop\n	ret\n"
				 "	.globl asm_next\nasm_next:\n	ret\n"
				 "	.section .note.GNU-stack,\"\",@progbits\n";

static const char scopes_source[] =
    "namespace ns { namespace {\n"
    "struct Local { volatile int v; int get() { return v * v; } };\n"
    "template <typename F> inline int twice(F f) { return f(1) + f(2); }\n"
    "} }\n"
    "int main(int argc, char **) {\n"
    "	ns::Local local{argc};\n"
    "	volatile int v = argc;\n"
    "	return ns::twice([&](int x) { return v / x + local.get(); });\n}\n";

static void build_fixtures(void)
{
	write_file("scopes.cpp", scopes_source);
	run("g++ -g -O2 -Wl,--build-id=sha1 -o scopes scopes.cpp");
	write_file("chain.cpp", chain_source);
	write_file("label.s", asm_source);
	run("as -o label.o label.s && g++ -g -O2 -c chain.cpp");
	run("g++ -Wl,--build-id=sha1 -o chain chain.o label.o");
	run("g++ -Wl,--build-id=none -o plain chain.o label.o");
	run("g++ -g -O2 -no-pie -Wl,--build-id=sha1 -o fixed chain.cpp label.o");
	run("g++ -g -O1 -Wl,--build-id=sha1 -o rebuilt chain.cpp label.o");
	run("cp chain stripped && strip -s stripped");
	run("g++ -g -O2 -fPIC -shared -Wl,--build-id=sha1 -o lib.so chain.cpp label.o");
	run("cp lib.so bare.so && strip -s bare.so");
	run("objcopy --only-keep-debug chain linked.debug && cp chain linked && "
	    "strip -s linked && objcopy --add-gnu-debuglink=linked.debug linked");
}

static struct vr_frame resolve_one(struct vr_sym *sym, uint64_t offset)
{
	struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + offset, 1);

	ck_assert_uint_ge(frames.count, 1);
	return frames.frame[frames.count - 1];
}

static void check_chain(const char *name)
{
	struct vr_sym *sym = open_module(name, name, 1);
	uint64_t size, outer = symbol_of(name, "outer", &size);

	ck_assert_uint_eq(compare_with_addr2line(sym, name, outer, outer + size), 3);
	ck_assert_int_eq(vr_sym_module_state(sym, 0), VR_SYM_OK);
	vr_sym_close(sym);
}

START_TEST(inline_chain_equals_addr2line)
{
	check_chain("chain");
	check_chain("fixed");
	check_chain("lib.so");
	check_chain("rebuilt");
}
END_TEST

START_TEST(names_are_readable)
{
	struct vr_sym *sym = open_module("chain", "chain", 1);
	uint64_t outer = symbol_of("chain", "outer", NULL);
	struct vr_frame frame = resolve_one(sym, outer);

	ck_assert_str_eq(frame.function, "deep::outer(int, int volatile*)");
	ck_assert_str_eq(frame.linkage, "_ZN4deep5outerEiPVi");
	ck_assert_str_eq(frame.file, in_directory("chain.cpp"));
	ck_assert_str_eq(frame.module, in_directory("chain"));
	ck_assert_uint_eq(frame.offset, outer);
	frame = resolve_one(sym, symbol_of("chain", "main", NULL));
	ck_assert_str_eq(frame.function, "main");
	vr_sym_close(sym);
}
END_TEST

/* What has no linkage name is called by the scopes it is declared in. */
START_TEST(scopes_are_named)
{
	static const char *const want[] = {"main::{lambda:",
					   "ns::(anonymous namespace)::Local::get",
					   "ns::(anonymous namespace)::twice<main"};
	struct vr_sym *sym = open_module("scopes", "scopes", 1);
	uint64_t size, start = symbol_of("scopes", "main", &size);
	unsigned seen = 0;

	for (uint64_t at = start; at < start + size; at++) {
		struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + at, 1);

		for (size_t i = 0; i < frames.count; i++)
			for (unsigned k = 0; k < 3; k++)
				if (strncmp(frames.frame[i].function, want[k], strlen(want[k])) ==
				    0)
					seen |= 1u << k;
	}
	ck_assert_uint_eq(seen, 7);
	vr_sym_close(sym);
}
END_TEST

START_TEST(without_inlines_one_frame)
{
	struct vr_sym *sym = open_module("chain", "chain", 0);
	uint64_t size, outer = symbol_of("chain", "outer", &size);

	for (uint64_t at = outer; at < outer + size; at++) {
		struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + at, 1);

		ck_assert_uint_eq(frames.count, 1);
		ck_assert_str_eq(frames.frame[0].function, "deep::outer(int, int volatile*)");
		ck_assert_int_eq(frames.frame[0].inlined, 0);
	}
	vr_sym_close(sym);
}
END_TEST

/* The return address of a call that does not return belongs to whatever
 * follows; the caller is found one byte earlier. */
START_TEST(return_address_belongs_to_the_call)
{
	struct vr_sym *sym = open_module("chain", "chain", 1);
	uint64_t size, start = symbol_of("chain", "last_call", &size);
	struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + start + size, 0);

	ck_assert_str_eq(frames.frame[frames.count - 1].function, "last_call");
	ck_assert_uint_eq(frames.frame[0].offset, start + size);
	frames = vr_sym_resolve(sym, 0, BIAS + start + size, 1);
	ck_assert_str_ne(frames.frame[frames.count - 1].function, "last_call");
	vr_sym_close(sym);
}
END_TEST

START_TEST(cached_answers_are_the_same_object)
{
	struct vr_sym *sym = open_module("chain", "chain", 1);
	uint64_t outer = symbol_of("chain", "outer", NULL);
	const struct vr_frame *first = vr_sym_resolve(sym, 0, BIAS + outer, 1).frame;

	for (uint64_t at = 0; at < 20000; at++) {
		struct vr_frames frames = vr_sym_resolve(sym, 0, BIAS + 0x100000 + at, 1);

		ck_assert_uint_eq(frames.count, 1);
		ck_assert_uint_eq(frames.frame[0].offset, 0x100000 + at);
	}
	ck_assert_ptr_eq(vr_sym_resolve(sym, 0, BIAS + outer, 1).frame, first);
	vr_sym_close(sym);
}
END_TEST

/* Expects "file+0xoffset" for the start of outer(). */
static void check_not_named(struct vr_sym *sym, const char *name, uint64_t offset,
			    enum vr_sym_state state)
{
	struct vr_frame frame = resolve_one(sym, offset);
	char want[128];

	snprintf(want, sizeof(want), "%s+0x%llx", name, (unsigned long long)offset);
	ck_assert_str_eq(frame.function, want);
	ck_assert_str_eq(frame.file, "");
	ck_assert_int_eq(frame.line, 0);
	ck_assert_int_eq(vr_sym_module_state(sym, 0), (int)state);
	vr_sym_close(sym);
}

START_TEST(rebuilt_binary_is_not_used)
{
	check_not_named(open_module("rebuilt", "chain", 1), "rebuilt",
			symbol_of("rebuilt", "outer", NULL), VR_SYM_REPLACED);
	/* A build-id was recorded, and the file has none any more. */
	check_not_named(open_module("plain", "chain", 1), "plain",
			symbol_of("plain", "outer", NULL), VR_SYM_REPLACED);
}
END_TEST

START_TEST(missing_file) /* or a directory in its place */
{
	check_not_named(open_module("gone.so", NULL, 1), "gone.so", 0x1234, VR_SYM_MISSING);
	check_not_named(open_module(".", NULL, 1), ".", 0x1234, VR_SYM_MISSING);
}
END_TEST

static enum vr_sym_state state_by_stat(uint64_t bytes, uint64_t mtime_ns)
{
	struct vr_sym *sym = vr_sym_open(1, 0, 1);
	struct vr_sym_module module = {
	    .path = in_directory("plain"), .bias = BIAS, .file_bytes = bytes, .mtime_ns = mtime_ns};
	enum vr_sym_state state;

	ck_assert_int_eq(vr_sym_add_module(sym, 0, &module), 0);
	vr_sym_resolve(sym, 0, BIAS + 0x1234, 1);
	state = vr_sym_module_state(sym, 0);
	vr_sym_close(sym);
	return state;
}

START_TEST(without_build_id_size_and_time_decide)
{
	struct stat st;
	uint64_t bytes, mtime_ns;

	ck_assert_int_eq(stat(in_directory("plain"), &st), 0);
	bytes = (uint64_t)st.st_size;
	mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u + (uint64_t)st.st_mtim.tv_nsec;
	ck_assert_int_eq(state_by_stat(bytes, mtime_ns), VR_SYM_OK);
	ck_assert_int_eq(state_by_stat(0, 0), VR_SYM_OK);
	ck_assert_int_eq(state_by_stat(bytes + 1, mtime_ns), VR_SYM_REPLACED);
	ck_assert_int_eq(state_by_stat(bytes, mtime_ns + 1), VR_SYM_REPLACED);
}
END_TEST

START_TEST(stripped_keeps_exported_names)
{
	uint64_t size, outer = symbol_of("lib.so", "outer", &size);
	struct vr_sym *sym = open_module("bare.so", "lib.so", 1);
	struct vr_frame frame = resolve_one(sym, outer + size - 1);

	ck_assert_str_eq(frame.function, "deep::outer(int, int volatile*)");
	ck_assert_str_eq(frame.linkage, "_ZN4deep5outerEiPVi");
	ck_assert_int_eq(frame.line, 0);
	vr_sym_close(sym);
	/* The nearest exported name would be wrong, or without a size a guess. */
	for (int i = 0; i < 2; i++)
		check_not_named(open_module("bare.so", "lib.so", 1), "bare.so",
				symbol_of("lib.so", i ? "hidden" : "asm_label", NULL),
				VR_SYM_STRIPPED);
	check_not_named(open_module("stripped", "chain", 1), "stripped",
			symbol_of("chain", "outer", NULL), VR_SYM_STRIPPED);
}
END_TEST

START_TEST(assembly_without_sizes)
{
	struct vr_sym *sym = open_module("chain", "chain", 1);
	uint64_t label = symbol_of("chain", "asm_label", NULL);

	ck_assert_str_eq(resolve_one(sym, label).function, "asm_label");
	ck_assert_str_eq(resolve_one(sym, label + 3).function, "asm_label");
	ck_assert_str_eq(resolve_one(sym, label + 4).function, "asm_next");
	ck_assert_str_eq(resolve_one(sym, label + 4).linkage, "");
	vr_sym_close(sym);
}
END_TEST

static void check_separate(struct vr_sym *sym)
{
	uint64_t size, outer = symbol_of("chain", "outer", &size);

	ck_assert_uint_eq(compare_with_addr2line(sym, "chain", outer, outer + size), 3);
	ck_assert_int_eq(vr_sym_module_state(sym, 0), VR_SYM_OK);
	vr_sym_close(sym);
}

/* The debug file of the recorded build serves whatever lies at the path. */
START_TEST(separate_debug_files)
{
	static const char *const path[] = {"stripped", "rebuilt", "gone"};
	char text[129] = "";
	uint8_t id[64];
	size_t length = read_build_id("chain", id);

	check_separate(open_module("linked", "chain", 1)); /* .gnu_debuglink */
	for (size_t i = 0; i < length; i++)
		sprintf(text + 2 * i, "%02x", id[i]);
	run("mkdir -p debug/.build-id/%.2s && cp linked.debug debug/.build-id/%.2s/%s.debug", text,
	    text, text + 2);
	for (size_t i = 0; i < 3; i++) {
		struct vr_sym *sym = open_module(path[i], "chain", 1);

		ck_assert_int_eq(vr_sym_debug_path(sym, in_directory("debug")), 0);
		check_separate(sym);
		/* libdwfl 0.188 closes it where a module has no file. */
		ck_assert_int_ge(fcntl(STDIN_FILENO, F_GETFD), 0);
	}
	/* Somebody else's file under the right name is not believed. */
	run("objcopy --only-keep-debug rebuilt debug/.build-id/%.2s/%s.debug", text, text + 2);
	for (size_t i = 1; i < 3; i++) {
		struct vr_sym *sym = open_module(path[i], "chain", 1);

		ck_assert_int_eq(vr_sym_debug_path(sym, in_directory("debug")), 0);
		check_not_named(sym, path[i], symbol_of("chain", "outer", NULL),
				i == 1 ? VR_SYM_REPLACED : VR_SYM_MISSING);
	}
}
END_TEST

/* Files cut off or with a few wrong bytes: any answer will do, but an answer. */
START_TEST(damaged_objects_are_survived)
{
	uint64_t outer = symbol_of("plain", "outer", NULL);

	srand((unsigned int)_i);
	for (int round = 0; round < 8; round++) {
		struct vr_sym *sym;
		struct stat st;
		int fd;

		run("cp plain damaged");
		fd = open(in_directory("damaged"), O_RDWR);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(fstat(fd, &st), 0);
		if (round == 0)
			ck_assert_int_eq(ftruncate(fd, rand() % st.st_size), 0);
		for (int i = 0; i < 40 && round; i++) {
			uint8_t byte = (uint8_t)rand();

			ck_assert_int_eq(pwrite(fd, &byte, 1, 64 + rand() % (st.st_size - 64)), 1);
		}
		close(fd);
		sym = open_module("damaged", NULL, 1);
		for (uint64_t at = outer; at < outer + 64; at++)
			ck_assert_ptr_nonnull(resolve_one(sym, at).function);
		vr_sym_close(sym);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, inline_chain_equals_addr2line);
	tcase_add_test(tests, names_are_readable);
	tcase_add_test(tests, scopes_are_named);
	tcase_add_test(tests, without_inlines_one_frame);
	tcase_add_test(tests, return_address_belongs_to_the_call);
	tcase_add_test(tests, cached_answers_are_the_same_object);
	tcase_add_test(tests, rebuilt_binary_is_not_used);
	tcase_add_test(tests, missing_file);
	tcase_add_test(tests, without_build_id_size_and_time_decide);
	tcase_add_test(tests, stripped_keeps_exported_names);
	tcase_add_test(tests, assembly_without_sizes);
	tcase_add_test(tests, separate_debug_files);
	tcase_add_loop_test(tests, damaged_objects_are_survived, 0, 6);
}

int main(void)
{
	return objects_main("sym", build_fixtures, cases);
}
