/* track/map_books: totals by call path, the peak, and what a forked child has. */
#include "library_file.h"
#include "track/map_books.h"

#define PAGE VP_MAP_PAGE
#define BASE 0x7f0000000000ull

static const struct vp_tracker trackers[] = {
    {.name = "maps",
     .init = vp_map_books_init,
     .section = {SECTION_OF(STRINGS, vprof_string_row, 16, 0), SECTION_OF(MAPS, vprof_map, 16, 0)}},
};

static void start(void)
{
	library_file(trackers, COUNT_OF(trackers));
	vp_control.maps = 1;
}

static const struct vprof_map *row_of(uint32_t node)
{
	for (uint32_t i = 1; i < vp_table_used(VPROF_SEC_MAPS); i++) {
		const struct vprof_map *row = vp_table_row(VPROF_SEC_MAPS, i);

		if (row->node == node && !(row->flags & VPROF_MAP_INHERITED))
			return row;
	}
	ck_abort_msg("no row of node %u", node);
	return NULL;
}

static void map(uint32_t node, uint64_t page, uint64_t pages)
{
	vp_map_books_mapped(node, BASE + page * PAGE, pages * PAGE, VPROF_MAP_ANON);
}

static void unmap(uint32_t node, uint64_t page, uint64_t pages)
{
	vp_map_books_released(vp_map_books_take(BASE + page * PAGE, pages * PAGE), node);
}

START_TEST(bytes_are_those_of_who_mapped_them)
{
	start();
	map(5, 0, 10);
	map(6, 10, 10);
	unmap(7, 5, 10); /* five of each */
	ck_assert_uint_eq(row_of(5)->mapped_bytes, 10 * PAGE);
	ck_assert_uint_eq(row_of(5)->unmapped_bytes, 5 * PAGE);
	ck_assert_uint_eq(row_of(6)->unmapped_bytes, 5 * PAGE);
	ck_assert_uint_eq(row_of(7)->unmaps, 1);
	ck_assert_uint_eq(row_of(7)->released_bytes, 10 * PAGE);
	ck_assert_uint_eq(row_of(7)->maps, 0);
	ck_assert_uint_eq(vp_file.header->map_live_bytes, 10 * PAGE);
	unmap(7, 100, 3); /* nothing is there */
	ck_assert_uint_eq(row_of(7)->unmaps, 2);
	ck_assert_uint_eq(row_of(7)->released_bytes, 10 * PAGE);
}
END_TEST

START_TEST(a_call_that_failed_changes_nothing)
{
	start();
	map(5, 0, 10);
	vp_map_books_put_back(vp_map_books_take(BASE + 3 * PAGE, 4 * PAGE));
	ck_assert_uint_eq(row_of(5)->unmapped_bytes, 0);
	unmap(VPROF_NONE, 0, 10); /* by nobody that counts */
	ck_assert_uint_eq(row_of(5)->unmapped_bytes, 10 * PAGE);
	ck_assert_uint_eq(vp_file.header->map_live_bytes, 0);
	ck_assert_ptr_null(vp_map_books_take(BASE + 1, PAGE)); /* as the kernel has it */
	ck_assert_ptr_null(vp_map_books_take(BASE, 0));
	ck_assert_ptr_null(vp_map_books_take(UINT64_MAX - PAGE + 1, 2 * PAGE));
}
END_TEST

/* What a path had at the peak is in its row, or its row has not changed since. */
static uint64_t at_peak(uint32_t node)
{
	const struct vprof_map *row = row_of(node);

	return row->peak_epoch == vp_file.header->map_peak_epoch
		   ? row->peak_bytes
		   : row->mapped_bytes - row->unmapped_bytes;
}

START_TEST(the_peak_by_call_path)
{
	start();
	map(5, 0, 10);
	map(6, 10, 20); /* the peak: 30 */
	unmap(6, 10, 20);
	map(7, 40, 15);
	unmap(5, 0, 5);
	ck_assert_uint_eq(vp_file.header->map_peak_bytes, 30 * PAGE);
	ck_assert_uint_eq(at_peak(5), 10 * PAGE);
	ck_assert_uint_eq(at_peak(6), 20 * PAGE);
	ck_assert_uint_eq(at_peak(7), 0);
}
END_TEST

START_TEST(mapped_over_is_unmapped)
{
	start();
	map(5, 0, 10);
	map(6, 4, 2);
	ck_assert_uint_eq(row_of(5)->unmapped_bytes, 2 * PAGE);
	ck_assert_uint_eq(vp_file.header->map_live_bytes, 10 * PAGE);
	ck_assert_uint_eq(vp_file.header->map_peak_bytes, 10 * PAGE);
}
END_TEST

START_TEST(a_child_inherits_what_is_mapped)
{
	const struct vprof_map *row;
	struct vp_range range;

	start();
	map(5, 0, 10);
	vp_map_books_fork_child();
	start(); /* a file of its own */
	ck_assert_uint_eq(vp_file.header->map_live_bytes, 10 * PAGE);
	ck_assert_uint_eq(vp_map_books_copy(0, &range, 1), 1);
	row = vp_table_row(VPROF_SEC_MAPS, vp_map_books_row(&range));
	ck_assert_uint_eq(row->flags, VPROF_MAP_INHERITED);
	ck_assert_uint_eq(row->mapped_bytes, 10 * PAGE);
	unmap(5, 0, 4);
	ck_assert_uint_eq(row->unmapped_bytes, 4 * PAGE);
	ck_assert_uint_eq(row_of(5)->released_bytes, 4 * PAGE);
	ck_assert_uint_eq(row_of(5)->mapped_bytes, 0);
}
END_TEST

/* More call paths than the first index has room for. */
START_TEST(many_call_paths)
{
	start();
	for (uint32_t node = 2; node < 3000; node++)
		map(node, node * 2ull, 1);
	for (uint32_t node = 2; node < 3000; node++) {
		map(node, 10000 + node * 2ull, 1);
		ck_assert_uint_eq(row_of(node)->maps, 2);
	}
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_MAPS), 2999);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, bytes_are_those_of_who_mapped_them);
	tcase_add_test(tests, a_call_that_failed_changes_nothing);
	tcase_add_test(tests, the_peak_by_call_path);
	tcase_add_test(tests, mapped_over_is_unmapped);
	tcase_add_test(tests, a_child_inherits_what_is_mapped);
	tcase_add_test(tests, many_call_paths);
}

int main(void)
{
	return check_main("vp_map_books", cases);
}
