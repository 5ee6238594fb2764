/* Names of functions as people write them: what goes, what stays, whatever comes in. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "check_main.h"
#include "cli/columns.h"
#include "cli/plain.h"
#include "cli/short.h"

#define WIDE 10000

static const struct {
	const char *name;
	int room;
	const char *want;
} cases_of[] = {
#include "short_names.h"
};
#define CASES (sizeof(cases_of) / sizeof(cases_of[0]))

START_TEST(table_of_names)
{
	for (size_t i = 0; i < CASES; i++) {
		char *text = vr_short_name(cases_of[i].name, cases_of[i].room);

		ck_assert_str_eq(text, cases_of[i].want);
		ck_assert_int_le(vr_text_width(text), cases_of[i].room);
		free(text);
	}
}
END_TEST

/* Without any room to speak of, a name is a start of its own name, and never nothing. */
static void check_at(struct vr_short *name, const char *own, int room)
{
	char *text = vr_short_text(name, room);
	const char *at = text;
	uint32_t code;

	ck_assert_msg(vr_text_width(text) <= room, "%s at %d: %s", name->text, room, text);
	ck_assert_msg(*text || !*name->text, "%s at %d is nothing", name->text, room);
	while (*at) {
		size_t bytes = vr_plain_decode(at, &code);

		ck_assert_msg(bytes > 0, "%s at %d is no UTF-8", name->text, room);
		at += bytes;
	}
	if (own)
		ck_assert_msg(strstr(text, own) != NULL, "%s at %d: %s lost %s", name->text, room,
			      text, own);
	free(text);
}

/* What real programs have, "own name<TAB>demangled name": see real_names.txt. */
START_TEST(real_names)
{
	char path[4096], line[65536];
	size_t names = 0;
	FILE *in;

	snprintf(path, sizeof(path), "%.*s/real_names.txt",
		 (int)(strrchr(__FILE__, '/') - __FILE__), __FILE__);
	in = fopen(path, "r");
	ck_assert_msg(in != NULL, "%s", path);
	while (fgets(line, sizeof(line), in)) {
		char *tab = strchr(line, '\t');
		struct vr_short *name;
		int least;

		ck_assert_ptr_nonnull(tab);
		*tab = '\0';
		tab[1 + strcspn(tab + 1, "\n")] = '\0';
		name = vr_short_new(tab + 1);
		least = vr_short_width(name, VR_PIECE_CLASS);
		for (int room = 1; room < 240; room += room < 40 ? 1 : 9)
			check_at(name, room >= least ? line : NULL, room);
		ck_assert_int_le(least, vr_text_width(tab + 1));
		vr_short_free(name);
		names++;
	}
	fclose(in);
	ck_assert_uint_gt(names, 300);
}
END_TEST

static const char *const hostile[] = {"",
				      "<",
				      ">",
				      "((((",
				      "))))",
				      "<<<<>>>>",
				      "::",
				      ":::",
				      "::::::",
				      "a::",
				      "::a",
				      "operator",
				      "operator<",
				      "operator ",
				      "x::operator ",
				      "operator()()()",
				      "<>",
				      "()",
				      "{}",
				      "[]",
				      "[abi:",
				      "(anonymous namespace)",
				      "(anonymous namespace)::",
				      "a<b",
				      "a>b",
				      "a(b",
				      "a)b",
				      "f(g<h(i>j)k",
				      "std::__cxx11::",
				      "basic_",
				      "basic_<char>",
				      "std::basic_string<char",
				      "h0123456789abcdef",
				      "::h0123456789abcdef",
				      "a::h0123456789abcdef",
				      " ",
				      "   ",
				      "a b c",
				      " (",
				      " [clone ",
				      "f() [clone",
				      "f(<)>",
				      "a<b>(c<d)>::e",
				      "\xe6\x97\xa5\xe6\x9c\xac<\xe8\xaa\x9e>::\xc3\xa9(\xc3\xa9)",
				      "-><->",
				      "f<(1>2)>::g",
				      "f<((a)<(b))>::g(int)",
				      "non-virtual thunk to ",
				      "void (*f",
				      "(*f)(",
				      "{lambda(",
				      "{lambda(int)#1",
				      "_ZN3foo3barEv",
				      ".cold",
				      "f.cold",
				      "#<a>#",
				      "(anonymous namespace)::::error::x"};

