/* track/loop: which of two waits of made-up sequences is the loop's, and which one holds it up. */
#include "loop_waits.h"

/* The inner wait comes back more often, and is found first; it lies further in than the outer
 * one, seen from where they part, which is the loop. */
START_TEST(nested_from_the_start)
{
	shape = _i;
	for (int i = 0; i < 40; i++) {
		wait_for(EPOLL, OUTER, MS);
		wait_for(POLL, INNER, MS);
		wait_for(POLL, INNER, MS);
	}
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(rows[0].site, 0); /* void again */
	ck_assert_uint_eq(rows[0].iterations, 0);
	ck_assert_uint_eq(rows[1].site, EPOLL);
	ck_assert_uint_eq(rows[1].iterations, 39);
	ck_assert_int_eq(wait_for(POLL, INNER, MS), VP_LOOP_INSIDE);
}
END_TEST

/* Two waits in one frame: the first is the loop's, the other holds it up. */
START_TEST(alternating)
{
	for (int i = 0; i < 40; i++) {
		wait_for(RECV, OUTER, MS);
		wait_for(RECV + 1, OUTER, 2 * MS);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].site, RECV);
	ck_assert_uint_eq(rows[0].iterations, 39);
	ck_assert_int_eq(wait_for(RECV, OUTER, MS), VP_LOOP_OWN);
	ck_assert_int_eq(wait_for(RECV + 1, OUTER, MS), VP_LOOP_INSIDE);
}
END_TEST

/* In one frame, what waits for one of many outranks, however often the other waits. */
START_TEST(ranks_in_one_frame)
{
	for (int i = 0; i < 40; i++) {
		wait_for(EPOLL, OUTER, MS);
		for (int k = 0; k < 30; k++)
			wait_for(RECV, OUTER, 20 * US);
		wait_for(SLEEP, OUTER, MS);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].site, EPOLL);
	ck_assert_uint_eq(rows[0].iterations, 39);
}
END_TEST

START_TEST(another_place_takes_over)
{
	turns(POLL, OUTER, 20); /* until the server is there */
	turns(EPOLL, OUTER, 15);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 19);
	turns(EPOLL, OUTER, 85);
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(moved, 16 + 32); /* after 10 ms, and all of it */
	ck_assert_uint_ge(rows[1].iterations, 80);
	ck_assert_uint_eq(rows[1].busy_ns, rows[1].iterations * 100 * US);
	/* the first one again: its row goes on, and the rest was one iteration of it */
	turns(POLL, OUTER, 50);
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(rows[0].iterations, 20 + 49);
	ck_assert_uint_eq(rows[0].max_ns, 60 * MS + 100 * US);
	ck_assert_uint_eq(rows[1].now_ns, 0);
	/* but not if it was longer than an iteration is */
	turns(EPOLL, OUTER, 101000);
	turns(POLL, OUTER, 50);
	ck_assert_uint_eq(rows[0].iterations, 20 + 49 + 49);
	ck_assert_uint_eq(rows[0].max_ns, 60 * MS + 100 * US);
}
END_TEST

/* With the old one in between, another does not take over. */
START_TEST(no_takeover_in_between)
{
	turns(RECV, OUTER, 20);
	for (int i = 0; i < 40; i++) {
		turns(COND, OUTER, 15);
		turns(RECV, OUTER, 1);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 59);
}
END_TEST

/* What a callback waited for held up the loop; when that has been left it is a loop itself. */
START_TEST(from_then_on_it_is_idle)
{
	uint64_t was, n;

	shape = LIBUV;
	turns(EPOLL, INNER, 20);
	for (int i = 0; i < 30; i++) {
		wait_for(EPOLL, INNER, MS);
		wait_for(POLL, OUTER, MS);
	}
	was = moved;
	for (n = 1; used == 1 && n < 1000; n++) /* the last one was alone, too */
		wait_for(POLL, OUTER, MS);
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(moved - was, n);
	ck_assert_uint_eq(moved_ns, 16 * 500 * US + n * MS);
}
END_TEST

/* An interpreter's worker takes from its queue, and sleeps as its work. */
START_TEST(an_interpreter)
{
	shape = PYTHON;
	for (int i = 0; i < 60; i++) {
		wait_for(COND, OUTER, MS);
		wait_for(SLEEP, INNER, MS);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].site, COND);
	ck_assert_uint_eq(rows[0].iterations, 59);
	/* found first */
	setup();
	shape = PYTHON;
	turns(SLEEP, INNER, 20);
	for (int i = 0; i < 60; i++) {
		wait_for(COND, OUTER, MS);
		wait_for(SLEEP, INNER, MS);
	}
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(rows[1].site, COND);
	ck_assert_uint_ge(rows[1].iterations, 40);
}
END_TEST

/* Rust's channel, and now and then a lock that is taken, which waits a little nearer. */
START_TEST(a_lock_now_and_then)
{
	shape = WRAPPED;
	for (int i = 0; i < 60; i++) {
		turns(RECV, INNER, 10);
		wait_for(COND, OUTER, MS);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].site, RECV);
	ck_assert_uint_eq(rows[0].iterations, 599);
}
END_TEST

