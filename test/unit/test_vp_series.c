/* The series as the library writes it: points that merge, rows that come late,
 * the ages at the end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/private_heap.h"
#include "base/state.h"
#include "base/tracker.h"
#include "check_main.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/heap.h"
#include "track/series.h"

/* The two trackers that the tests need, in place of control/trackers.c. */
static const struct vp_tracker trackers[] = {
    {.name = "heap",
     .init = vp_track_heap_init,
     .section = {{VPROF_SEC_SITES, sizeof(struct vprof_site), 16, 0},
		 {VPROF_SEC_STRINGS, sizeof(struct vprof_string_row), 16, 0},
		 {VPROF_SEC_THREADS, sizeof(struct vprof_thread), 4, 0}}},
    {.name = "series",
     .init = vp_series_init,
     .section = {{VPROF_SEC_SERIES, sizeof(struct vprof_series), 1, 64}}},
};

static void open_file(void)
{
	int fd;

	snprintf(vp_file.path, sizeof(vp_file.path), "/tmp/vp-series-%d.vprof", (int)getpid());
	ck_assert_int_eq(vp_file_create(4u << 20, &fd), 0);
	close(fd);
	unlink(vp_file.path);
	vp_config.heap = vp_control.heap = VPROF_HEAP_EXACT;
	vp_config.tick_ms = 100;
	vp_trackers_use(trackers, sizeof(trackers) / sizeof(trackers[0]));
	vp_tables_init();
	ck_assert_int_eq(vp_trackers_init(), 0);
}

static struct vprof_site *site(uint32_t node, uint16_t shard)
{
	uint32_t row;
	struct vprof_site *s = vp_table_add(VPROF_SEC_SITES, &row);

	s->node = node;
	s->shard = shard;
	return s;
}

static void allocate(struct vprof_site *s, uint64_t blocks, uint64_t bytes)
{
	s->allocs += blocks;
	s->alloc_bytes += bytes;
}

static const struct vprof_series *series_of(uint32_t node)
{
	for (uint32_t i = 1; i < vp_table_used(VPROF_SEC_SERIES); i++) {
		const struct vprof_series *row = vp_table_row(VPROF_SEC_SERIES, i);

		if (row->node == node)
			return row;
	}
	return NULL;
}

/* 1000 iterations; two shards of one stack, of which one frees what the other
 * allocated; another stack that begins at iteration 300. */
START_TEST(iterations_merge)
{
	const struct vprof_series *clock, *row, *late;
	struct vprof_site *a, *b, *c;
	uint32_t points;

	open_file();
	a = site(10, 1);
	b = site(10, 2);
	c = site(11, 1);
	for (int i = 1; i <= 1000; i++) {
		allocate(a, 3, 300);
		b->frees += 2;
		b->freed_bytes += 200;
		if (i >= 300)
			allocate(c, 5, 40);
		vp_series_iteration();
	}
	points = vp_file.header->series_points;
	clock = vp_table_row(VPROF_SEC_SERIES, 0);
	row = series_of(10);
	late = series_of(11);
	ck_assert_uint_eq(vp_file.header->series_clock, VPROF_SERIES_ITERATIONS);
	ck_assert_uint_eq(vp_file.header->series_iterations, 1000);
	ck_assert_uint_eq(vp_file.header->series_step, 8);
	ck_assert_uint_eq(vp_file.header->series_sequence % 2, 0);
	ck_assert_uint_eq(points, 1000 / 8);
	ck_assert_ptr_nonnull(row);
	for (uint32_t i = 0; i < points; i++)
		ck_assert_uint_eq(clock->blocks[i], 8 * (i + 1));
	/* a point that was never merged is exact, of others the lowest is kept */
	ck_assert_uint_eq(row->bytes[points - 1], 100 * 8 * points);
	ck_assert_uint_eq(row->blocks[points - 1], 8 * points);
	for (uint32_t i = 1; i < points; i++) {
		ck_assert_uint_gt(row->bytes[i], row->bytes[i - 1]);
		ck_assert_uint_le(row->bytes[i], 100ull * clock->blocks[i]);
		ck_assert_uint_gt(row->bytes[i], 100ull * clock->blocks[i - 1]);
	}
	for (uint32_t i = 0; i < points / 8; i++)
		ck_assert_uint_eq(row->allocs[i], 3ull * clock->blocks[8 * i + 7]);
	ck_assert_uint_eq(row->allocs[points / 8], 0);
	/* iteration 300 fell into the point that ends at 304 */
	ck_assert_uint_eq(late->first, 304 / 8 - 1);
	ck_assert_uint_gt(late->bytes[late->first], 0);
	ck_assert_ptr_null(series_of(12));
}
END_TEST

