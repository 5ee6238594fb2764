/* sample/perf_switch: records of context switches in order, and times off the CPU; and
 * helper/switch_rate, where there are none. */
#include "check_main.h"

#include <string.h>

#include "helper/switch_rate.h"
#include "sample/perf.h"

#define MS 1000000ull

static struct vp_perf_off seen[64];
static uint32_t seen_count;
static struct vp_perf_thread thread;

static void keep_off(const struct vp_perf_off *off)
{
	ck_assert_uint_lt(seen_count, 64);
	seen[seen_count++] = *off;
}

static void setup(void)
{
	vp_perf_switch_forget();
	memset(&thread, 0, sizeof(thread));
	thread.tid = 7;
	thread.away.opened_ns = 1000 * MS;
	seen_count = 0;
}

static int take(uint64_t at, int out, int preempted)
{
	struct vp_perf_switch record = {
	    .time_ns = at * MS, .tid = 7, .out = (uint8_t)out, .preempted = (uint8_t)preempted};

	return vp_perf_away_take(&thread, &record, keep_off);
}

static void keep(uint64_t at, int out)
{
	vp_perf_switch_keep(&(struct vp_perf_switch){.time_ns = at, .tid = 7, .out = (uint8_t)out});
}

static uint64_t times[300000];
static int outs[300000];
static uint32_t handed;

static void note(const struct vp_perf_switch *record)
{
	times[handed] = record->time_ns;
	outs[handed++] = record->out;
}

START_TEST(rings_are_merged_by_time)
{
	setup();
	handed = 0;
	for (uint64_t i = 0; i < 1000; i += 2) /* one CPU's ring, then the other's */
		keep(i, 1);
	for (uint64_t i = 1; i < 1000; i += 2)
		keep(i, 0);
	vp_perf_switch_settle(499, note);
	ck_assert_uint_eq(handed, 500);
	keep(499, 0); /* late: behind its time, and still handed on */
	vp_perf_switch_settle(~0ull, note);
	ck_assert_uint_eq(handed, 1001);
	for (uint32_t i = 1; i < handed; i++)
		ck_assert_uint_ge(times[i], times[i - 1]);
}
END_TEST

START_TEST(of_equal_times_the_leaving_is_first)
{
	setup();
	handed = 0;
	keep(5, 0);
	keep(5, 1);
	keep(4, 0);
	vp_perf_switch_settle(~0ull, note);
	ck_assert_uint_eq(handed, 3);
	ck_assert_int_eq(outs[1], 1);
	ck_assert_int_eq(outs[2], 0);
}
END_TEST

START_TEST(more_than_there_is_room_for_are_counted)
{
	setup();
	for (uint64_t i = 0; i < 300000; i++)
		keep(300000 - i, i & 1);
	ck_assert_uint_eq(vp_perf_switch_dropped(), 300000 - (256u << 10));
	handed = 0;
	vp_perf_switch_settle(~0ull, note);
	ck_assert_uint_eq(handed, 256u << 10);
	for (uint32_t i = 1; i < handed; i++)
		ck_assert_uint_ge(times[i], times[i - 1]);
}
END_TEST

START_TEST(a_pair_is_a_time_off_the_cpu)
{
	setup();
	ck_assert_int_eq(take(1001, 1, 0), 0);
	ck_assert_int_eq(take(1005, 0, 0), 0);
	ck_assert_int_eq(take(1006, 1, 1), 0);
	ck_assert_int_eq(take(1007, 0, 0), 0);
	ck_assert_uint_eq(seen_count, 2);
	ck_assert_uint_eq(seen[0].end_ns - seen[0].begin_ns, 4 * MS);
	ck_assert_int_eq(seen[0].preempted, 0);
	ck_assert_uint_eq(seen[1].end_ns - seen[1].begin_ns, 1 * MS);
	ck_assert_int_eq(seen[1].preempted, 1);
}
END_TEST

START_TEST(the_first_record_tells_where_it_was)
{
	setup();
	ck_assert_int_eq(take(999, 1, 0), 0); /* of an earlier thread */
	ck_assert_int_eq(take(1004, 0, 0), 0);
	ck_assert_uint_eq(seen_count, 1);
	ck_assert_uint_eq(seen[0].begin_ns, 1000 * MS);
	ck_assert_uint_eq(seen[0].end_ns, 1004 * MS);
}
END_TEST

START_TEST(a_lost_half_is_counted_and_makes_no_time)
{
	setup();
	take(1001, 1, 0);
	ck_assert_int_eq(take(1003, 1, 0), 1);
	take(1004, 0, 0);
	ck_assert_int_eq(take(1006, 0, 0), 1);
	ck_assert_uint_eq(seen_count, 3);
	ck_assert_int_eq(seen[0].half, 1);
	ck_assert_uint_eq(seen[1].begin_ns, 1003 * MS);
	ck_assert_int_eq(seen[1].half, 0);
	ck_assert_int_eq(seen[2].half, 1);
	ck_assert_uint_eq(seen[2].begin_ns, seen[2].end_ns);
}
END_TEST

START_TEST(a_record_that_comes_too_late_turns_nothing_round)
{
	setup();
	take(1001, 1, 0);
	take(1005, 0, 0);
	ck_assert_int_eq(take(1003, 1, 0), 1);
	take(1008, 1, 0);
	take(1009, 0, 0);
	ck_assert_uint_eq(seen_count, 2);
	ck_assert_uint_eq(seen[1].begin_ns, 1008 * MS);
}
END_TEST

START_TEST(a_fault_is_told_when_it_is_over)
{
	setup();
	take(1001, 1, 0);
	take(1005, 0, 0);
	vp_perf_away_take(
	    &thread, &(struct vp_perf_switch){.time_ns = 1005 * MS + 1000, .tid = 7, .fault = 1},
	    keep_off);
	ck_assert_uint_eq(seen_count, 2);
	ck_assert_int_eq(seen[0].fault, 0);
	ck_assert_int_eq(seen[1].fault, 1);
}
END_TEST

START_TEST(what_goes_on_is_told_in_parts)
{
	setup();
	take(1001, 1, 0);
	vp_perf_away_so_far(&thread, 1003 * MS, keep_off);
	vp_perf_away_so_far(&thread, 1003 * MS, keep_off);
	vp_perf_away_so_far(&thread, 1010 * MS, keep_off);
	take(1011, 0, 0);
	vp_perf_away_so_far(&thread, 1020 * MS, keep_off);
	ck_assert_uint_eq(seen_count, 3);
	for (uint32_t i = 1; i < 3; i++)
		ck_assert_uint_eq(seen[i].begin_ns, seen[i - 1].end_ns);
	ck_assert_int_eq(seen[0].goes_on, 1);
	ck_assert_int_eq(seen[2].goes_on, 0);
	ck_assert_uint_eq(seen[2].end_ns, 1011 * MS);
}
END_TEST

static uint32_t ignored_count;

static void count_off(const struct vp_perf_off *off)
{
	(void)off;
	ignored_count++;
}

static void switch_often(uint64_t records, uint64_t every_ns)
{
	for (uint64_t i = 0; i < records; i++)
		vp_perf_away_take(&thread,
				  &(struct vp_perf_switch){.time_ns = 1000 * MS + every_ns * i,
							   .tid = 7,
							   .out = (uint8_t)(i & 1)},
				  count_off);
}

START_TEST(a_thread_that_switches_too_often_gives_up)
{
	setup();
	switch_often(40000, 101000); /* 4,950 a second, both ways */
	ck_assert_int_eq(thread.away.given_up, VP_PERF_RECORDS);
	ck_assert_uint_eq(ignored_count, 20000);
	setup();
	switch_often(10002, 99000);
	ck_assert_int_eq(thread.away.given_up, VP_PERF_GIVES_UP);
}
END_TEST

static struct vp_switch_rate rate;
static uint64_t rate_now_ns, rate_slices;

/* Looks four times a second, at a thread that switches so often in each.  Returns how many looks
 * in all saw it switch too often. */
static uint32_t rate_seconds(uint64_t seconds, uint64_t switches)
{
	uint32_t often = 0;

	for (uint64_t i = 0; i < seconds * 4; i++) {
		rate_now_ns += 250 * MS;
		rate_slices += switches / 4;
		often += vp_switch_rate_look(&rate, rate_slices, rate_now_ns) != 0;
	}
	return often;
}

static void rate_setup(void)
{
	rate = (struct vp_switch_rate){0};
	rate_now_ns = 1000 * MS;
	rate_slices = 1000000; /* of a thread that is old: they do not count */
}

START_TEST(without_records_the_kernels_counts_tell)
{
	rate_setup();
	ck_assert_uint_eq(rate_seconds(20, 4960), 0);
	ck_assert_int_eq(rate.often, 0);
	ck_assert_uint_gt(rate_seconds(2, 5200), 0);
	ck_assert_int_eq(rate.often, 1);
	/* At once, where it is far too many: of the first second's quarter */
	rate_setup();
	rate_seconds(1, 40);
	ck_assert_int_eq(vp_switch_rate_look(&rate, rate_slices + 5030, rate_now_ns + 10 * MS), 1);
	/* Not looked at for long: so many a second, and not so many in all */
	rate_setup();
	rate_seconds(1, 40);
	ck_assert_int_eq(vp_switch_rate_look(&rate, rate_slices + 40000, rate_now_ns + 9000 * MS), 0);
	ck_assert_int_eq(vp_switch_rate_look(&rate, rate_slices + 90000, rate_now_ns + 18000 * MS), 1);
}
END_TEST

START_TEST(what_the_kernel_does_not_count_is_not_often)
{
	rate_setup();
	for (uint64_t i = 0; i < 100; i++)
		ck_assert_int_eq(vp_switch_rate_look(&rate, 0, 1000 * MS * i), 0);
	ck_assert_int_eq(rate.often, 0);
}
END_TEST

START_TEST(calm_is_believed_later_each_time)
{
	rate_setup();
	rate_seconds(2, 100000);
	rate_seconds(1, 2400);
	ck_assert_int_eq(rate.often, 1);
	rate_seconds(1, 3000); /* neither */
	rate_seconds(1, 2400);
	ck_assert_int_eq(rate.often, 1);
	rate_seconds(2, 2400);
	ck_assert_int_eq(rate.often, 0);
	rate_seconds(2, 100000);
	rate_seconds(6, 2400);
	ck_assert_int_eq(rate.often, 1);
	rate_seconds(3, 2400);
	ck_assert_int_eq(rate.often, 0);
	for (int i = 0; i < 10; i++) {
		rate_seconds(2, 100000);
		rate_seconds(70, 10);
		ck_assert_int_eq(rate.often, 0);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, rings_are_merged_by_time);
	tcase_add_test(tests, of_equal_times_the_leaving_is_first);
	tcase_add_test(tests, more_than_there_is_room_for_are_counted);
	tcase_add_test(tests, a_pair_is_a_time_off_the_cpu);
	tcase_add_test(tests, the_first_record_tells_where_it_was);
	tcase_add_test(tests, a_lost_half_is_counted_and_makes_no_time);
	tcase_add_test(tests, a_record_that_comes_too_late_turns_nothing_round);
	tcase_add_test(tests, a_fault_is_told_when_it_is_over);
	tcase_add_test(tests, what_goes_on_is_told_in_parts);
	tcase_add_test(tests, a_thread_that_switches_too_often_gives_up);
	tcase_add_test(tests, without_records_the_kernels_counts_tell);
	tcase_add_test(tests, what_the_kernel_does_not_count_is_not_often);
	tcase_add_test(tests, calm_is_believed_later_each_time);
}

int main(void)
{
	return check_main("switches", cases);
}
