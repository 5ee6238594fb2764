/* track/heap_times: what readings add up to, whatever is merged; and what somebody writes into the
 * file meanwhile. */
#include "library_thread.h"
#include "track/heap_times.h"

#define SITES 400u

static int times_init(void)
{
	vp_config.tick_ms = 1;
	return vp_heap_times_init();
}

/* Room for 2,048 rows. */
static const struct vp_tracker trackers[] = {
    THREAD_TRACKERS,
    {.name = "heap over time",
     .init = times_init,
     .section = {SECTION_OF(HEAP_TIMES, vprof_heap_time, 1, 2)}},
};

static struct vprof_site *site_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_SITES, id);
}

static struct vprof_heap_time *row_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_HEAP_TIMES, id);
}

static struct vprof_heap_times_head *head(void)
{
	return (void *)row_at(0);
}

static void setup(void)
{
	uint32_t id;

	library_thread(trackers, COUNT_OF(trackers));
	while (vp_table_used(VPROF_SEC_SITES) < SITES)
		ck_assert_ptr_nonnull(vp_table_add(VPROF_SEC_SITES, &id));
}

/* Something of each site, in a step of its own. */
static void read_once(uint32_t round)
{
	for (uint32_t i = 1; i < SITES; i++) {
		struct vprof_site *site = site_at(i);

		site->allocs += i;
		site->alloc_bytes += (uint64_t)i * round;
		site->frees += i / 2;
		site->freed_bytes += (uint64_t)i / 2 * round;
		site->temporary += i % 3;
	}
	usleep(1100);
	vp_heap_times_tick(1);
}

/* All rows of a site are what the site has. */
static void check_sums(void)
{
	static struct vprof_heap_time sum[SITES];

	memset(sum, 0, sizeof(sum));
	for (uint32_t i = 1; i < head()->rows; i++) {
		const struct vprof_heap_time *row = row_at(i);

		ck_assert_uint_lt(row->site, SITES);
		ck_assert_uint_lt(row->from_ns, row->to_ns);
		ck_assert_uint_le(row->to_ns, head()->until_ns);
		sum[row->site].allocs += row->allocs;
		sum[row->site].alloc_bytes += row->alloc_bytes;
		sum[row->site].frees += row->frees;
		sum[row->site].freed_bytes += row->freed_bytes;
		sum[row->site].temporary += row->temporary;
	}
	for (uint32_t i = 0; i < SITES; i++) {
		ck_assert_uint_eq(sum[i].allocs, site_at(i)->allocs);
		ck_assert_uint_eq(sum[i].alloc_bytes, site_at(i)->alloc_bytes);
		ck_assert_uint_eq(sum[i].frees, site_at(i)->frees);
		ck_assert_uint_eq(sum[i].freed_bytes, site_at(i)->freed_bytes);
		ck_assert_uint_eq(sum[i].temporary, site_at(i)->temporary);
	}
}

START_TEST(readings_are_what_changed)
{
	read_once(3);
	ck_assert_uint_eq(head()->rows, SITES); /* the head, and all but site 0 */
	ck_assert_uint_eq(row_at(1)->allocs, 1);
	ck_assert_uint_eq(row_at(10)->alloc_bytes, 30);
	check_sums();
	vp_heap_times_tick(1); /* nothing has changed */
	ck_assert_uint_eq(head()->rows, SITES);
	ck_assert_uint_eq(head()->readings, 2);
}
END_TEST

START_TEST(a_full_section_is_merged_and_loses_nothing)
{
	for (uint32_t round = 1; round <= 20; round++)
		read_once(round);
	ck_assert_uint_gt(head()->merges, 0);
	ck_assert_uint_gt(head()->step_ns, 1000000);
	ck_assert_uint_eq(head()->sequence % 2, 0);
	ck_assert_uint_eq(head()->nameless, 0);
	check_sums();
}
END_TEST

/* What somebody writes into the file costs rows, and leads nowhere. */
START_TEST(a_file_that_is_written_into)
{
	for (uint32_t round = 1; round <= 4; round++)
		read_once(round);
	for (uint32_t i = 0; i < head()->rows && i < 1000; i++)
		memset(row_at(i), 0xff, sizeof(struct vprof_heap_time));
	for (uint32_t round = 5; round <= 12; round++)
		read_once(round);
	ck_assert_uint_le(head()->rows, 2048);
}
END_TEST

START_TEST(no_heap_no_reading)
{
	vp_config.heap = VPROF_HEAP_OFF;
	read_once(1);
	ck_assert_uint_eq(head()->readings, 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, readings_are_what_changed);
	tcase_add_test(tests, a_full_section_is_merged_and_loses_nothing);
	tcase_add_test(tests, a_file_that_is_written_into);
	tcase_add_test(tests, no_heap_no_reading);
}

int main(void)
{
	return check_main("vp_heap_times", cases);
}
