/* helper/book: which class a time off the CPU is of. */
#include "check_main.h"

#include <string.h>

#include "base/calls.h"
#include "helper/book.h"

#define MS 1000000ull

static struct vp_book book;
static struct vp_lasted_seen seen;

static void setup(void)
{
	memset(&book, 0, sizeof(book));
	memset(&seen, 0, sizeof(seen));
	book.exact = 1;
	book.window = (struct vp_book_window){.open = 1};
}

static void called(uint64_t begin_ms, uint64_t end_ms, enum vprof_class class)
{
	seen.call[seen.count++] =
	    (struct vp_lasted_call){begin_ms * MS, (end_ms * MS) << 4 | class};
	seen.ns[class] += (end_ms - begin_ms) * MS;
	seen.times[class]++;
}

static void off(uint64_t begin_ms, uint64_t end_ms)
{
	vp_book_add(&book, &(struct vp_off){.begin_ns = begin_ms * MS, .end_ns = end_ms * MS},
		    &seen);
}

static uint64_t ms(enum vprof_class class)
{
	return book.sum.ns[class] / MS;
}

START_TEST(the_call_it_lies_in_says_what_it_is)
{
	setup();
	called(10, 20, VPROF_CLASS_PACED);
	called(30, 40, VPROF_CLASS_BLOCKED);
	off(11, 19);
	off(31, 39);
	off(22, 25); /* in none */
	off(50, 51);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 8);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 8);
	ck_assert_uint_eq(ms(VPROF_CLASS_UNHOOKED), 3); /* of the last, a page may still come */
	ck_assert_uint_eq(book.open_ns, 1 * MS);
	ck_assert_uint_eq(book.sum.times[VPROF_CLASS_PACED], 1);
	ck_assert_uint_eq(book.sum.longest_ns[VPROF_CLASS_BLOCKED], 8 * MS);
}
END_TEST

START_TEST(a_handlers_call_lies_in_another)
{
	setup();
	called(12, 14, VPROF_CLASS_BLOCKED); /* in the signal handler, which ends before */
	called(10, 20, VPROF_CLASS_PACED);
	off(12, 14);
	off(15, 19);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 2);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 4);
}
END_TEST

START_TEST(of_the_call_under_way_it_goes_on)
{
	setup();
	seen.line = (struct vp_call_line){.kind = VP_CALL_nanosleep, .since_ns = 100 * MS};
	vp_book_add(&book, &(struct vp_off){.begin_ns = 101 * MS, .end_ns = 150 * MS, .goes_on = 1},
		    &seen);
	vp_book_add(&book, &(struct vp_off){.begin_ns = 150 * MS, .end_ns = 180 * MS, .goes_on = 1},
		    &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 79);
	ck_assert_uint_eq(book.sum.times[VPROF_CLASS_PACED], 0);
	off(180, 200);
	ck_assert_uint_eq(book.sum.times[VPROF_CLASS_PACED], 1);
	ck_assert_uint_eq(book.sum.longest_ns[VPROF_CLASS_PACED], 99 * MS);
}
END_TEST

START_TEST(a_call_without_a_begin_explains_what_goes_on)
{
	setup();
	seen.line = (struct vp_call_line){.kind = VP_CALL_nanosleep};
	off(10, 20);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 0);
	vp_book_add(&book, &(struct vp_off){.begin_ns = 30 * MS, .end_ns = 40 * MS, .goes_on = 1},
		    &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 10);
}
END_TEST

START_TEST(whose_call_is_gone_is_of_no_class)
{
	uint64_t sum = 0;

	setup();
	called(100, 110, VPROF_CLASS_PACED);
	seen.from_ns = 100 * MS;
	off(10, 20);
	for (unsigned i = 0; i < VPROF_CLASS_COUNT; i++)
		sum += book.sum.ns[i];
	ck_assert_uint_eq(sum + book.open_ns, 0);
}
END_TEST

static void page_comes(uint64_t ns)
{
	vp_book_add(&book, &(struct vp_off){.begin_ns = ns, .end_ns = ns, .fault = 1}, &seen);
}

START_TEST(a_page_that_comes_explains_what_was_before)
{
	setup();
	off(10, 14);
	off(14, 16); /* once more for it */
	page_comes(16 * MS + 20000);
	off(30, 31);
	page_comes(36 * MS); /* too late to be for that */
	off(40, 41);
	ck_assert_uint_eq(ms(VPROF_CLASS_FAULT), 6);
	ck_assert_uint_eq(book.sum.times[VPROF_CLASS_FAULT], 1);
	ck_assert_uint_eq(ms(VPROF_CLASS_UNHOOKED), 1);
}
END_TEST