static void check_hostile(const char *raw)
{
	char *clean = vr_plain(raw, VR_PLAIN_NAMES, 0);
	struct vr_short *name = vr_short_new(clean);

	for (int room = 1; room < 60; room++)
		check_at(name, NULL, room);
	for (uint32_t at = 0; at <= name->length; at++)
		vr_short_keep(name, at, at % 2);
	for (int room = 1; room < 60; room++)
		check_at(name, NULL, room);
	vr_short_free(name);
	free(clean);
}

START_TEST(hostile_names)
{
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
		check_hostile(hostile[i]);
}
END_TEST

START_TEST(noise)
{
	static const char *const part[] = {"<",
					   ">",
					   "(",
					   ")",
					   "{",
					   "}",
					   "[",
					   "]",
					   "::",
					   ", ",
					   " ",
					   "std::",
					   "allocator<int>",
					   "a",
					   "operator",
					   "operator<",
					   "operator()",
					   "const",
					   " const",
					   "basic_string<char>",
					   "-",
					   "(anonymous namespace)::",
					   "\xc3\xa9",
					   " as ",
					   "impl ",
					   "{lambda(int)#1}",
					   "[abi:x]",
					   "*"};

	srand((unsigned)_i);
	for (int round = 0; round < 400; round++) {
		char raw[1024] = "";
		struct vr_short *name;
		char *clean;

		for (int i = rand() % 30; i >= 0; i--)
			strcat(raw, part[(size_t)rand() % (sizeof(part) / sizeof(part[0]))]);
		clean = vr_plain(raw, VR_PLAIN_NAMES, 0);
		name = vr_short_new(clean);
		if (round & 1 && name->length)
			vr_short_keep(name, (uint32_t)rand() % name->length, rand() % 2);
		for (int room = 1; room < 80; room += 7)
			check_at(name, NULL, room);
		vr_short_free(name);
		free(clean);
	}
}
END_TEST

/* 100 KB of what costs most, in well under the time of one frame. */
START_TEST(long_names)
{
	static const char *const part[] = {"a<",
					   "(",
					   "<(",
					   "a::",
					   ">",
					   "a, ",
					   "<<",
					   "{lambda(",
					   "::<",
					   "operator<",
					   "std::allocator<",
					   "basic_string<char, ",
					   "(anonymous namespace)::",
					   ".cold",
					   " const",
					   "[",
					   "x",
					   "<b>"};
	size_t length = 100000, unit = strlen(part[_i]);
	char *raw = calloc(length + 64, 1);
	clock_t start;

	for (size_t n = 0; n + unit < length; n += unit)
		memcpy(raw + n, part[_i], unit);
	strcat(raw, "end(int)");
	start = clock();
	for (int room = 20; room <= 200; room += 60) {
		char *text = vr_short_name(raw, room);

		ck_assert_int_le(vr_text_width(text), room);
		ck_assert_ptr_nonnull(text);
		free(text);
	}
	/* Linear: 0.02 s; what takes minutes in proportion to the square is far beyond. */
	ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 10);
	free(raw);
}
END_TEST

/* A pattern of the command line is what a table shows. */
START_TEST(patterns_are_what_is_shown)
{
	const char *name =
	    "void exchange::Book<exchange::Order<long>, (exchange::Side)0>::match(int)";

	ck_assert(vr_short_matches("Book::match", name));
	ck_assert(vr_short_matches("exchange::Book::match", name));
	ck_assert(vr_short_matches("*::Book::match", name));
	ck_assert(vr_short_matches("Order<long>", name));
	ck_assert(vr_short_matches(name, name));
	ck_assert(!vr_short_matches("Book::matched", name));
	ck_assert(vr_short_matches("std::string::append",
				   "std::__cxx11::basic_string<char, "
				   "std::char_traits<char>, std::allocator<char> >"
				   "::append(char const*)"));
	ck_assert(vr_short_matches("Matrix operator*", "Matrix operator*(Matrix const&)"));
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, table_of_names);
	tcase_add_test(tests, real_names);
	tcase_add_test(tests, hostile_names);
	tcase_add_loop_test(tests, noise, 0, 10);
	tcase_add_loop_test(tests, long_names, 0, 18);
	tcase_add_test(tests, patterns_are_what_is_shown);
}

int main(void)
{
	return check_main("short", cases);
}
