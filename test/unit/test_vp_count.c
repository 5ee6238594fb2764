/* track/count: calls by function and caller, and how long they lasted: recursion, jumps out of
 * frames, what is inlined, tail calls, and depth beyond what there is room for. */
#include "library_thread.h"
#include "track/count.h"

static const struct vp_tracker table[] = {
    THREAD_TRACKERS,
    {.name = "counts",
     .section = {SECTION_OF(COUNTS, vprof_count, 2, 0),
		 SECTION_OF(DURATIONS, vprof_duration, 8, 0)}},
};

static uint64_t top; /* of a stack on which nothing is written */

static void make(void)
{
	library_thread(table, COUNT_OF(table));
	vp_tls.busy = 0;
	vp_control.counts = 1;
	top = self->stack.hi - 4096;
}

/* As told by a function whose frame lies so deep: the place in its code does not matter, but that
 * it is another one at its end. */
static void begin(uint64_t function, uint64_t caller, uint64_t deep)
{
	vp_count_begin(&(struct vp_told){function, caller, top - deep, function + 10});
}

static void end(uint64_t function, uint64_t caller, uint64_t deep)
{
	vp_count_end(&(struct vp_told){function, caller, top - deep, function + 20});
}

static const struct vprof_count *row_of(uint64_t function, uint64_t caller)
{
	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_COUNTS); i++) {
		const struct vprof_count *row = vp_table_row(VPROF_SEC_COUNTS, i);

		if ((row->where & VPROF_WHERE_ADDRESS) == function &&
		    (row->caller & VPROF_WHERE_ADDRESS) == caller)
			return row;
	}
	ck_abort_msg("no row");
	return NULL;
}

/* Calls of a function that ended. */
static uint64_t ended(uint64_t function)
{
	for (uint32_t i = 0; i < vp_table_used(VPROF_SEC_DURATIONS); i++) {
		const struct vprof_duration *row = vp_table_row(VPROF_SEC_DURATIONS, i);

		if ((row->where & VPROF_WHERE_ADDRESS) == function)
			return row->calls;
	}
	return 0;
}

static const struct vp_counts *counts(void)
{
	return self->slot[VP_SLOT_COUNTS];
}

#define F      0x1000
#define G      0x2000
#define H      0x3000
#define CALLER 0x9005

START_TEST(nested_and_recursive)
{
	begin(F, CALLER, 0);
	for (int i = 0; i < 3; i++) {
		begin(G, F + 50, 100);
		begin(F, G + 50, 200);
		end(F, G + 50, 200);
		end(G, F + 50, 100);
	}
	end(F, CALLER, 0);
	ck_assert_uint_eq(row_of(F, CALLER)->calls, 1);
	ck_assert_uint_eq(row_of(F, CALLER)->recursive, 0);
	ck_assert_uint_eq(row_of(G, F + 50)->calls, 3);
	ck_assert_uint_eq(row_of(F, G + 50)->calls, 3);
	ck_assert_uint_eq(row_of(F, G + 50)->recursive, 3);
	ck_assert_uint_eq(row_of(F, G + 50)->time_ns, 0);
	ck_assert_uint_ge(row_of(F, CALLER)->time_ns,
			  row_of(G, F + 50)->time_ns + row_of(F, CALLER)->self_ns);
	ck_assert_uint_eq(ended(F), 4);
	ck_assert_uint_eq(ended(G), 3);
	ck_assert_uint_eq(counts()->depth, 0);
}
END_TEST

/* Frames that were jumped out of: the next call lies where they lay, or their caller ends. */
START_TEST(jumped_out_of)
{
	begin(F, CALLER, 0);
	for (int i = 0; i < 5; i++) {
		begin(G, F + 50, 100);
		begin(H, G + 50, 200);
	}
	ck_assert_uint_eq(counts()->depth, 3);
	end(F, CALLER, 0);
	ck_assert_uint_eq(counts()->depth, 0);
	ck_assert_uint_eq(row_of(G, F + 50)->calls, 5);
	ck_assert_uint_eq(row_of(G, F + 50)->recursive, 0);
	ck_assert_uint_eq(ended(F), 1);
	ck_assert_uint_eq(ended(G), 0);
}
END_TEST

/* What is inlined tells of itself from its caller's frame, with its caller's caller. */
START_TEST(inlined)
{
	begin(F, CALLER, 0);
	begin(G, CALLER, 0);
	begin(H, CALLER, 0);
	ck_assert_uint_eq(counts()->depth, 3);
	end(H, CALLER, 0);
	end(G, CALLER, 0);
	end(F, CALLER, 0);
	ck_assert_uint_eq(ended(F) + ended(G) + ended(H), 3);
}
END_TEST

