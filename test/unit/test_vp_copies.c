/* track/copies: counters as they were at the first mark of a name. */
#include "library_thread.h"

#include "track/copies.h"
#include "track/mark.h"

static const struct vp_tracker table[] = {
    THREAD_TRACKERS,
    {.name = "waits", .section = {SECTION_OF(LOOPS, vprof_loop, 4, 0)}},
    {.name = "marks",
     .init = vp_marks_init,
     .section = {SECTION_OF(MARKS, vprof_mark, 16, 1), SECTION_OF(COPIES, vprof_copy, 2, 0)}},
    {.name = "locks", .section = {SECTION_OF(BLAME, vprof_blame, 2, 0)}},
};

static void setup(void)
{
	library_thread(table, COUNT_OF(table));
}

/* A word of a row as a reader puts it together: what is not there was zero. */
static uint64_t word_at(uint32_t mark, unsigned kind, uint32_t row, uint32_t word)
{
	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_COPIES); i++) {
		const struct vprof_copy *copy = vp_table_row(VPROF_SEC_COPIES, i);

		if (copy->mark == mark && copy->kind == kind && copy->row == row &&
		    word >= copy->word && word < copy->word + copy->words)
			return copy->value[word - copy->word];
	}
	return 0;
}

static const struct vprof_copy *head_of(uint32_t mark)
{
	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_COPIES); i++) {
		const struct vprof_copy *copy = vp_table_row(VPROF_SEC_COPIES, i);

		if (copy->mark == mark && copy->kind == VPROF_SEC_MARKS)
			return copy;
	}
	return NULL;
}

static struct vprof_site *new_site(uint32_t *row)
{
	struct vprof_site *site = vp_shard_site(self->shard, 40 + vp_table_used(VPROF_SEC_SITES),
						(struct vp_site_label){0, 0}, row);

	ck_assert_uint_ne(*row, 0);
	return site;
}

#define WORD(row, field) (uint32_t)(offsetof(struct row, field) / 8)

START_TEST(counters_are_as_they_were)
{
	struct vprof_site *site;
	const struct vprof_copy *head;
	uint32_t row, other;

	setup();
	site = new_site(&row);
	new_site(&other);
	site->allocs = 7;
	site->temporary = 3;
	self->row->alloc_bytes = 4096;
	vp_mark_add("warm", 0);
	site->allocs = 100;
	vp_mark_add("warm", 0); /* the second of a name changes nothing */
	head = head_of(0);
	ck_assert_ptr_nonnull(head);
	ck_assert_uint_ge(head->value[VPROF_COPY_END_NS], head->value[VPROF_COPY_BEGIN_NS]);
	ck_assert_uint_gt(head->value[VPROF_COPY_BEGIN_NS], 0);
	ck_assert_uint_eq(head->value[VPROF_COPY_LEFT_OUT], 0);
	/* one of the site, one of the thread: none of what has counted nothing */
	ck_assert_uint_eq(head->value[VPROF_COPY_ROWS], 2);
	ck_assert_uint_eq(vp_table_used(VPROF_SEC_COPIES), 3);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_SITES, row, WORD(vprof_site, allocs)), 7);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_SITES, row, WORD(vprof_site, frees)), 0);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_SITES, row, WORD(vprof_site, temporary)), 3);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_SITES, other, WORD(vprof_site, allocs)), 0);
	ck_assert_uint_eq(
	    word_at(0, VPROF_SEC_THREADS, self->row_id, WORD(vprof_thread, alloc_bytes)), 4096);
}
END_TEST