/* A loop that sleeps between two sessions, each of which has a loop of its own: that is the
 * loop, and the sleep holds it up. */
START_TEST(sessions)
{
	for (int i = 0; i < 40; i++) {
		turns(EPOLL, INNER, 100);
		ck_assert_int_eq(wait_for(SLEEP, OUTER, S), VP_LOOP_INSIDE);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].site, EPOLL);
	ck_assert_uint_eq(rows[0].iterations, 40 * 100 - 1);
	ck_assert_uint_eq(rows[0].max_ns, S + 100 * US);
	ck_assert_uint_eq(rows[0].blocked_ns, 39 * S);
}
END_TEST

/* The wait is deep in the library's stack, the callbacks are not: libuv's timers. */
START_TEST(waits_higher_up)
{
	shape = LIBUV;
	turns(EPOLL, INNER, 20);
	for (int i = 0; i < 40; i++) {
		turns(EPOLL, INNER, 3);
		ck_assert_int_eq(wait_for(POLL, OUTER, MS), VP_LOOP_INSIDE);
		ck_assert_int_eq(wait_for(SLEEP, OUTER, MS), VP_LOOP_INSIDE);
		ck_assert_int_eq(begin(1, OUTER, VP_LOOP_NO_LIMIT), VP_LOOP_INSIDE);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 19 + 120);
	ck_assert_uint_eq(rows[0].max_ns, 2 * MS + 100 * US);
	/* from the start: found first, and then not */
	setup();
	shape = LIBUV;
	for (int i = 0; i < 60; i++) {
		turns(EPOLL, INNER, 1);
		wait_for(POLL, OUTER, 20 * US);
		wait_for(POLL, OUTER, 20 * US);
		begin(RECV, OUTER, VP_LOOP_NO_LIMIT);
		end(1 * US, 1, 0);
	}
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(rows[0].site, 0);
	ck_assert_uint_eq(rows[1].site, EPOLL);
	ck_assert_uint_ge(rows[1].iterations, 40);
}
END_TEST

/* While it starts, the program sleeps, or polls, now and then; then its loop runs deeper. */
START_TEST(a_loop_that_was_left)
{
	uint64_t first = _i & 1 ? SLEEP : POLL;

	shape = _i & 2 ? PLAIN : WRAPPED;
	turns(first, OUTER, 20);
	turns(EPOLL, INNER, 4000);
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(rows[0].iterations, 19);
	ck_assert_uint_eq(rows[0].max_ns, 100 * US);
	/* after 10 ms; after a second where it polled in the frame that is still there */
	ck_assert_uint_eq(rows[1].site, EPOLL);
	ck_assert_uint_ge(rows[1].iterations, _i == 2 ? 2300 : 3980);
	ck_assert_uint_eq(rows[1].busy_ns, rows[1].iterations * 100 * US);
	ck_assert_uint_eq(rows[1].idle_ns, (rows[1].iterations + 1) * 500 * US);
}
END_TEST

/* A loop inside of another's iteration, for so long that it is the loop; then the outer
 * one again, whose iteration was that long. */
START_TEST(a_long_nested_loop)
{
	turns(EPOLL, OUTER, 20000);
	turns(POLL, INNER, 160);
	ck_assert_uint_eq(used, 1);
	turns(POLL, INNER, 40000);
	ck_assert_uint_eq(used, 2);
	ck_assert_uint_eq(rows[0].iterations, 19999);
	ck_assert_int_eq(wait_for(POLL, INNER, MS), VP_LOOP_OWN);
	/* after the inner one, still in the outer one's iteration */
	ck_assert_int_eq(begin(1, INNER + 64, VP_LOOP_NO_LIMIT), VP_LOOP_INSIDE);
	ck_assert_int_eq(wait_for(EPOLL, OUTER, MS), VP_LOOP_OWN);
	ck_assert_uint_eq(rows[0].iterations, 20000);
	ck_assert_uint_gt(rows[0].max_ns, 24 * S);
	turns(EPOLL, OUTER, 10);
	ck_assert_uint_eq(used, 2);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, nested_from_the_start, PLAIN, PYTHON);
	tcase_add_test(tests, alternating);
	tcase_add_test(tests, ranks_in_one_frame);
	tcase_add_test(tests, another_place_takes_over);
	tcase_add_test(tests, no_takeover_in_between);
	tcase_add_test(tests, from_then_on_it_is_idle);
	tcase_add_test(tests, an_interpreter);
	tcase_add_test(tests, a_lock_now_and_then);
	tcase_add_test(tests, sessions);
	tcase_add_test(tests, waits_higher_up);
	tcase_add_loop_test(tests, a_loop_that_was_left, 0, 4);
	tcase_add_test(tests, a_long_nested_loop);
}

int main(void)
{
	return check_main("vp_loop_outer", cases);
}