/* The last deed of a function is a jump to us: its frame is gone then. */
START_TEST(told_by_a_jump)
{
	begin(F, CALLER, 0);
	begin(G, F + 50, 100);
	begin(H, G + 50, 200);
	vp_count_end(&(struct vp_told){G, F + 50, top - 60, F + 50});
	ck_assert_uint_eq(counts()->depth, 1);
	ck_assert_uint_eq(ended(G), 1);
	ck_assert_uint_eq(ended(H), 0);
	end(F, CALLER, 0);
	ck_assert_uint_eq(ended(F), 1);
}
END_TEST

/* Memory of its own on the stack, or none: the stack pointer at the end is another one. */
START_TEST(a_frame_that_grew)
{
	begin(F, CALLER, 0);
	begin(G, F + 50, 500);
	end(G, F + 50, 500);
	end(F, CALLER, 300);
	ck_assert_uint_eq(ended(F), 1);
	ck_assert_uint_eq(counts()->depth, 0);
}
END_TEST

START_TEST(ends_without_begin)
{
	end(F, CALLER, 0);
	begin(F, CALLER, 0);
	end(G, F + 50, 100);
	ck_assert_uint_eq(counts()->depth, 1);
	end(F, CALLER, 0);
	ck_assert_uint_eq(ended(F), 1);
	ck_assert_uint_eq(ended(G), 0);
}
END_TEST

START_TEST(too_deep)
{
	const uint64_t calls = VP_COUNT_FRAMES + 1000;

	for (uint64_t i = 0; i < calls; i++)
		begin(F, CALLER, i * 8);
	for (uint64_t i = calls; i-- > 0;)
		end(F, CALLER, i * 8);
	ck_assert_uint_eq(row_of(F, CALLER)->calls, calls);
	ck_assert_uint_eq(row_of(F, CALLER)->recursive, calls - 1);
	ck_assert_uint_eq(ended(F), VP_COUNT_FRAMES);
	ck_assert_uint_eq(counts()->depth, 0);
}
END_TEST

/* Fibers, and handlers on a stack of their own: counted, not timed. */
START_TEST(on_another_stack)
{
	begin(F, CALLER, 0);
	vp_count_begin(&(struct vp_told){G, F + 50, 0x5000, G + 10});
	vp_count_end(&(struct vp_told){G, F + 50, 0x5000, G + 20});
	end(F, CALLER, 0);
	ck_assert_uint_eq(row_of(G, F + 50)->calls, 1);
	ck_assert_uint_eq(ended(G), 0);
	ck_assert_uint_eq(ended(F), 1);
}
END_TEST

/* A handler amid our own work calls what is not in the table: counted with the next one. */
START_TEST(amid_our_work)
{
	begin(F, CALLER, 0);
	vp_tls.busy = 1;
	for (uint64_t i = 0; i < VP_COUNT_PENDING + 2; i++)
		begin(G, i + 1, 100);
	begin(F, CALLER, 300);
	vp_tls.busy = 0;
	begin(H, CALLER, 0);
	ck_assert_uint_eq(row_of(G, 1)->calls, 1);
	ck_assert_uint_eq(row_of(G, VP_COUNT_PENDING)->calls, 1);
	ck_assert_uint_eq(row_of(F, CALLER)->calls, 2);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_COUNTS], 2);
}
END_TEST

START_TEST(many_functions)
{
	for (uint64_t i = 1; i <= 3000; i++)
		begin(i * 16, CALLER, 0);
	for (uint64_t i = 1; i <= 3000; i++)
		begin(i * 16, CALLER, 0);
	for (uint64_t i = 1; i <= 3000; i++)
		ck_assert_uint_eq(row_of(i * 16, CALLER)->calls, 2);
	ck_assert_uint_eq(vp_file.header->lost[VPROF_LOST_COUNTS], 0);
}
END_TEST

/* The process ends amid them; so does a thread, of which nothing is kept. */
START_TEST(ends)
{
	begin(F, CALLER, 0);
	begin(G, F + 50, 100);
	vp_counts_finish(0);
	ck_assert_uint_eq(ended(F), 0);
	vp_counts_finish(1);
	ck_assert_uint_eq(ended(F) + ended(G), 2);
	ck_assert_uint_eq(vp_control.counts, 0);
	vp_tls.busy = 1;
	vp_counts_thread_end(self);
	ck_assert_ptr_null(counts());
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make, NULL);
	tcase_add_test(tests, nested_and_recursive);
	tcase_add_test(tests, jumped_out_of);
	tcase_add_test(tests, inlined);
	tcase_add_test(tests, told_by_a_jump);
	tcase_add_test(tests, a_frame_that_grew);
	tcase_add_test(tests, ends_without_begin);
	tcase_add_test(tests, too_deep);
	tcase_add_test(tests, on_another_stack);
	tcase_add_test(tests, amid_our_work);
	tcase_add_test(tests, many_functions);
	tcase_add_test(tests, ends);
}

int main(void)
{
	return check_main("vp_count", cases);
}
