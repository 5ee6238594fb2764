/* Rows of tables: what gives way first, and how rows that look alike are told apart. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "cli/columns.h"
#include "output/out.h"
#include "output/out_caption.h"

#define MATCH "void exchange::Book<exchange::Order, Side>::match(exchange::Order const&)"

static void expect(const struct vr_caption *label, int room, const char *want)
{
	char *text = vr_caption_fit(label, room);

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(what_goes_first)
{
	const struct vr_caption label = {.function = MATCH, .place = "/src/deep/book.h:67"};

	expect(&label, 200, MATCH " (/src/deep/book.h:67)");
	expect(&label, 90, MATCH " (book.h:67)");
	expect(&label, 60, "exchange::Book<exchange::Order, Side>::match (book.h:67)");
	expect(&label, 50, "exchange::Book<Order, Side>::match (book.h:67)");
	expect(&label, 40, "exchange::Book::match (book.h:67)");
	expect(&label, 33, "exchange::Book::match (book.h:67)");
	expect(&label, 32, "exchange::Book::match");
	expect(&label, 12, "Book::match");
	expect(&label, 5, "match");
}
END_TEST

START_TEST(pstats_has_the_place_in_front)
{
	const struct vr_caption label = {
	    .form = VR_CAPTION_PSTATS, .function = MATCH, .place = "/src/deep/book.h:67"};

	expect(&label, 200, "/src/deep/book.h:67(" MATCH ")");
	expect(&label, 40, "book.h:67(exchange::Book::match)");
	expect(&label, 20, "Book::match");
}
END_TEST

START_TEST(names_may_be_whole)
{
	const struct vr_caption label = {
	    .function = MATCH, .place = "/src/deep/book.h:67", .whole = 1};

	expect(&label, 10, MATCH " (/src/deep/book.h:67)");
}
END_TEST

/* Without a width a name is at most as long as somebody reads. */
START_TEST(width_unknown)
{
	char name[2000] = "f<";
	struct vr_caption label = {.function = name, .place = "/src/a.c:1"};

	memset(name + 2, 'x', 1500);
	strcat(name, ">::g(int)");
	expect(&label, 0, "f::g (/src/a.c:1)");
}
END_TEST

static void expect_rows(const struct vr_caption *label, size_t count, int room,
			const char *const *want)
{
	const struct vr_caption *all[8];
	char **text;

	for (size_t i = 0; i < count; i++)
		all[i] = &label[i];
	text = vr_captions_fit(all, count, room);
	for (size_t i = 0; i < count; i++) {
		ck_assert_str_eq(text[i], want[i]);
		ck_assert_int_le(vr_text_width(text[i]), room);
		free(text[i]);
	}
	free(text);
}

START_TEST(arguments_that_differ_stay)
{
	const struct vr_caption label[] = {
	    {.function = "ns::Book<ns::Order<long, int>, Buy>::match(int)"},
	    {.function = "ns::Book<ns::Order<long, int>, Sell>::match(int)"},
	    {.function = "ns::Book<ns::Order<long, int>, Sell>::depth(int)"}};
	const char *const want[] = {"Book<Buy>::match", "Book<Sell>::match", "ns::Book::depth"};
	const char *const narrow[] = {"match", "match", "depth"};

	expect_rows(label, 3, 17, want);
	expect_rows(label, 3, 8, narrow);
}
END_TEST

START_TEST(parameters_that_differ_stay)
{
	const struct vr_caption label[] = {{.function = "parse(std::string const&, int)"},
					   {.function = "parse(char const*, int)"},
					   {.function = "parse(char const*, int) [clone .cold]"}};
	const char *const wide[] = {"parse", "parse(char const*, int)", "parse [clone .cold]"};
	const char *const want[] = {"parse(string const&)", "parse(char const*)"};

	expect_rows(label, 3, 26, wide);
	expect_rows(label, 2, 22, want);
}
END_TEST

START_TEST(places_that_differ_stay)
{
	const struct vr_caption label[] = {
	    {.function = "a::function_of_c", .place = "/src/one/util.c:10"},
	    {.function = "a::function_of_c", .place = "/src/two/util.c:10"},
	    {.function = "a::function_of_c", .place = "/src/two/util.c:99"}};
	const char *const lines[] = {"a::function_of_c (util.c:10)",
				     "a::function_of_c (util.c:99)"};
	const char *const narrow[] = {"function_of_c (util.c:10)", "function_of_c (util.c:99)"};
	const char *const dirs[] = {"function_of_c (/src/one/util.c:10)",
				    "function_of_c (/src/two/util.c:10)"};

	expect_rows(label + 1, 2, 28, lines);
	expect_rows(label + 1, 2, 25, narrow);
	expect_rows(label, 2, 34, dirs);
}
END_TEST

START_TEST(callers_are_shown)
{
	const struct vr_caption label[] = {
	    {.function = "Pool::take(int)", .place = "pool.h:3", .other = "ns::Book::add(int)"},
	    {.function = "Pool::take(int)", .place = "pool.h:3", .other = "main", .link = VR_LINK_FAR_CALLER}};
	const char *const wide[] = {"Pool::take(int) (pool.h:3) < ns::Book::add(int)",
				    "Pool::take(int) (pool.h:3) < .. < main"};
	const char *const narrow[] = {"Pool::take < ns::Book::add", "Pool::take(int) < .. < main"};

	expect_rows(label, 2, 60, wide);
	expect_rows(label, 2, 30, narrow);
}
END_TEST

/* Columns of a table that say nothing, or yield, make room for names. */
START_TEST(columns_make_room)
{
	static const struct vr_column columns[] = {{"calls", "calls", VR_COUNT, VR_RIGID, 0},
						   {"bytes", "bytes", VR_BYTES, VR_RIGID, 0},
						   {"mean", "mean", VR_BYTES, VR_RIGID, 1},
						   {"site", "site", VR_TEXT, VR_CAPTIONS, 0}};
	const struct vr_caption label = {.function = MATCH, .place = "/src/deep/book.h:67"};
	const struct vr_cell row[] = {{.null = 1}, {.u = 2048}, {.u = 7}, {.caption = &label}};
	static const char *const want[] = {"  bytes  mean  site\n"
					   "2.0 KiB   7 B  exchange::Book::match (book.h:67)\n",
					   "  bytes  site\n"
					   "2.0 KiB  exchange::Book::match (book.h:67)\n"
					   "no room for: mean\n"};
	static const int width[] = {57, 45};

	for (size_t i = 0; i < 2; i++) {
		struct vr_table *table = vr_table_new(columns, 4);
		size_t length;
		char *text;
		FILE *out = open_memstream(&text, &length);

		vr_table_row(table, row);
		vr_table_print(table, out, width[i]);
		fclose(out);
		vr_table_free(table);
		ck_assert_str_eq(text, want[i]);
		free(text);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, what_goes_first);
	tcase_add_test(tests, pstats_has_the_place_in_front);
	tcase_add_test(tests, names_may_be_whole);
	tcase_add_test(tests, width_unknown);
	tcase_add_test(tests, arguments_that_differ_stay);
	tcase_add_test(tests, parameters_that_differ_stay);
	tcase_add_test(tests, places_that_differ_stay);
	tcase_add_test(tests, callers_are_shown);
	tcase_add_test(tests, columns_make_room);
}

int main(void)
{
	return check_main("caption", cases);
}
