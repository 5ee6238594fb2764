/* base/match and base/mangled: which functions trace= means. */
#include "base/mangled.h"
#include "base/match.h"
#include "check_main.h"

#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int matches(const char *patterns, const char *name)
{
	return vp_match_any(patterns, name, strlen(name));
}

START_TEST(whole_names)
{
	ck_assert(matches("fib", "fib"));
	ck_assert(!matches("fib", "fibs"));
	ck_assert(!matches("fib", "fi"));
	ck_assert(matches("", "") == 0);
	ck_assert(matches("*", ""));
	ck_assert(matches("*", "anything"));
	ck_assert(matches("market::Book::*", "market::Book::match"));
	ck_assert(!matches("market::Book::*", "market::Books::match"));
	ck_assert(matches("*a*b*c", "xxaxxbxxcxxc"));
	ck_assert(!matches("*a*b*c", "xxaxxbxxcxx"));
	ck_assert(matches("f?o", "foo"));
	ck_assert(!matches("f?o", "fo"));
}
END_TEST

START_TEST(sets)
{
	ck_assert(matches("v[0-9]", "v7"));
	ck_assert(!matches("v[0-9]", "vx"));
	ck_assert(matches("v[!0-9]", "vx"));
	ck_assert(!matches("v[^0-9]", "v7"));
	ck_assert(matches("[]x]", "]"));
	ck_assert(matches("[a-]", "-"));
	ck_assert(matches("operator[", "operator["));
	ck_assert(matches("*operator[]", "A::operator[]"));
}
END_TEST

START_TEST(lists)
{
	ck_assert(matches("a,b|c", "b"));
	ck_assert(matches("a,b|c", "c"));
	ck_assert(!matches("a,b|c", "a,b"));
	ck_assert(matches(",,a", "a"));
	ck_assert(!matches(",,", ""));
	ck_assert(vp_match_all("a,*"));
	ck_assert(vp_match_all("**|b"));
	ck_assert(!vp_match_all("a*,b"));
	ck_assert(!vp_match_all(","));
}
END_TEST

static const char *const names[][2] = {
    {"_ZN6market4Book5matchEi", "market::Book::match"},
    {"_ZNK6market4Book4costEv", "market::Book::cost"},
    {"_Z5twiceIiET_S0_", "twice"},
    {"_ZN6market5twiceINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEEET_S7_",
     "market::twice"},
    {"_ZN6market5LevelC2Ei", "market::Level::Level"},
    {"_ZN6market5LevelD0Ev", "market::Level::~Level"},
    {"_ZN3FooIiLb1EE3barEv", "Foo::bar"},
    {"_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector::push_back"},
    {"_ZSt4sortIPiEvT_S1_", "std::sort"},
    {"_ZNSs6appendEPKc", "std::string::append"},
    {"_ZZ4mainENKUliiE_clEii", "main::{lambda}::operator()"},
    {"_ZZN1A1fEvENKUlvE0_clEv", "A::f::{lambda}::operator()"},
    {"_ZN12_GLOBAL__N_16hiddenEv", "(anonymous namespace)::hidden"},
    {"_ZN1AixEi", "A::operator[]"},
    {"_ZN1AcmERKS_", "A::operator,"},
    {"_ZN1AnwEm", "A::operator new"},
    {"_ZN1AcvbEv", "A::operator"},
    {"_Zli2_sPKcm", "operator\"\" _s"},
    {"_ZL5localv", "local"},
    {"_ZN3foo3barB5cxx11Ev", "foo::bar"},
    {"_ZN3FooILN3bar4enumE2EE1fEv", "Foo::f"},
    {"_Z1fiPFvvE.constprop.0", "f"},
};

START_TEST(names_of_cxx)
{
	char plain[256];

	ck_assert_uint_eq(vp_mangled_plain(names[_i][0], plain, sizeof(plain)),
			  strlen(names[_i][1]));
	ck_assert_str_eq(plain, names[_i][1]);
}
END_TEST

static const char *const not_understood[] = {
    "main",
    "",
    "_Z",
    "_ZN",
    "_ZNE",
    "_Z99999999999x",
    "_ZTV6market",
    "_ZThn16_N1A1fEv",
    "_ZN1A",
    "_Z5fou",
    "_ZZ4mainE",
    "_ZNC1Ev",
    "_ZGVZ4mainE1x",
    "_ZN4LooooE",
};

START_TEST(what_is_no_such_name)
{
	char plain[256];

	ck_assert_uint_eq(vp_mangled_plain(not_understood[_i], plain, sizeof(plain)), 0);
}
END_TEST

/* No name, however it is cut or put together, is read beyond its end, or without end. */
START_TEST(broken_names)
{
	char name[256], plain[64];
	uint64_t random = 88172645463325252ull;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (size_t cut = strlen(names[i][0]); cut; cut--) {
			memcpy(name, names[i][0], cut);
			name[cut] = '\0';
			vp_mangled_plain(name, plain, sizeof(plain));
		}
	for (int round = 0; round < 200000; round++) {
		static const char letters[] = "_ZNLSIEUlt013C1D0Bcvst_X";
		size_t length = 2 + (size_t)round % 60;

		memcpy(name, "_Z", 2);
		for (size_t i = 2; i < length; i++) {
			random ^= random << 13, random ^= random >> 7, random ^= random << 17;
			name[i] = letters[random % (sizeof(letters) - 1)];
		}
		name[length] = '\0';
		vp_mangled_plain(name, plain, sizeof(plain));
		ck_assert_uint_lt(strnlen(plain, sizeof(plain)), sizeof(plain));
	}
	memset(name, 'N', sizeof(name) - 1);
	memcpy(name, "_Z", 2);
	name[sizeof(name) - 1] = '\0';
	ck_assert_uint_eq(vp_mangled_plain(name, plain, sizeof(plain)), 0);
	for (size_t i = 2; i < sizeof(name) - 1; i++)
		name[i] = 'Z';
	ck_assert_uint_eq(vp_mangled_plain(name, plain, sizeof(plain)), 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, whole_names);
	tcase_add_test(tests, sets);
	tcase_add_test(tests, lists);
	tcase_add_loop_test(tests, names_of_cxx, 0, (int)COUNT_OF(names));
	tcase_add_loop_test(tests, what_is_no_such_name, 0, (int)COUNT_OF(not_understood));
	tcase_add_test(tests, broken_names);
}

int main(void)
{
	return check_main("vp_match", cases);
}