START_TEST(a_page_is_late_by_what_others_took_of_the_cpu)
{
	struct vp_off others = {.begin_ns = 12 * MS, .end_ns = 32 * MS, .preempted = 1};

	setup();
	off(10, 11);
	vp_book_add(&book, &others, &seen);
	page_comes(34 * MS); /* 3 ms on the CPU after it came back */
	ck_assert_uint_eq(ms(VPROF_CLASS_FAULT), 1);
	ck_assert_uint_eq(ms(VPROF_CLASS_PREEMPTED), 20);
	off(40, 41);
	others = (struct vp_off){.begin_ns = 42 * MS, .end_ns = 62 * MS, .preempted = 1};
	vp_book_add(&book, &others, &seen);
	off(70, 71); /* 8 ms later: something else */
	page_comes(71 * MS);
	ck_assert_uint_eq(ms(VPROF_CLASS_FAULT), 2);
	ck_assert_uint_eq(ms(VPROF_CLASS_UNHOOKED), 1);
}
END_TEST

START_TEST(preempted_is_the_kernels_word)
{
	struct vp_off one = {.begin_ns = 12 * MS, .end_ns = 13 * MS, .preempted = 1};

	setup();
	called(10, 20, VPROF_CLASS_BLOCKED);
	vp_book_add(&book, &one, &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_PREEMPTED), 1);
	one.guessed = 1; /* then the call's is better */
	vp_book_add(&book, &one, &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_PREEMPTED), 1);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 1);
}
END_TEST

START_TEST(a_gap_is_shared_by_calls_and_run_delay)
{
	setup();
	called(10, 14, VPROF_CLASS_PACED);
	vp_book_add(&book,
		    &(struct vp_off){.begin_ns = 12 * MS,
				     .end_ns = 22 * MS,
				     .gap = 1,
				     .ran_ns = 3 * MS,
				     .delay_ns = 2 * MS},
		    &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 2);
	ck_assert_uint_eq(ms(VPROF_CLASS_PREEMPTED), 2); /* and 3 are not known */
}
END_TEST

START_TEST(without_records_calls_that_only_wait_come_first)
{
	struct vp_rough rough;

	setup();
	book.exact = 0;
	vp_book_begin_rough(&book, 100 * MS, 0, 0, &seen);
	called(100, 150, VPROF_CLASS_BLOCKED);
	called(150, 180, VPROF_CLASS_PACED);
	vp_book_rough(&book, 200 * MS, 60 * MS, 20 * MS, &seen, &rough);
	ck_assert_uint_eq(rough.ns[VPROF_CLASS_PACED], 30 * MS);
	ck_assert_uint_eq(rough.ns[VPROF_CLASS_BLOCKED], 10 * MS); /* the rest of it ran */
	ck_assert_uint_eq(rough.ns[VPROF_CLASS_PREEMPTED], 0);
	vp_book_rough(&book, 220 * MS, 60 * MS, 20 * MS, &seen, &rough);
	ck_assert_uint_eq(rough.ns[VPROF_CLASS_BLOCKED], 30 * MS);
	vp_book_rough(&book, 260 * MS, 60 * MS, 20 * MS, &seen, &rough);
	ck_assert_uint_eq(rough.ns[VPROF_CLASS_PREEMPTED], 20 * MS);
	ck_assert_uint_eq(rough.ns[VPROF_CLASS_UNHOOKED], 0);
}
END_TEST

START_TEST(records_begin_and_end)
{
	setup();
	book.exact = 0;
	vp_book_begin_rough(&book, 10 * MS, 0, 0, &seen);
	called(10, 30, VPROF_CLASS_PACED);
	vp_book_add(
	    &book,
	    &(struct vp_off){
		.begin_ns = 20 * MS, .end_ns = 20 * MS, .begins = 1, .fault = 1, .ran_ns = 1 * MS},
	    &seen);
	ck_assert_int_eq(book.exact, 1);
	ck_assert_uint_eq(ms(VPROF_CLASS_PACED), 9);
	ck_assert_uint_eq(book.sum.unwatched_ns, 10 * MS);
	ck_assert_uint_eq(book.sum.layers, VPROF_LAYER_SWITCHES | VPROF_LAYER_FAULTS);
	vp_book_add(&book, &(struct vp_off){.begin_ns = 40 * MS, .end_ns = 40 * MS, .ends = 1},
		    &seen);
	ck_assert_int_eq(book.exact, 0);
	ck_assert_uint_eq(book.sum.layers, 0);
	ck_assert_uint_eq(book.window.rough_ns, 40 * MS);
	ck_assert_uint_eq(book.window.called_ns[VPROF_CLASS_PACED], 20 * MS);
}
END_TEST

