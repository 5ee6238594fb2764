/* Who woke whom, of what was noted in which order; and that nothing is made into a name that is
 * none. */
#include "check_main.h"
#include "track/wakers.h"
#include "vprof_format.h"

#define COND 0x1000u

static const struct vp_waker feed = {.at_ns = 5, .thread = 1, .node = 10, .how = VPROF_WAKE_SIGNAL};
static const struct vp_waker timer = {
    .at_ns = 6, .thread = 2, .node = 20, .how = VPROF_WAKE_SIGNAL};
static const struct vp_waker all = {
    .at_ns = 7, .thread = 3, .node = 30, .how = VPROF_WAKE_BROADCAST};

static void check(const struct vp_sleeper *sleeper, uint32_t thread, uint32_t how, uint32_t wakes)
{
	struct vp_waker waker;

	vp_wakers_leave(sleeper, &waker);
	ck_assert_uint_eq(waker.thread, thread);
	ck_assert_uint_eq(waker.how, how);
	ck_assert_uint_eq(waker.wakes, wakes);
}

START_TEST(one_and_one)
{
	struct vp_sleeper sleeper;

	vp_wakers_wake(COND, &feed); /* nobody waits */
	ck_assert_int_eq(vp_wakers_wanted(COND), 0);
	vp_wakers_sleep(&sleeper, COND);
	ck_assert_int_eq(vp_wakers_wanted(COND), 1);
	ck_assert_int_eq(vp_wakers_wanted(COND + 64), 0);
	vp_wakers_wake(COND, &feed);
	vp_wakers_wake(COND + 64, &timer);
	check(&sleeper, 1, VPROF_WAKE_SIGNAL, 1);
	ck_assert_int_eq(vp_wakers_wanted(COND), 0);
	vp_wakers_sleep(&sleeper, COND); /* what was before is no more */
	check(&sleeper, VPROF_NONE, VPROF_WAKE_UNSEEN, 0);
}
END_TEST

START_TEST(later_ones_were_not_woken)
{
	struct vp_sleeper first, second, third;

	vp_wakers_sleep(&first, COND);
	vp_wakers_wake(COND, &feed);
	vp_wakers_sleep(&second, COND);
	vp_wakers_sleep(&third, COND);
	vp_wakers_wake(COND, &timer);
	check(&second, 2, VPROF_WAKE_SIGNAL, 1);
	check(&third, VPROF_NONE, VPROF_WAKE_UNSEEN, 0);
	check(&first, 1, VPROF_WAKE_SIGNAL, 1);
}
END_TEST

START_TEST(one_of_several)
{
	struct vp_sleeper first, second;

	vp_wakers_sleep(&first, COND);
	vp_wakers_sleep(&second, COND);
	vp_wakers_wake(COND, &feed);
	vp_wakers_wake(COND, &timer);
	check(&first, VPROF_NONE, VPROF_WAKE_SEVERAL, 1);
	check(&second, 2, VPROF_WAKE_SIGNAL, 1); /* but one of them is left */
}
END_TEST

START_TEST(a_broadcast)
{
	struct vp_sleeper sleeper[3], late;

	for (int i = 0; i < 3; i++)
		vp_wakers_sleep(&sleeper[i], COND);
	vp_wakers_wake(COND, &all);
	vp_wakers_sleep(&late, COND);
	for (uint32_t i = 0; i < 3; i++)
		check(&sleeper[i], 3, VPROF_WAKE_BROADCAST, !i);
	check(&late, VPROF_NONE, VPROF_WAKE_UNSEEN, 0);
}
END_TEST

START_TEST(more_wakers_than_room)
{
	struct vp_sleeper sleeper[12];

	for (int i = 0; i < 12; i++)
		vp_wakers_sleep(&sleeper[i], COND);
	for (uint32_t i = 0; i < 12; i++)
		vp_wakers_wake(COND,
			       &(struct vp_waker){.thread = 50 + i, .how = VPROF_WAKE_SIGNAL});
	check(&sleeper[0], VPROF_NONE, VPROF_WAKE_SEVERAL, 1);
	for (int i = 1; i < 12; i++)
		vp_wakers_leave(&sleeper[i], NULL);
	ck_assert_int_eq(vp_wakers_wanted(COND), 0);
}
END_TEST

/* The last one at a barrier counts those who came back before it. */
START_TEST(a_barrier)
{
	const struct vp_waker last = {.at_ns = 40, .thread = 4, .how = VPROF_WAKE_LAST};
	struct vp_sleeper sleeper[4], again;
	struct vp_passed passed;
	struct vp_waker waker;

	for (int i = 0; i < 4; i++)
		vp_wakers_sleep(&sleeper[i], COND);
	vp_wakers_pass(&sleeper[1], NULL, 10, 50, &waker, &passed);
	ck_assert_uint_eq(waker.thread, 0);
	ck_assert_uint_eq(passed.times, 0);
	vp_wakers_sleep(&again, COND); /* of the next round */
	vp_wakers_pass(&sleeper[2], &last, 40, 52, &waker, &passed);
	ck_assert_uint_eq(passed.times, 1);
	ck_assert_uint_eq(passed.ns, 40);
	ck_assert_uint_eq(passed.ends_ns, 50);
	for (int i = 0; i < 4; i += 3) {
		vp_wakers_pass(&sleeper[i], NULL, 10, 60, &waker, &passed);
		ck_assert_uint_eq(waker.thread, 4);
		ck_assert_uint_eq(waker.how, VPROF_WAKE_LAST);
		ck_assert_uint_eq(passed.times, 0);
	}
	vp_wakers_pass(&again, NULL, 60, 70, &waker, &passed);
	ck_assert_uint_eq(waker.thread, 0); /* not the one of the round before */
	ck_assert_uint_eq(passed.times, 0);
}
END_TEST

START_TEST(more_conditions_than_room)
{
	static struct vp_sleeper sleeper[4096];
	uint32_t there = 0;

	for (uint32_t i = 0; i < 4096; i++) {
		vp_wakers_sleep(&sleeper[i], 0x10000 + i * 8u);
		there += sleeper[i].slot != NULL;
	}
	ck_assert_uint_gt(there, 1000);
	ck_assert_uint_le(there, VP_WAKE_BUCKETS * VP_WAKE_WAYS);
	for (uint32_t i = 0; i < 4096; i++)
		check(&sleeper[i], VPROF_NONE, VPROF_WAKE_UNSEEN, 0);
	vp_wakers_init();
	ck_assert_int_eq(vp_wakers_wanted(0x10000), 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, one_and_one);
	tcase_add_test(tests, later_ones_were_not_woken);
	tcase_add_test(tests, one_of_several);
	tcase_add_test(tests, a_broadcast);
	tcase_add_test(tests, more_wakers_than_room);
	tcase_add_test(tests, a_barrier);
	tcase_add_test(tests, more_conditions_than_room);
}

int main(void)
{
	return check_main("vp_wakers", cases);
}
