/* helper/recent: what a time in a thread's life went into, by its last times off the CPU. */
#include "check_main.h"
#include "helper/recent.h"

static struct vp_recent recent;

static void begin(void)
{
	recent.head = 0;
	recent.from_ns = 1000;
}

START_TEST(parts_within)
{
	uint64_t ns[VPROF_CLASS_COUNT] = {0};

	begin();
	vp_recent_put(&recent, 1000, 1500, VPROF_CLASS_IDLE);
	vp_recent_put(&recent, 2000, 2100, VPROF_CLASS_PREEMPTED);
	vp_recent_put(&recent, 2500, 3500, VPROF_CLASS_BLOCKED);
	ck_assert(vp_recent_between(&recent, 1900, 3000, ns));
	ck_assert_uint_eq(ns[VPROF_CLASS_IDLE], 0);
	ck_assert_uint_eq(ns[VPROF_CLASS_PREEMPTED], 100);
	ck_assert_uint_eq(ns[VPROF_CLASS_BLOCKED], 500);
}
END_TEST

START_TEST(before_it_was_kept)
{
	uint64_t ns[VPROF_CLASS_COUNT] = {0};

	begin();
	vp_recent_put(&recent, 1200, 1300, VPROF_CLASS_LOCK);
	ck_assert(!vp_recent_between(&recent, 900, 2000, ns));
	ck_assert(vp_recent_between(&recent, 1000, 2000, ns));
}
END_TEST

START_TEST(overwritten)
{
	uint64_t ns[VPROF_CLASS_COUNT] = {0};

	begin();
	for (uint64_t i = 0; i < VP_RECENT + 10; i++)
		vp_recent_put(&recent, 10000 + i * 100, 10050 + i * 100, VPROF_CLASS_BLOCKED);
	ck_assert(!vp_recent_between(&recent, 10000, 100000, ns));
	ns[VPROF_CLASS_BLOCKED] = 0;
	ck_assert(vp_recent_between(&recent, 60000, 61000, ns));
	ck_assert_uint_eq(ns[VPROF_CLASS_BLOCKED], 500);
}
END_TEST

START_TEST(faults_are_told_later)
{
	uint64_t ns[VPROF_CLASS_COUNT] = {0};

	begin();
	vp_recent_put(&recent, 2000, 2100, VPROF_CLASS_UNHOOKED);
	vp_recent_put(&recent, 3000, 3200, VPROF_CLASS_UNHOOKED);
	vp_recent_put(&recent, 3300, 3400, VPROF_CLASS_PREEMPTED);
	vp_recent_faults(&recent, 3000);
	ck_assert(vp_recent_between(&recent, 1500, 4000, ns));
	ck_assert_uint_eq(ns[VPROF_CLASS_UNHOOKED], 100);
	ck_assert_uint_eq(ns[VPROF_CLASS_FAULT], 200);
	ck_assert_uint_eq(ns[VPROF_CLASS_PREEMPTED], 100);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, parts_within);
	tcase_add_test(tests, before_it_was_kept);
	tcase_add_test(tests, overwritten);
	tcase_add_test(tests, faults_are_told_later);
}

int main(void)
{
	return check_main("vp_recent", cases);
}
