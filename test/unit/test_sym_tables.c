/* The parts of symbols/ that need no object file: ranges, perf maps, kallsyms,
 * demangling, modules without a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "objects.h"
#include "symbols/sym_demangle.h"
#include "symbols/sym_kernel.h"
#include "symbols/sym_perfmap.h"
#include "symbols/sym_range.h"
#include "symbols/sym_text.h"

START_TEST(range_innermost_of_nested)
{
	struct vr_ranges ranges = {NULL, 0, 0};

	ck_assert_int_eq(vr_ranges_add(&ranges, 100, 200, 1), 0);
	ck_assert_int_eq(vr_ranges_add(&ranges, 120, 130, 2), 0);
	ck_assert_int_eq(vr_ranges_add(&ranges, 100, 110, 3), 0);
	ck_assert_int_eq(vr_ranges_add(&ranges, 300, 300, 4), 0);
	ck_assert_int_eq(vr_ranges_add(&ranges, 50, 40, 5), 0);
	vr_ranges_sort(&ranges);
	ck_assert_uint_eq(ranges.count, 3);
	ck_assert_uint_eq(vr_ranges_find(&ranges, 100)->what, 3);
	ck_assert_uint_eq(vr_ranges_find(&ranges, 109)->what, 3);
	ck_assert_uint_eq(vr_ranges_find(&ranges, 110)->what, 1);
	ck_assert_uint_eq(vr_ranges_find(&ranges, 129)->what, 2);
	ck_assert_uint_eq(vr_ranges_find(&ranges, 199)->what, 1);
	ck_assert_ptr_null(vr_ranges_find(&ranges, 99));
	ck_assert_ptr_null(vr_ranges_find(&ranges, 200));
	ck_assert_ptr_null(vr_ranges_find(&ranges, 300));
	/* Each ends where the next begins; of two with one start the shorter stays. */
	vr_ranges_cut(&ranges);
	ck_assert_uint_eq(vr_ranges_find(&ranges, 109)->what, 3);
	ck_assert_ptr_null(vr_ranges_find(&ranges, 110));
	ck_assert_uint_eq(vr_ranges_find(&ranges, 129)->what, 2);
	ck_assert_ptr_null(vr_ranges_find(&ranges, 130));
	vr_ranges_free(&ranges);
}
END_TEST

START_TEST(hex_numbers)
{
	const char *at = "0x1F g";
	uint64_t value = 0;

	ck_assert_int_eq(vr_text_hex(&at, &value), 0);
	ck_assert_uint_eq(value, 0x1f);
	ck_assert_str_eq(at, " g");
	at = "ffffffffffffffff";
	ck_assert_int_eq(vr_text_hex(&at, &value), 0);
	ck_assert_uint_eq(value, UINT64_MAX);
	at = "10000000000000000";
	ck_assert_int_lt(vr_text_hex(&at, &value), 0);
	at = "";
	ck_assert_int_lt(vr_text_hex(&at, &value), 0);
	at = "xyz";
	ck_assert_int_lt(vr_text_hex(&at, &value), 0);
}
END_TEST

/* Symbolic links and pipes in /tmp are not followed or waited for. */
START_TEST(text_only_regular_files)
{
	const char *path = write_file("regular", "abc");
	char link[300], pipe_path[300], *text;
	size_t length;

	ck_assert_int_eq(vr_text_read(path, 1 << 20, &text, &length), 0);
	ck_assert_uint_eq(length, 3);
	ck_assert_str_eq(text, "abc");
	free(text);
	snprintf(link, sizeof(link), "%s/link", directory);
	ck_assert_int_eq(symlink(path, link), 0);
	ck_assert_int_lt(vr_text_read(link, 1 << 20, &text, &length), 0);
	snprintf(pipe_path, sizeof(pipe_path), "%s/pipe", directory);
	ck_assert_int_eq(mkfifo(pipe_path, 0600), 0);
	ck_assert_int_lt(vr_text_read(pipe_path, 1 << 20, &text, &length), 0);
	ck_assert_int_lt(vr_text_read("/tmp", 1 << 20, &text, &length), 0);
}
END_TEST

static void parse(struct vr_perfmap *map, const char *text)
{
	memset(map, 0, sizeof(*map));
	ck_assert_int_eq(vr_perfmap_parse(map, strdup(text), strlen(text)), 0);
}

START_TEST(perfmap_later_lines_win)
{
	struct vr_perfmap map;

	parse(&map, "1000 100 first\n1040 20 inner\n1080 100 tail with blanks\r\n1040 8 again");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x1000), "first");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x103f), "first");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x1040), "again");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x1048), "inner");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x1060), "first");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x1080), "tail with blanks");
	ck_assert_str_eq(vr_perfmap_find(&map, 0x117f), "tail with blanks");
	ck_assert_ptr_null(vr_perfmap_find(&map, 0x1180));
	ck_assert_ptr_null(vr_perfmap_find(&map, 0xfff));
	vr_perfmap_free(&map);
}
END_TEST

