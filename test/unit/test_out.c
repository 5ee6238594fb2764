/* Tables, CSV, units and tree lines. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_main.h"
#include "cli/columns.h"
#include "cli/units.h"
#include "output/out.h"

#define ELLIPSIS "\xe2\x80\xa6"

static const struct vr_column columns[] = {
    {"ncalls", "ncalls", VR_COUNT, 0, 0},
    {"total_ns", "total", VR_NS, 0, 0},
    {"file", "file", VR_TEXT, 1, 0},
    {"function", "function", VR_TEXT, 2, 0},
};

static struct vr_table *sample_table(void)
{
	struct vr_table *table = vr_table_new(columns, 4);
	char file[] = "/usr/include/bits/vector.h:12", function[] = "push_back(int const&)";
	struct vr_cell row[] = {{.u = 1234567}, {.u = 56700000}, {.s = file}, {.s = function}};
	struct vr_cell second[] = {{.null = 1}, {.u = 9}, {.s = "a.c:1"}, {.null = 1}};
	struct vr_cell third[] = {{.u = 0}, {.u = 1000}, {.s = "b.c"}, {.s = ""}};

	vr_table_row(table, row);
	file[1] = function[0] = 'X'; /* the table has its own copy */
	vr_table_row(table, second);
	vr_table_row(table, third);
	return table;
}

/* Prints to memory; the caller frees. */
static char *printed(const struct vr_table *table, int width, int csv)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	if (csv)
		vr_table_csv(table, out);
	else
		vr_table_print(table, out, width);
	fclose(out);
	return text;
}

static void expect_table(const struct vr_table *table, int width, const char *want)
{
	char *text = printed(table, width, 0);

	ck_assert_str_eq(text, want);
	free(text);
}

static void use_utf8(void)
{
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

START_TEST(table_is_aligned)
{
	struct vr_table *table = sample_table();

	ck_assert_uint_eq(vr_table_rows(table), 3);
	expect_table(table, 0,
		     "   ncalls    total  file                           function\n"
		     "1,234,567  56.7 ms  /usr/include/bits/vector.h:12  push_back(int const&)\n"
		     "        -     9 ns  a.c:1                          -\n"
		     "        0   1.0 us  b.c\n");
	expect_table(table, 1000,
		     "   ncalls    total  file                           function\n"
		     "1,234,567  56.7 ms  /usr/include/bits/vector.h:12  push_back(int const&)\n"
		     "        -     9 ns  a.c:1                          -\n"
		     "        0   1.0 us  b.c\n");
	vr_table_free(table);
}
END_TEST

START_TEST(table_shrinks_to_the_terminal)
{
	struct vr_table *table = sample_table();

	use_utf8();
	expect_table(table, 60,
		     "   ncalls    total  file                 function\n"
		     "1,234,567  56.7 ms  " ELLIPSIS
		     "e/bits/vector.h:12  push_back(int cons" ELLIPSIS "\n"
		     "        -     9 ns  a.c:1                -\n"
		     "        0   1.0 us  b.c\n");
	vr_table_free(table);
}
END_TEST

static void longest_line(const char *text, int *longest)
{
	*longest = 0;
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length);
		int width = vr_text_width(line);

		if (width > *longest)
			*longest = width;
		ck_assert(!length || line[length - 1] != ' ');
		free(line);
		text += length + (text[length] == '\n');
	}
}

/* Whatever the width: no line is wider where that is possible at all, none
 * ends in a blank. */
START_TEST(no_line_is_too_wide)
{
	struct vr_table *table = sample_table();
	const int least = 9 + 2 + 7 + 2 + 12 + 2 + 12; /* elastic columns stop at 12 */
	int longest;

	if (_i)
		use_utf8();
	for (int width = 1; width < 90; width++) {
		char *text = printed(table, width, 0);

		longest_line(text, &longest);
		ck_assert_int_le(longest, width > least ? width : least);
		free(text);
	}
	vr_table_free(table);
}
END_TEST

