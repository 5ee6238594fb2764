/* The main() of a unit test.
 *
 *	static void cases(TCase *tests)
 *	{
 *		tcase_add_test(tests, counts_are_exact);
 *	}
 *
 *	int main(void)
 *	{
 *		return check_main("trie", cases);
 *	}
 *
 * Each case runs in a process of its own; with CK_FORK=no all run in one, for a debugger. */
#ifndef TEST_UNIT_CHECK_MAIN_H
#define TEST_UNIT_CHECK_MAIN_H

#include <check.h>

/* Runs what `cases` registers. A case may take two minutes, as others use the machine too.
 * Returns the status to end with. */
static inline int check_main(const char *name, void (*cases)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *all = tcase_create(name);
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(all, 120);
	cases(all);
	suite_add_tcase(suite, all);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif
