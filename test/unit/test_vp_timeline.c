/* ring/timeline: neighbours merge when its share of the file is full. */
#include "library_file.h"
#include "ring/timeline.h"

static const struct vp_tracker table[] = {
    {.name = "timeline", .section = {SECTION_OF(TIMELINE, vprof_point, 16, 1)}},
};
#define TICK_NS 100u

static void add(uint64_t i, uint64_t rss)
{
	struct vprof_point point = {.t_ns = i * TICK_NS,
				    .ticks = 1,
				    .rss_min = rss,
				    .rss_max = rss,
				    .heap_min = i,
				    .heap_max = i};

	vp_timeline_add(&point, TICK_NS);
}

/* Whatever the number of readings: all of them are in, in order, with the range
 * of what was merged, and the step is a power of two of ticks. */
START_TEST(any_run_fits)
{
	uint32_t most;

	library_file(table, COUNT_OF(table));
	vp_timeline_reset();
	most = vp_file.extent_bytes / (uint32_t)sizeof(struct vprof_point);
	for (uint64_t i = 1; i <= most * 9ull; i++) {
		add(i, i == 1234 ? 99999999 : 1000 + i % 7);
		ck_assert_uint_le(vp_table_used(VPROF_SEC_TIMELINE), most);
	}
	ck_assert_uint_eq(vp_file.header->timeline_step_ns, 16 * TICK_NS);
	for (uint32_t i = 0, seen = 0; i < vp_table_used(VPROF_SEC_TIMELINE); i++) {
		const struct vprof_point *p = vp_table_row(VPROF_SEC_TIMELINE, i);
		int has_spike = seen + 1 <= 1234 && 1234 <= seen + p->ticks;

		ck_assert_uint_eq(p->heap_min, seen + 1);
		seen += p->ticks;
		ck_assert_uint_eq(p->heap_max, seen);
		ck_assert_uint_eq(p->t_ns, (uint64_t)seen * TICK_NS); /* the later one's */
		ck_assert_int_eq(p->rss_max == 99999999, has_spike);
		ck_assert_uint_ge(p->rss_min, 1000);
	}
}
END_TEST

START_TEST(until_it_is_full_nothing_merges)
{
	library_file(table, COUNT_OF(table));
	vp_timeline_reset();
	for (uint64_t i = 1; i <= 50; i++)
		add(i, i);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_TIMELINE), 50);
	ck_assert_uint_eq(vp_file.header->timeline_step_ns, TICK_NS);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, any_run_fits);
	tcase_add_test(tests, until_it_is_full_nothing_merges);
}

int main(void)
{
	return check_main("vp_timeline", cases);
}