START_TEST(shortening_keeps_the_asked_end)
{
	static const struct {
		const char *text, *want;
		int width, keep_end, utf8;
	} cases[] = {
	    {"abcdefghij", "abcdefghij", 10, 0, 1},
	    {"abcdefghij", "abcd" ELLIPSIS, 5, 0, 1},
	    {"abcdefghij", ELLIPSIS "ghij", 5, 1, 1},
	    {"abcdefghij", "ab...", 5, 0, 0},
	    {"abcdefghij", "...ij", 5, 1, 0},
	    {"abcdefghij", "abc", 3, 0, 0},
	    {"abcdefghij", "j", 1, 1, 1},
	    {"abcdefghij", "", 0, 1, 1},
	    /* Two columns a character: one column stays empty. */
	    {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "\xe6\x97\xa5" ELLIPSIS, 4, 0, 1},
	    {"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", "\xc3\xa9\xc3\xa9" ELLIPSIS, 3, 0, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = vr_text_clean(cases[i].text);

		ck_assert_ptr_nonnull(setlocale(LC_CTYPE, cases[i].utf8 ? "C.UTF-8" : "C"));
		ck_assert_int_le(vr_text_shorten(text, cases[i].width, cases[i].keep_end),
				 cases[i].width);
		ck_assert_str_eq(text, cases[i].want);
		free(text);
	}
}
END_TEST

static const struct {
	const char *raw, *clean;
	int width;
} hostile[] = {
    {"plain \\ text", "plain \\ text", 12},
    {"\033[31mred", "\\x1b[31mred", 11},
    {"a\nb\tc\rd", "a\\nb\\tc\\rd", 10},
    {"\x7f", "\\x7f", 4},
    {"\xc2\x9b"
     "31m",
     "\\xc2\\x9b31m", 11}, /* C1 control: CSI in one character */
    {"\xe2\x80\xae"
     "evil",
     "\\xe2\\x80\\xaeevil", 16}, /* right-to-left override */
    {"\xff\xfe", "\\xff\\xfe", 8},
    {"\xc0\xaf", "\\xc0\\xaf", 8},	     /* overlong */
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", 12}, /* surrogate */
    {"\xe6\x97", "\\xe6\\x97", 8},	     /* cut off */
    {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80", 16},
    {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9", 3},
    {"\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac", 4},
    {"e\xcc\x81", "e\xcc\x81", 1}, /* combining accent */
    {"", "", 0},
};

START_TEST(hostile_text_is_escaped)
{
	char *text = vr_text_clean(hostile[_i].raw);

	ck_assert_str_eq(text, hostile[_i].clean);
	ck_assert_int_eq(vr_text_width(text), hostile[_i].width);
	free(text);
}
END_TEST

START_TEST(noise_never_reaches_the_terminal)
{
	srand((unsigned int)_i);
	for (int round = 0; round < 500; round++) {
		char raw[65];
		char *text;

		for (int i = 0; i < 64; i++)
			raw[i] = (char)(rand() % 255 + 1);
		raw[64] = '\0';
		text = vr_text_clean(raw);
		for (const char *p = text; *p; p++)
			ck_assert((unsigned char)*p >= 0x20 && *p != 0x7f);
		vr_text_shorten(text, rand() % 80, rand() % 2);
		free(text);
	}
}
END_TEST

START_TEST(csv_is_rfc_4180)
{
	static const struct vr_column all[] = {
	    {"text", "t", VR_TEXT, 0, 0},	{"bytes", "b", VR_BYTES, 0, 0},
	    {"delta", "d", VR_SBYTES, 0, 0},	{"ns", "n", VR_NS, 0, 0},
	    {"seconds", "s", VR_SECONDS, 0, 0}, {"percent", "p", VR_PERCENT, 0, 0},
	    {"number", "f", VR_NUMBER, 0, 0},	{"address", "a", VR_ADDRESS, 0, 0},
	};
	struct vr_table *table = vr_table_new(all, 8);
	struct vr_cell row[] = {{.s = "say \"hi\", you\nthere"},
				{.u = UINT64_MAX},
				{.i = -5000},
				{.u = 1500},
				{.u = 1234567890},
				{.f = 12.345},
				{.f = 0.1},
				{.u = 255}};
	struct vr_cell null[8] = {{.null = 1}, {.null = 1}, {.null = 1},     {.null = 1},
				  {.null = 1}, {.f = NAN},  {.f = INFINITY}, {.u = 0}};
	char *text;

	vr_table_row(table, row);
	vr_table_row(table, null);
	text = printed(table, 0, 1);
	ck_assert_str_eq(text, "text,bytes,delta,ns,seconds,percent,number,address\r\n"
			       "\"say \"\"hi\"\", you\\nthere\",18446744073709551615,-5000,1500,"
			       "1234567890,12.345,0.1,0xff\r\n"
			       ",,,,,,,0x0\r\n");
	free(text);
	expect_table(table, 0,
		     "t                            b         d       n      s     p    f     a\n"
		     "say \"hi\", you\\nthere  16.0 EiB  -4.9 KiB  1.5 us  1.235  12.3  0.1  0xff\n"
		     "-                            -         -       -      -     -    -   0x0\n");
	vr_table_free(table);
}
END_TEST

START_TEST(empty_table)
{
	struct vr_table *table = vr_table_new(columns, 4);

	expect_table(table, 80, "ncalls  total  file  function\n");
	ck_assert_uint_eq(vr_table_rows(table), 0);
	vr_table_free(table);
	vr_table_free(NULL);
}
END_TEST

START_TEST(bytes_have_units)
{
	char buf[VR_UNIT_MAX];

	ck_assert_str_eq(vr_format_bytes(buf, 0), "0 B");
	ck_assert_str_eq(vr_format_bytes(buf, 1023), "1023 B");
	ck_assert_str_eq(vr_format_bytes(buf, 1024), "1.0 KiB");
	ck_assert_str_eq(vr_format_bytes(buf, 1300000), "1.2 MiB");
	ck_assert_str_eq(vr_format_bytes(buf, 1048575), "1.0 MiB");
	ck_assert_str_eq(vr_format_bytes(buf, 1023 * 1024), "1023.0 KiB");
	ck_assert_str_eq(vr_format_bytes(buf, UINT64_MAX), "16.0 EiB");
	ck_assert_str_eq(vr_format_sbytes(buf, -1536), "-1.5 KiB");
	ck_assert_str_eq(vr_format_sbytes(buf, 7), "7 B");
	ck_assert_str_eq(vr_format_sbytes(buf, INT64_MIN), "-8.0 EiB");
}
END_TEST

START_TEST(times_have_units)
{
	char buf[VR_UNIT_MAX];

	ck_assert_str_eq(vr_format_ns(buf, 890), "890 ns");
	ck_assert_str_eq(vr_format_ns(buf, 1000), "1.0 us");
	ck_assert_str_eq(vr_format_ns(buf, 999949), "999.9 us");
	ck_assert_str_eq(vr_format_ns(buf, 999950), "1.0 ms");
	ck_assert_str_eq(vr_format_ns(buf, 56700000), "56.7 ms");
	ck_assert_str_eq(vr_format_ns(buf, 999950000), "1.000 s");
	ck_assert_str_eq(vr_format_ns(buf, 1234000000), "1.234 s");
	ck_assert_str_eq(vr_format_ns(buf, UINT64_MAX), "18446744073.710 s");
}
END_TEST

START_TEST(counts_have_commas)
{
	char buf[VR_UNIT_MAX];

	ck_assert_str_eq(vr_format_count(buf, 0), "0");
	ck_assert_str_eq(vr_format_count(buf, 999), "999");
	ck_assert_str_eq(vr_format_count(buf, 1000), "1,000");
	ck_assert_str_eq(vr_format_count(buf, 1234567), "1,234,567");
	ck_assert_str_eq(vr_format_count(buf, UINT64_MAX), "18,446,744,073,709,551,615");
}
END_TEST

static void expect_line(int depth, const int *last, const char *label, int width, const char *want)
{
	size_t length;
	char *text;
	FILE *out = open_memstream(&text, &length);

	vr_tree_line(out, depth, last, "10.0%  ", label, width);
	fclose(out);
	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(tree_guides)
{
	int last[] = {0, 0, 1, 0}, deep[200] = {0};
	char *text;
	size_t length;
	FILE *out;

	expect_line(0, last, "main", 0, "10.0%  main\n");
	expect_line(1, last, "a", 0, "10.0%  |- a\n");
	expect_line(2, last, "b", 0, "10.0%  |  `- b\n");
	expect_line(3, last, "c\033", 0, "10.0%  |     |- c\\x1b\n");
	ck_assert_int_eq(vr_tree_room(1, "10.0%  ", 30), 20);
	ck_assert_int_eq(vr_tree_room(0, "10.0%  ", 80), 73);
	ck_assert_int_eq(vr_tree_room(1, "10.0%  ", 0), 0);
	use_utf8();
	expect_line(3, last, "c", 0, "10.0%  │     ├─ c\n");
	expect_line(2, last, "b", 0, "10.0%  │  └─ b\n");
	/* The label of a very deep line stays readable. */
	ck_assert_int_eq(vr_tree_room(199, "10.0%  ", 80), 22);
	out = open_memstream(&text, &length);
	vr_tree_line(out, 199, deep, "10.0%  ", "function_with_20_col", 80);
	fclose(out);
	ck_assert_ptr_nonnull(strstr(text, "├─ function_with_20_col\n"));
	text[strlen(text) - 1] = '\0';
	ck_assert_int_le(vr_text_width(text), 80);
	free(text);
}
END_TEST

START_TEST(terminal_width_from_environment)
{
	/* Tests run without a terminal, or this would be its width. */
	if (isatty(STDOUT_FILENO))
		return;
	unsetenv("COLUMNS");
	ck_assert_int_eq(vr_terminal_width(), 0);
	setenv("COLUMNS", "132", 1);
	ck_assert_int_eq(vr_terminal_width(), 132);
	setenv("COLUMNS", "wide", 1);
	ck_assert_int_eq(vr_terminal_width(), 0);
	setenv("COLUMNS", "-5", 1);
	ck_assert_int_eq(vr_terminal_width(), 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, table_is_aligned);
	tcase_add_test(tests, table_shrinks_to_the_terminal);
	tcase_add_loop_test(tests, no_line_is_too_wide, 0, 2);
	tcase_add_test(tests, shortening_keeps_the_asked_end);
	tcase_add_loop_test(tests, hostile_text_is_escaped, 0,
			    (int)(sizeof(hostile) / sizeof(hostile[0])));
	tcase_add_loop_test(tests, noise_never_reaches_the_terminal, 0, 5);
	tcase_add_test(tests, csv_is_rfc_4180);
	tcase_add_test(tests, empty_table);
	tcase_add_test(tests, bytes_have_units);
	tcase_add_test(tests, times_have_units);
	tcase_add_test(tests, counts_have_commas);
	tcase_add_test(tests, tree_guides);
	tcase_add_test(tests, terminal_width_from_environment);
}

int main(void)
{
	return check_main("out", cases);
}
