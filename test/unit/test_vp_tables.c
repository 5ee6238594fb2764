/* ring/tables: rows that are handed out once, strings, a section that is full. */
#include "library_file.h"

static const struct vp_tracker table[] = {
    {.name = "strings", .section = {SECTION_OF(STRINGS, vprof_string_row, 16, 0)}},
    {.name = "marks", .section = {SECTION_OF(MARKS, vprof_mark, 16, 1)}},
    {.name = "nodes", .section = {SECTION_OF(NODES, vprof_node, 16, 0)}},
};

static void open_file(void)
{
	library_file(table, COUNT_OF(table));
}

START_TEST(rows_are_numbered_and_stay_where_they_are)
{
	struct vprof_node *first, *row;
	uint32_t id;

	open_file();
	first = vp_table_add(VPROF_SEC_NODES, &id);
	ck_assert_uint_eq(id, 0);
	for (uint32_t i = 1; i < 50000; i++) {
		row = vp_table_add(VPROF_SEC_NODES, &id);
		ck_assert_ptr_nonnull(row);
		ck_assert_uint_eq(id, i);
		ck_assert_uint_eq(row->where, 0); /* a fresh row is zero */
		row->where = i;
	}
	ck_assert_ptr_eq(vp_table_row(VPROF_SEC_NODES, 0), first);
	for (uint32_t i = 1; i < 50000; i++) {
		row = vp_table_row(VPROF_SEC_NODES, i);
		ck_assert_uint_eq(row->where, i);
	}
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_NODES), 50000);
}
END_TEST

START_TEST(a_full_section_refuses_and_the_others_go_on)
{
	uint32_t id, marks = 0;

	open_file();
	while (vp_table_add(VPROF_SEC_MARKS, &id))
		marks++;
	ck_assert_uint_eq(marks, vp_file.extent_bytes / sizeof(struct vprof_mark));
	ck_assert_ptr_null(vp_table_add(VPROF_SEC_MARKS, &id));
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_MARKS), marks);
	ck_assert_ptr_nonnull(vp_table_add(VPROF_SEC_NODES, &id));
}
END_TEST

START_TEST(a_section_nobody_wants_has_no_rows)
{
	uint32_t id;

	open_file();
	ck_assert_ptr_null(vp_table_add(VPROF_SEC_LOCKS, &id));
}
END_TEST

START_TEST(a_frozen_file_gives_no_more_extents)
{
	uint32_t id, rows = 0, used;

	open_file();
	ck_assert_ptr_nonnull(vp_table_add(VPROF_SEC_NODES, &id));
	used = vp_tables_freeze();
	ck_assert_uint_ge(used, 2); /* the header's and the nodes' */
	while (vp_table_add(VPROF_SEC_NODES, &id))
		rows++;
	ck_assert_uint_lt(rows, vp_file.extent_bytes / sizeof(struct vprof_node));
	ck_assert_uint_eq(vp_tables_freeze(), used);
	vp_tables_thaw();
	ck_assert_ptr_nonnull(vp_table_add(VPROF_SEC_NODES, &id));
}
END_TEST

START_TEST(rows_can_be_taken_back)
{
	uint32_t id;

	open_file();
	for (int i = 0; i < 5; i++)
		vp_table_add(VPROF_SEC_MARKS, &id);
	vp_table_shrink(VPROF_SEC_MARKS, 2);
	ck_assert_ptr_nonnull(vp_table_add(VPROF_SEC_MARKS, &id));
	ck_assert_uint_eq(id, 2);
}
END_TEST

START_TEST(strings_are_kept_whole)
{
	static char text[5001];
	uint32_t id[400];
	size_t most;

	open_file();
	memset(text, 'x', 5000);
	for (uint32_t i = 0; i < 400; i++) {
		id[i] = vp_string_add(text, i * 10);
		ck_assert_uint_ne(id[i], VPROF_NONE);
	}
	for (uint32_t i = 0; i < 400; i++) {
		ck_assert_uint_eq(strlen(vp_string_at(id[i], &most)), i * 10);
		ck_assert_uint_gt(most, i * 10); /* in one extent, with its end */
	}
	ck_assert_uint_eq(strlen(string_of(vp_string_add(text, 5000))), 4096);
	ck_assert_ptr_null(vp_string_at(1u << 30, &most));
}
END_TEST

START_TEST(a_string_without_room_is_counted)
{
	static char text[4096];
	uint64_t lost;

	open_file();
	memset(text, 'x', sizeof(text));
	lost = vp_file.header->lost[VPROF_LOST_STRINGS];
	while (vp_string_add(text, sizeof(text)) != VPROF_NONE)
		;
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_STRINGS], lost + 1);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, rows_are_numbered_and_stay_where_they_are);
	tcase_add_test(tests, a_full_section_refuses_and_the_others_go_on);
	tcase_add_test(tests, a_section_nobody_wants_has_no_rows);
	tcase_add_test(tests, a_frozen_file_gives_no_more_extents);
	tcase_add_test(tests, rows_can_be_taken_back);
	tcase_add_test(tests, strings_are_kept_whole);
	tcase_add_test(tests, a_string_without_room_is_counted);
}

int main(void)
{
	return check_main("vp_tables", cases);
}
