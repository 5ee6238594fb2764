/* base/tracker: who is called, when, and in which order. */
#include "base/tracker.h"
#include "check_main.h"

#include <errno.h>
#include <string.h>

static char called[200];

static void note(const char *what)
{
	strcat(strcat(called, what), " ");
}

static int a_init(void)
{
	note("a-init");
	return 0;
}

static int b_init(void)
{
	note("b-init");
	return -ENOMEM;
}

static int c_init(void)
{
	note("c-init");
	return 0;
}

static void a_tick(int last)
{
	note(last ? "a-last" : "a-tick");
}

static void c_tick(int last)
{
	note(last ? "c-last" : "c-tick");
}

static void b_thread(struct vp_thread *thread)
{
	note(thread ? "b-thread" : "b-none");
}

static void c_finish(int ending)
{
	note(ending ? "c-end" : "c-exec");
}

static void c_fork(void)
{
	note("c-fork");
}

static const struct vp_tracker table[] = {
    {.name = "a", .init = a_init, .tick = a_tick},
    {.name = "b", .init = b_init, .thread_start = b_thread, .thread_end = b_thread},
    {.name = "c", .init = c_init, .tick = c_tick, .finish = c_finish, .fork_child = c_fork},
};

START_TEST(without_a_table_nothing_happens)
{
	uint32_t count;

	ck_assert_int_eq(vp_trackers_init(), 0);
	vp_trackers_tick(1);
	vp_trackers(&count);
	ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(the_order_is_that_of_the_table)
{
	vp_trackers_use(table, 3);
	vp_trackers_tick(0);
	vp_trackers_tick(1);
	vp_trackers_thread_start((struct vp_thread *)called);
	vp_trackers_thread_end(NULL);
	vp_trackers_finish(0);
	vp_trackers_finish(1);
	vp_trackers_fork_child();
	ck_assert_str_eq(called,
			 "a-tick c-tick a-last c-last b-thread b-none c-exec c-end c-fork ");
}
END_TEST

START_TEST(after_a_refusal_nobody_is_asked)
{
	vp_trackers_use(table, 3);
	ck_assert_int_eq(vp_trackers_init(), -ENOMEM);
	ck_assert_str_eq(called, "a-init b-init ");
	called[0] = '\0';
	vp_trackers_use(table, 1);
	ck_assert_int_eq(vp_trackers_init(), 0);
	ck_assert_str_eq(called, "a-init ");
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, without_a_table_nothing_happens);
	tcase_add_test(tests, the_order_is_that_of_the_table);
	tcase_add_test(tests, after_a_refusal_nobody_is_asked);
}

int main(void)
{
	return check_main("vp_tracker", cases);
}