START_TEST(perfmap_skips_nonsense)
{
	struct vr_perfmap map;

	parse(&map, "\n\n# text\nzz 10 a\n10\n10 \n10 10\n10 10 \n20 0 empty\n"
		    "123456789012345678 10 long\nfffffffffffffff0 ffffffffffffffff last\n"
		    "30 1 ok\n");
	ck_assert_uint_eq(map.ranges.count, 2);
	ck_assert_str_eq(vr_perfmap_find(&map, 0x30), "ok");
	ck_assert_str_eq(vr_perfmap_find(&map, 0xfffffffffffffff8), "last");
	ck_assert_ptr_null(vr_perfmap_find(&map, 0x10));
	ck_assert_ptr_null(vr_perfmap_find(&map, 0x20));
	vr_perfmap_free(&map);
	parse(&map, "");
	ck_assert_ptr_null(vr_perfmap_find(&map, 0));
	vr_perfmap_free(&map);
}
END_TEST

/* Random overlapping lines against the obvious rule: scan from the last line. */
START_TEST(perfmap_equals_model)
{
	enum { LINES = 40, SPACE = 256 };
	unsigned int lo[LINES], size[LINES];

	srand((unsigned int)_i);
	for (int round = 0; round < 50; round++) {
		char text[LINES * 32] = "", *end = text;
		struct vr_perfmap map;

		for (int i = 0; i < LINES; i++) {
			lo[i] = (unsigned int)rand() % SPACE;
			size[i] = (unsigned int)rand() % 60;
			end += sprintf(end, "%x %x f%d\n", lo[i], size[i], i);
		}
		parse(&map, text);
		for (unsigned int at = 0; at < SPACE + 64; at++) {
			char want[16] = "";
			const char *got = vr_perfmap_find(&map, at);

			for (int i = LINES; i-- > 0 && !want[0];) {
				if (at >= lo[i] && at < lo[i] + size[i])
					sprintf(want, "f%d", i);
			}
			ck_assert_str_eq(got ? got : "", want);
		}
		vr_perfmap_free(&map);
	}
}
END_TEST

/* Random bytes with the characters that matter: nothing to assert but that
 * every answer is terminated text inside of the file. */
START_TEST(perfmap_survives_noise)
{
	static const char alphabet[] = "0123456789abcdefx  \n\n\r\tZ\377";

	srand((unsigned int)_i);
	for (int round = 0; round < 200; round++) {
		size_t length = (size_t)rand() % 400;
		char *text = malloc(length + 1);
		struct vr_perfmap map;

		memset(&map, 0, sizeof(map));
		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[(size_t)rand() % sizeof(alphabet)]; /* and NULs */
		text[length] = '\0';
		ck_assert_int_eq(vr_perfmap_parse(&map, text, length), 0);
		for (int i = 0; i < 100; i++) {
			const char *name = vr_perfmap_find(&map, (uint64_t)(rand() % 4096));

			ck_assert(!name || name >= text);
			ck_assert(!name || name + strlen(name) <= text + length);
		}
		vr_perfmap_free(&map);
	}
}
END_TEST

START_TEST(kernel_names_by_low_bits)
{
	struct vr_kernel kernel;
	const char *path = write_file("kallsyms", "ffffffff81000000 T _text\n"
						  "ffffffff81000000 T startup_64\n"
						  "ffffffff81000100 t do_work\n"
						  "ffffffff81000180 d not_code\n"
						  "ffffffff81000200 W weak_one\n"
						  "ffffffffc0001000 t in_module\t[ext4]\n"
						  "garbage\nffffffff81000300 T\n");

	memset(&kernel, 0, sizeof(kernel));
	ck_assert_int_eq(vr_kernel_load(&kernel, path), 0);
	ck_assert_str_eq(vr_kernel_find(&kernel, 0xffffffff81000000 & VR_KERNEL_MASK), "_text");
	ck_assert_str_eq(vr_kernel_find(&kernel, 0xffffffff810000ff), "_text");
	ck_assert_str_eq(vr_kernel_find(&kernel, 0xffffffff810001ff & VR_KERNEL_MASK), "do_work");
	ck_assert_str_eq(vr_kernel_find(&kernel, 0xffffffff81000200), "weak_one");
	ck_assert_str_eq(vr_kernel_find(&kernel, 0xffffffffc0001004), "in_module");
	ck_assert_ptr_null(vr_kernel_find(&kernel, 0xffffffff80ffffff));
	ck_assert_ptr_null(vr_kernel_find(&kernel, 0xffffffff90000000));
	vr_kernel_free(&kernel);
}
END_TEST