START_TEST(a_histogram_is_copied_where_it_is_not_empty)
{
	struct vprof_loop *loop;
	uint32_t row;

	setup();
	loop = vp_table_add(VPROF_SEC_LOOPS, &row);
	for (uint32_t i = 0; i < VPROF_LOOP_BUCKETS; i += 5)
		loop->histogram[i] = 1 + i;
	loop->iterations = 9;
	loop->slept = 4;
	loop->delay[VPROF_DELAY_BUCKETS - 1] = 11;
	loop->now_ns = 1; /* no counter */
	vp_mark_add("warm", 0);
	for (uint32_t i = 0; i < VPROF_LOOP_BUCKETS; i++)
		ck_assert_uint_eq(word_at(0, VPROF_SEC_LOOPS, row, WORD(vprof_loop, histogram) + i),
				  i % 5 ? 0 : 1 + i);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_LOOPS, row, WORD(vprof_loop, slept)), 4);
	ck_assert_uint_eq(
	    word_at(0, VPROF_SEC_LOOPS, row, WORD(vprof_loop, delay) + VPROF_DELAY_BUCKETS - 1),
	    11);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_LOOPS, row, WORD(vprof_loop, now_ns)), 0);
}
END_TEST

START_TEST(who_held_a_lock_is_copied)
{
	struct vprof_blame *blame;
	uint64_t pair;
	uint32_t row;

	setup();
	blame = vp_table_add(VPROF_SEC_BLAME, &row);
	blame->address = 0x1000; /* no counter */
	blame->times = 3;
	blame->ns = 70;
	blame->span_ns = 50;
	blame->wakes = 2;
	blame->histogram[4] = 5;
	blame->histogram[5] = 6;
	memcpy(&pair, &blame->histogram[4], sizeof(pair));
	vp_mark_add("warm", 0);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_BLAME, row, WORD(vprof_blame, address)), 0);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_BLAME, row, WORD(vprof_blame, times)), 3);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_BLAME, row, WORD(vprof_blame, ns)), 70);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_BLAME, row, WORD(vprof_blame, span_ns)), 50);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_BLAME, row, WORD(vprof_blame, wakes)), 2);
	ck_assert_uint_eq(word_at(0, VPROF_SEC_BLAME, row, WORD(vprof_blame, histogram) + 2), pair);
}
END_TEST

START_TEST(the_first_names_have_a_copy_and_what_the_library_says_has_none)
{
	char name[8] = "mark0";

	setup();
	vp_mark_note("set stall=5", 0); /* row 0 */
	for (uint32_t i = 0; i <= VPROF_COPIES_MAX; i++) {
		name[4] = (char)('0' + i);
		vp_mark_add(name, 0);
	}
	ck_assert_ptr_null(head_of(0));
	for (uint32_t i = 1; i <= VPROF_COPIES_MAX; i++)
		ck_assert_ptr_nonnull(head_of(i));
	ck_assert_ptr_null(head_of(VPROF_COPIES_MAX + 1));
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_COPIES], 0);
}
END_TEST

START_TEST(a_copy_without_room_says_so)
{
	uint32_t row;

	setup();
	for (uint32_t i = 0; i < 120; i++) {
		struct vprof_loop *loop = vp_table_add(VPROF_SEC_LOOPS, &row);

		for (uint32_t k = 0; k < VPROF_LOOP_BUCKETS; k++)
			loop->histogram[k] = 1;
	}
	vp_mark_add("warm", 0);
	ck_assert_uint_gt(head_of(0)->value[VPROF_COPY_LEFT_OUT], 0);
	ck_assert_uint_eq(head_of(0)->value[VPROF_COPY_LEFT_OUT],
			  vp_file.header->lost[VPROF_LOST_COPIES]);
	ck_assert_uint_eq(head_of(0)->value[VPROF_COPY_ROWS] + 1, vp_table_used(VPROF_SEC_COPIES));
	vp_mark_add("late", 0); /* not even a head */
	ck_assert_ptr_null(head_of(1));
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, counters_are_as_they_were);
	tcase_add_test(tests, a_histogram_is_copied_where_it_is_not_empty);
	tcase_add_test(tests, who_held_a_lock_is_copied);
	tcase_add_test(tests, the_first_names_have_a_copy_and_what_the_library_says_has_none);
	tcase_add_test(tests, a_copy_without_room_says_so);
}

int main(void)
{
	return check_main("vp_copies", cases);
}