START_TEST(waits_of_a_loop_move_when_it_is_known)
{
	setup();
	called(10, 20, VPROF_CLASS_BLOCKED);
	off(10, 20);
	seen.moved = 1;
	seen.moved_ns = 12 * MS; /* by the clock around the calls: no more than there is */
	vp_book_move(&book, &seen, 21 * MS, 21 * MS);
	vp_book_move(&book, &seen, 31 * MS, 31 * MS);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 0);
	ck_assert_uint_eq(ms(VPROF_CLASS_IDLE), 10);
	ck_assert_uint_eq(book.sum.longest_ns[VPROF_CLASS_BLOCKED], 0);
}
END_TEST

/* The thread is ahead of the records: it has found its loop, and of its waits some are still in
 * the kernel's rings. */
START_TEST(waits_that_come_later_move_too)
{
	setup();
	called(10, 20, VPROF_CLASS_BLOCKED);
	called(20, 30, VPROF_CLASS_BLOCKED);
	seen.moved = 2;
	seen.moved_ns = 20 * MS;
	off(10, 20);
	vp_book_move(&book, &seen, 35 * MS, 25 * MS);
	off(20, 30);
	vp_book_move(&book, &seen, 45 * MS, 36 * MS);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 0);
	ck_assert_uint_eq(ms(VPROF_CLASS_IDLE), 20);
	ck_assert_uint_eq(book.sum.times[VPROF_CLASS_IDLE], 2);
	/* and what really blocks after that stays so */
	called(50, 60, VPROF_CLASS_BLOCKED);
	off(50, 60);
	vp_book_move(&book, &seen, 65 * MS, 65 * MS);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 10);
}
END_TEST

/* The loop was found before its switches are recorded: what was before is added as its calls
 * were taken at that time. */
START_TEST(waits_before_the_records_move_too)
{
	struct vp_off begins = {
	    .begin_ns = 30 * MS, .end_ns = 30 * MS, .begins = 1, .ran_ns = 10 * MS};

	setup();
	book.exact = 0;
	book.window.rough_ns = 1;
	called(10, 30, VPROF_CLASS_BLOCKED);
	seen.moved = 1;
	seen.moved_ns = 20 * MS;
	vp_book_move(&book, &seen, 31 * MS, 31 * MS);
	vp_book_add(&book, &begins, &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 19);
	vp_book_move(&book, &seen, 41 * MS, 40 * MS);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 0);
	ck_assert_uint_eq(ms(VPROF_CLASS_IDLE), 19);
}
END_TEST

/* Those before are in the book, and what comes next is told by the calls, which know. */
START_TEST(waits_move_when_records_end)
{
	struct vp_off ends = {.begin_ns = 30 * MS, .end_ns = 30 * MS, .ends = 1};

	setup();
	called(10, 20, VPROF_CLASS_BLOCKED);
	off(10, 20);
	seen.moved = 1;
	seen.moved_ns = 10 * MS;
	vp_book_move(&book, &seen, 25 * MS, 24 * MS);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 10);
	vp_book_add(&book, &ends, &seen);
	ck_assert_uint_eq(ms(VPROF_CLASS_BLOCKED), 0);
	ck_assert_uint_eq(ms(VPROF_CLASS_IDLE), 10);
	ck_assert_uint_eq(book.window.called_ns[VPROF_CLASS_IDLE], 10 * MS);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, the_call_it_lies_in_says_what_it_is);
	tcase_add_test(tests, a_handlers_call_lies_in_another);
	tcase_add_test(tests, of_the_call_under_way_it_goes_on);
	tcase_add_test(tests, a_call_without_a_begin_explains_what_goes_on);
	tcase_add_test(tests, whose_call_is_gone_is_of_no_class);
	tcase_add_test(tests, a_page_that_comes_explains_what_was_before);
	tcase_add_test(tests, a_page_is_late_by_what_others_took_of_the_cpu);
	tcase_add_test(tests, preempted_is_the_kernels_word);
	tcase_add_test(tests, a_gap_is_shared_by_calls_and_run_delay);
	tcase_add_test(tests, without_records_calls_that_only_wait_come_first);
	tcase_add_test(tests, records_begin_and_end);
	tcase_add_test(tests, waits_of_a_loop_move_when_it_is_known);
	tcase_add_test(tests, waits_that_come_later_move_too);
	tcase_add_test(tests, waits_before_the_records_move_too);
	tcase_add_test(tests, waits_move_when_records_end);
}

int main(void)
{
	return check_main("book", cases);
}