/* kptr_restrict: the file is there, the addresses are not. */
START_TEST(kernel_zero_addresses_name_nothing)
{
	struct vr_kernel kernel;
	const char *path = write_file("kallsyms0", "0000000000000000 T _text\n"
						   "0000000000000000 T schedule\n");

	memset(&kernel, 0, sizeof(kernel));
	ck_assert_int_eq(vr_kernel_load(&kernel, path), 0);
	ck_assert_ptr_null(vr_kernel_find(&kernel, 0));
	ck_assert_ptr_null(vr_kernel_find(&kernel, 0x10));
	vr_kernel_free(&kernel);
}
END_TEST

static const struct {
	const char *linkage, *readable;
} names[] = {
    {"main", "main"},
    {"", ""},
    {"_Z", "_Z"},
    {"_R", "_R"},
    {"_ZN3foo3barEi", "foo::bar(int)"},
    {"_ZNSt6vectorIiSaIiEE9push_backERKi",
     "std::vector<int, std::allocator<int> >::push_back(int const&)"},
    {"_ZN3FooC4Ev", "Foo::Foo()"},
    {"_Z3fooi.cold", "foo(int) [clone .cold]"},
    {"_ZN4core3ptr13drop_in_place17h0123456789abcdefE", "core::ptr::drop_in_place"},
    {"_ZN4core3ptr13drop_in_place17h0123456789abcdefE.llvm.123", "core::ptr::drop_in_place"},
    {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
    {"_RNvMs_NtCs1234_7mycrate3fooINtB4_3BarlE3baz", NULL},
    {"malloc.constprop.0", "malloc.constprop.0"},
};

START_TEST(demangles)
{
	struct vr_names memo;
	const char *first;

	memset(&memo, 0, sizeof(memo));
	first = vr_names_demangle(&memo, names[_i].linkage);
	if (names[_i].readable)
		ck_assert_str_eq(first, names[_i].readable);
	ck_assert_ptr_eq(vr_names_demangle(&memo, names[_i].linkage), first);
	vr_names_free(&memo);
}
END_TEST

START_TEST(names_are_kept_once)
{
	struct vr_names memo;
	const char *kept[3000];
	char text[32];

	memset(&memo, 0, sizeof(memo));
	for (int i = 0; i < 3000; i++) {
		sprintf(text, "name%d", i);
		kept[i] = vr_names_keep(&memo, text);
	}
	for (int i = 0; i < 3000; i++) {
		sprintf(text, "name%d", i);
		ck_assert_str_eq(kept[i], text);
		ck_assert_ptr_eq(vr_names_keep(&memo, text), kept[i]);
	}
	vr_names_free(&memo);
}
END_TEST

/* Writes the back reference to substitution number n. */
static char *substitution(char *out, int n)
{
	static const char digit[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	*out++ = 'S';
	if (n >= 37)
		*out++ = digit[(n - 1) / 36];
	if (n >= 1)
		*out++ = digit[(n - 1) % 36];
	*out++ = '_';
	return out;
}

/* 40 types, each made of the previous one twice: 2^40 words.  Check's timeout
 * is the assertion. */
START_TEST(exploding_name_is_left_alone)
{
	char linkage[1000] = "_Z1f1AIiiE", *end = linkage + strlen(linkage);
	struct vr_names memo;

	for (int i = 0; i < 40; i++) {
		end = stpcpy(end, "1AI");
		end = substitution(end, 2 * i + 1);
		end = substitution(end, 2 * i + 1);
		*end++ = 'E';
	}
	*end = '\0';
	memset(&memo, 0, sizeof(memo));
	ck_assert_str_eq(vr_names_demangle(&memo, linkage), linkage);
	linkage[strlen("_Z1f1AIiiE1AIS0_S0_E")] = '\0';
	ck_assert_str_ne(vr_names_demangle(&memo, linkage), linkage);
	vr_names_free(&memo);
}
END_TEST

START_TEST(demangler_survives_noise)
{
	static const char alphabet[] = "_ZNSIERTBP0123456789abKLCsvijhF.X";

	srand((unsigned int)_i);
	for (int round = 0; round < 2000; round++) {
		char text[128];
		size_t length;

		strcpy(text, names[4 + rand() % 8].linkage);
		length = strlen(text);
		for (int i = rand() % 6; i > 0; i--)
			text[2 + (size_t)rand() % (length - 2)] =
			    alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
		free(vr_demangle(text));
	}
}
END_TEST

START_TEST(unknown_addresses_use_the_perf_map)
{
	struct vr_sym *sym = vr_sym_open((uint32_t)getpid(), 0, 1);
	struct vr_frames frames;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/tmp/perf-%d.map", getpid());
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs("7f0000001000 40 jit::hot [O2]\n", file);
	fclose(file);
	frames = vr_sym_resolve(sym, VR_SYM_UNKNOWN, 0x7f0000001000, 1);
	unlink(path);
	ck_assert_uint_eq(frames.count, 1);
	ck_assert_str_eq(frames.frame[0].function, "jit::hot [O2]");
	ck_assert_str_eq(frames.frame[0].module, "[jit]");
	ck_assert_str_eq(frames.frame[0].file, "");
	ck_assert_str_eq(frames.frame[0].linkage, "");
	/* A return address behind the last byte is still a call from inside. */
	frames = vr_sym_resolve(sym, VR_SYM_UNKNOWN, 0x7f0000001040, 0);
	ck_assert_str_eq(frames.frame[0].function, "jit::hot [O2]");
	frames = vr_sym_resolve(sym, VR_SYM_UNKNOWN, 0x7f0000001040, 1);
	ck_assert_str_eq(frames.frame[0].function, "0x7f0000001040");
	ck_assert_str_eq(frames.frame[0].module, "[jit]");
	vr_sym_close(sym);
}
END_TEST

START_TEST(kernel_of_another_boot_is_not_named)
{
	struct vr_sym *sym = vr_sym_open(1, 0, 1);
	struct vr_frames frames = vr_sym_resolve(sym, VR_SYM_KERNEL, 0x7fff81000000, 1);

	ck_assert_uint_eq(frames.count, 1);
	ck_assert_str_eq(frames.frame[0].function, "[kernel]");
	ck_assert_str_eq(frames.frame[0].module, "[kernel]");
	ck_assert_uint_eq(frames.frame[0].offset, 0x7fff81000000);
	vr_sym_close(sym);
}
END_TEST

START_TEST(vdso_has_a_name)
{
	static const char *const path[] = {"linux-vdso.so.1", "", "[vdso]"};
	struct vr_sym *sym = vr_sym_open(1, 0, 1);

	for (uint32_t i = 0; i < 3; i++) {
		struct vr_sym_module module = {.path = path[i], .bias = 0x555555554000u};
		struct vr_frames frames;

		ck_assert_int_eq(vr_sym_add_module(sym, 7 - i, &module), 0);
		frames = vr_sym_resolve(sym, 7 - i, 0x555555554000u + 0x800, 0);
		ck_assert_uint_eq(frames.count, 1);
		ck_assert_str_eq(frames.frame[0].function, "[vdso]");
		ck_assert_str_eq(frames.frame[0].module, "[vdso]");
		ck_assert_uint_eq(frames.frame[0].offset, 0x800);
	}
	vr_sym_close(sym);
}
END_TEST

START_TEST(unregistered_module)
{
	struct vr_sym *sym = vr_sym_open(1, 0, 1);
	struct vr_frames frames = vr_sym_resolve(sym, 12345, 0xabc, 1);

	ck_assert_uint_eq(frames.count, 1);
	ck_assert_str_eq(frames.frame[0].function, "0xabc");
	ck_assert_str_eq(frames.frame[0].module, "");
	ck_assert_int_eq((int)vr_sym_module_state(sym, 12345), VR_SYM_NOT_TRIED);
	vr_sym_close(sym);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, range_innermost_of_nested);
	tcase_add_test(tests, hex_numbers);
	tcase_add_test(tests, text_only_regular_files);
	tcase_add_test(tests, perfmap_later_lines_win);
	tcase_add_test(tests, perfmap_skips_nonsense);
	tcase_add_loop_test(tests, perfmap_equals_model, 0, 5);
	tcase_add_loop_test(tests, perfmap_survives_noise, 0, 5);
	tcase_add_test(tests, kernel_names_by_low_bits);
	tcase_add_test(tests, kernel_zero_addresses_name_nothing);
	tcase_add_loop_test(tests, demangles, 0, (int)(sizeof(names) / sizeof(names[0])));
	tcase_add_test(tests, names_are_kept_once);
	tcase_add_test(tests, exploding_name_is_left_alone);
	tcase_add_loop_test(tests, demangler_survives_noise, 0, 5);
	tcase_add_test(tests, unknown_addresses_use_the_perf_map);
	tcase_add_test(tests, kernel_of_another_boot_is_not_named);
	tcase_add_test(tests, vdso_has_a_name);
	tcase_add_test(tests, unregistered_module);
}

int main(void)
{
	return objects_main("sym_tables", NULL, cases);
}