START_TEST(next_to_nothing_has_no_row)
{
	struct vprof_site *a, *b;

	open_file();
	a = site(10, 1);
	b = site(11, 1);
	allocate(a, 2, 1023);
	allocate(b, 1, 1024);
	vp_series_tick(0);
	ck_assert_uint_eq(vp_file.header->series_points, 1);
	ck_assert_uint_eq(vp_file.header->series_clock, VPROF_SERIES_TIME);
	ck_assert_ptr_null(series_of(10));
	ck_assert_uint_eq(series_of(11)->bytes[0], 1024);
}
END_TEST

/* More sites than rows: who does not grow makes room for who does. */
START_TEST(rows_are_given_to_those_that_grow)
{
	uint32_t rows, extents, late = 20000;
	struct vprof_site *s;

	open_file();
	extents = vp_table[VPROF_SEC_SERIES].extents_max;
	rows = extents << vp_table[VPROF_SEC_SERIES].shift;
	for (uint32_t i = 0; i < rows + 50; i++)
		allocate(site(100 + i, 1), 4, 4000);
	for (int i = 0; i < 60; i++)
		vp_series_iteration();
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_SERIES), rows);
	ck_assert_uint_gt(vp_file.header->series_left_out, 0);
	s = site(late, 1);
	allocate(s, 4, 4000);
	for (int i = 0; i < 3; i++) {
		allocate(s, 4, 4000);
		vp_series_iteration();
	}
	ck_assert_ptr_nonnull(series_of(late));
	ck_assert_uint_eq(series_of(late)->first, 60);
	ck_assert_uint_eq(series_of(late)->bytes[62], 16000);
}
END_TEST

START_TEST(ages_are_counted_at_the_end)
{
	struct vp_block block = {.bytes = 100, .birth_ns = 0}, stale;
	const struct vprof_series *row;
	struct vprof_site *s;
	uint64_t sum = 0;

	open_file();
	s = site(10, 1);
	block.site = vp_table_used(VPROF_SEC_SITES) - 1;
	allocate(s, 50, 5000);
	for (uintptr_t i = 0; i < 50; i++)
		ck_assert_int_eq(vp_live_put(0x7f0000000000 + i * 3000, &block, &stale), 1);
	vp_series_tick(0);
	ck_assert_uint_eq(vp_file.header->series_ages_ns, 0);
	vp_series_tick(1);
	ck_assert_uint_ne(vp_file.header->series_ages_ns, 0);
	row = series_of(10);
	for (int i = 0; i < (int)VPROF_LIFETIME_BUCKETS; i++)
		sum += row->age[i];
	ck_assert_uint_eq(sum, 50);
	vp_series_tick(1); /* after a failed exec, again */
	sum = 0;
	for (int i = 0; i < (int)VPROF_LIFETIME_BUCKETS; i++)
		sum += row->age[i];
	ck_assert_uint_eq(sum, 50);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, iterations_merge);
	tcase_add_test(tests, next_to_nothing_has_no_row);
	tcase_add_test(tests, rows_are_given_to_those_that_grow);
	tcase_add_test(tests, ages_are_counted_at_the_end);
}

int main(void)
{
	vp_tls.busy = 1; /* as in a hook */
	if (vp_private_heap_init() != 0)
		return 1;
	return check_main("vp_series", cases);
}
