/* track/loop: which waits of made-up sequences are those of a loop, and what its
 * iterations are. */
#include "loop_waits.h"

START_TEST(a_wait_at_one_place_is_a_loop)
{
	turns(EPOLL, OUTER, 15);
	ck_assert_uint_eq(used, 0);
	turns(EPOLL, OUTER, 85);
	ck_assert_uint_eq(used, 1);
	/* those before it was known among them; the last is not over */
	ck_assert_uint_eq(rows[0].iterations, 99);
	ck_assert_uint_eq(in_histogram(&rows[0]), 99);
	ck_assert_uint_eq(rows[0].busy_ns, 99 * 100 * US);
	ck_assert_uint_eq(rows[0].idle_ns, 100 * 500 * US);
	ck_assert_uint_eq(rows[0].events, 100);
	ck_assert_uint_eq(rows[0].first_ns, 1000000);
	ck_assert_uint_eq(rows[0].now_ns, now - 100 * US);
	ck_assert_uint_eq(rows[0].max_ns, 100 * US);
	ck_assert_uint_eq(rows[0].last_ns - rows[0].first_ns,
			  rows[0].busy_ns + rows[0].idle_ns + rows[0].spin_ns);
}
END_TEST

/* The first found something at once, so that it took longer to be sure. */
START_TEST(all_waits_before_were_its_own)
{
	for (int i = 0; i < 5; i++) {
		begin(RECV, OUTER, VP_LOOP_NO_LIMIT);
		end(US, 1, 0);
		now += 100 * US;
	}
	turns(RECV, OUTER, 15);
	ck_assert_uint_eq(used, 0);
	turns(RECV, OUTER, 5);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(moved, 5 + 16);
	ck_assert_uint_eq(moved_ns, 5 * US + 16 * 500 * US);
}
END_TEST

START_TEST(fifteen_returns_are_none)
{
	turns(EPOLL, OUTER, 15);
	for (int i = 0; i < 40; i++) /* and neither is a wait from ever other depths */
		turns(RECV, OUTER - 64 * (uint64_t)i, 1);
	ck_assert_uint_eq(used, 0);
}
END_TEST

START_TEST(a_wait_deeper_holds_an_iteration_up)
{
	turns(EPOLL, OUTER, 20);
	for (int i = 0; i < 30; i++) {
		ck_assert_int_eq(wait_for(EPOLL, OUTER, MS), VP_LOOP_OWN);
		for (int k = 0; k < 40; k++) /* curl in a callback: more often than the loop */
			ck_assert_int_eq(wait_for(POLL, INNER, MS), VP_LOOP_INSIDE);
		/* no loop waits in these */
		ck_assert_int_eq(begin(1, INNER, VP_LOOP_NO_LIMIT), VP_LOOP_INSIDE);
		ck_assert_int_eq(begin(1, OUTER, VP_LOOP_NO_LIMIT), VP_LOOP_INSIDE);
	}
	wait_for(EPOLL, OUTER, MS);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 50);
	ck_assert_uint_eq(rows[0].blocked_ns, 30 * 40 * MS);
	ck_assert_uint_eq(rows[0].max_ns, 40 * MS);
}
END_TEST

START_TEST(outside_of_an_iteration)
{
	turns(EPOLL, OUTER, 20);
	begin(EPOLL, OUTER, VP_LOOP_NO_LIMIT);
	/* in a signal handler, while the loop waits */
	ck_assert_int_eq(begin(1, INNER, VP_LOOP_NO_LIMIT), VP_LOOP_OUTSIDE);
	ck_assert_int_eq(wait_for(RECV, INNER, MS), VP_LOOP_OUTSIDE);
}
END_TEST

/* From an iteration back to the frame that waits, or from the wait itself. */
START_TEST(longjmp_out)
{
	turns(EPOLL, OUTER, 20);
	now += 5 * MS;
	turns(EPOLL, OUTER, 1);
	ck_assert_uint_eq(rows[0].iterations, 20);
	ck_assert_uint_eq(rows[0].max_ns, 5 * MS + 100 * US);
	/* out of the wait: the next one begins at the same place */
	begin(EPOLL, OUTER, VP_LOOP_NO_LIMIT);
	now += 50 * MS;
	ck_assert_int_eq(begin(1, INNER, VP_LOOP_NO_LIMIT), VP_LOOP_OUTSIDE);
	turns(EPOLL, OUTER, 2);
	ck_assert_uint_eq(rows[0].iterations, 20 + 2);
	ck_assert_uint_eq(rows[0].max_ns, 5 * MS + 100 * US);
	/* out of a wait within an iteration */
	begin(RECV, INNER, VP_LOOP_NO_LIMIT);
	turns(EPOLL, OUTER, 1);
	ck_assert_uint_eq(rows[0].iterations, 20 + 3);
}
END_TEST

START_TEST(fibers)
{
	/* whichever fiber has nothing to do waits */
	for (int i = 0; i < 100; i++)
		turns(EPOLL, FIBER + (uint64_t)(i * 7 % 5) * (8u << 20), 1);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(loops.now->sp, 0);
	ck_assert_uint_eq(rows[0].iterations, 99);
	ck_assert_int_eq(wait_for(RECV, FIBER + (3u << 20), MS), VP_LOOP_INSIDE);
	/* a loop on the thread's stack, and fibers that wait in its iterations */
	setup();
	turns(EPOLL, INNER, 20);
	ck_assert_int_eq(wait_for(RECV, FIBER, MS), VP_LOOP_INSIDE);
	ck_assert_int_eq(wait_for(RECV, STACK + (64ull << 20), MS), VP_LOOP_INSIDE);
	ck_assert_int_eq(wait_for(EPOLL, INNER, MS), VP_LOOP_OWN);
	/* one place at two depths of one stack is two */
	setup();
	for (int i = 0; i < 40; i++) {
		turns(EPOLL, OUTER, 1);
		turns(EPOLL, INNER, 1);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(loops.now->sp, OUTER);
	ck_assert_uint_eq(rows[0].iterations, 39);
}
END_TEST

/* libuv's double poll: a look, then a wait, at one place. */
START_TEST(double_poll)
{
	for (int i = 0; i < 100; i++) {
		begin(EPOLL, OUTER, 0);
		end(700, 0, 0);
		now += 60;
		begin(EPOLL, OUTER, 30 * MS);
		end(400 * US, 1, 0);
		now += 90 * US;
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 99);
	ck_assert_uint_eq(rows[0].idle_ns, 100 * 400 * US);
	ck_assert_uint_eq(rows[0].spin_ns, 100 * 760);
	ck_assert_uint_eq(rows[0].busy_ns, 99 * 90 * US);
	ck_assert_uint_eq(in_histogram(&rows[0]), 99);
}
END_TEST

START_TEST(busy_poll)
{
	for (int i = 0; i < 1000; i++) {
		begin(EPOLL, OUTER, 0);
		end(400, i % 100 == 99, 0);
		now += i % 100 == 99 ? 5 * US : 100; /* one of a hundred has something */
	}
	begin(EPOLL, OUTER, 0);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 10);
	ck_assert_uint_eq(rows[0].spins, 990);
	ck_assert_uint_eq(rows[0].spin_ns, 990 * 500);
	ck_assert_uint_eq(rows[0].busy_ns, 10 * (5 * US + 400));
	ck_assert_uint_eq(rows[0].idle_ns, 0);
	/* a turn that found nothing and did something all the same: libuv's idle handles */
	end(400, 0, 0);
	now += 50 * US;
	begin(EPOLL, OUTER, 0);
	ck_assert_uint_eq(rows[0].iterations, 11);
	/* looks, then waits at another place for the same: one wait */
	end(400, 0, 0);
	now += 100;
	ck_assert_int_eq(begin(POLL, OUTER, MS), VP_LOOP_OWN);
	end(MS, 1, 0);
	now += 7 * US;
	begin(EPOLL, OUTER, 0);
	ck_assert_uint_eq(rows[0].iterations, 12);
	ck_assert_uint_eq(rows[0].idle_ns, MS);
}
END_TEST

/* A feed that is looked at again and again, without poll. */
START_TEST(busy_recv)
{
	for (int i = 0; i < 5000; i++) {
		begin(RECV, OUTER, VP_LOOP_NO_LIMIT);
		end(300, i % 500 == 0, 0);
		now += 100;
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].events, 10);
	ck_assert_uint_eq(rows[0].iterations, 10);
	ck_assert_uint_eq(rows[0].spins, 4989);
	/* but not in a loop that waits for many */
	setup();
	turns(EPOLL, OUTER, 20);
	for (int i = 0; i < 5000; i++) {
		begin(RECV, OUTER, VP_LOOP_NO_LIMIT);
		end(300, 1, 0);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(loops.now->pc, EPOLL);
}
END_TEST

START_TEST(late_wakeups)
{
	turns(EPOLL, OUTER, 20);
	begin(EPOLL, OUTER, 10 * MS);
	end(10 * MS + 70 * US, 0, 1);
	now += 50;
	/* nothing to do: that was no iteration, libuv's clock of milliseconds is short of it */
	begin(EPOLL, OUTER, 10 * MS);
	ck_assert_uint_eq(rows[0].iterations, 20);
	end(3 * MS, 1, 0);
	begin(EPOLL, OUTER, 0);
	end(MS, 0, 1);
	ck_assert_uint_eq(rows[0].delays, 1);
	ck_assert_uint_eq(rows[0].delay_ns, 70 * US);
	ck_assert_uint_eq(rows[0].delay_max_ns, 70 * US);
}
END_TEST

START_TEST(pauses)
{
	turns(EPOLL, OUTER, 20);
	now += S; /* nothing is recorded meanwhile */
	vp_control.pauses++;
	turns(EPOLL, OUTER, 20);
	ck_assert_uint_eq(rows[0].iterations, 38);
	ck_assert_uint_eq(rows[0].max_ns, 100 * US);
	/* it begins, and ends, during a wait */
	begin(EPOLL, OUTER, VP_LOOP_NO_LIMIT);
	vp_control.pauses++;
	end(S, 1, 0);
	turns(EPOLL, OUTER, 2);
	ck_assert_uint_eq(rows[0].max_ns, 100 * US);
	/* before the loop is known */
	setup();
	turns(EPOLL, OUTER, 10);
	vp_control.pauses++;
	turns(EPOLL, OUTER, 10);
	ck_assert_uint_eq(used, 0);
	turns(EPOLL, OUTER, 10);
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 19);
}
END_TEST

/* More sites than there is room for: the loop stays. */
START_TEST(many_sites)
{
	turns(EPOLL, OUTER, 20);
	for (int i = 0; i < 200; i++) {
		turns(EPOLL, OUTER, 1);
		for (uint64_t k = 0; k < 12; k++)
			wait_for(RECV + k, INNER - 64 * k, MS);
	}
	ck_assert_uint_eq(used, 1);
	ck_assert_uint_eq(rows[0].iterations, 219);
}
END_TEST

/* Sums hold, whatever the sequence: nothing is counted twice or runs backwards. */
/* A turn of the loop that did not sleep, as hooks make it.  Returns 1 where nobody looked at the
 * clock. */
static int turn_at_once(uint64_t work_ns)
{
	struct vp_loop *loop = loops.now;
	int untimed = loop && vp_turn_is_untimed(&loops, loop, loops.lock);

	if (untimed) {
		ck_assert(vp_turn_is_alike(loop, 1));
		ck_assert(!vp_turn_is_alike(loop, 0));
		loop->row->now_ns = 0;
		vp_turn_counts(&loops, loop, 1, 0);
	} else {
		begin(EPOLL, OUTER, VP_LOOP_NO_LIMIT);
		end(0, 1, 0);
	}
	now += work_ns;
	return untimed;
}

START_TEST(short_turns_are_timed_together)
{
	uint64_t start = now, untimed = 0, slow = 0;

	for (int i = 0; i < 4000; i++) {
		uint64_t ns = 300 + (uint64_t)(i * 37 % 100);

		if (i == 1003)
			ns = 50 * US;
		if (i > 2000 && i % 256 == 0)
			ns = 1500;
		if (i > 3000) /* the others had been slower */
			ns = 100;
		untimed += (uint64_t)turn_at_once(ns);
	}
	begin(EPOLL, OUTER, VP_LOOP_NO_LIMIT);
	ck_assert_uint_eq(rows[0].iterations, 4000);
	ck_assert_uint_eq(rows[0].events, 4000);
	ck_assert_uint_eq(in_histogram(&rows[0]), 4000);
	ck_assert_uint_eq(rows[0].busy_ns, now - start);
	ck_assert_uint_gt(untimed, 3000);
	/* which of eight took long is not known, and how long is, to a microsecond */
	ck_assert_uint_ge(rows[0].max_ns, 49 * US);
	ck_assert_uint_le(rows[0].max_ns, 51 * US);
	for (uint32_t i = 64; i < VPROF_LOOP_BUCKETS; i++)
		slow += rows[0].histogram[i];
	ck_assert_uint_eq(slow, 1);
}
END_TEST

START_TEST(a_turn_unlike_the_others_is_timed)
{
	for (int i = 0; i < 100; i++)
		turn_at_once(300);
	ck_assert_uint_gt(loops.now->skip + loops.now->untimed, 0);
	/* it slept */
	wait_for(EPOLL, OUTER, 5 * US);
	now += 300;
	for (int i = 0; i < (int)VP_TURNS_CALM; i++)
		ck_assert(!turn_at_once(300));
	for (int i = 0; i < 16; i++)
		turn_at_once(300);
	/* a call within it lasted */
	vp_loop_blocked(&loops, 10);
	ck_assert(!vp_turn_is_untimed(&loops, loops.now, loops.lock));
	/* it left the CPU */
	loops.now->blocked_ns = 0;
	ck_assert(!vp_turn_is_untimed(&loops, loops.now, loops.lock + 2));
	begin(EPOLL, OUTER, VP_LOOP_NO_LIMIT);
	ck_assert_uint_eq(rows[0].iterations, in_histogram(&rows[0]));
	ck_assert_uint_eq(rows[0].busy_ns + rows[0].idle_ns, now - rows[0].first_ns);
}
END_TEST

START_TEST(any_sequence)
{
	static const uint64_t pcs[] = {EPOLL, POLL, RECV, SLEEP, COND, 1};
	uint64_t seed = (uint64_t)_i + 1, start;

	setup();
	start = now;
	for (int i = 0; i < 20000; i++) {
		uint64_t random, sp;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		random = seed >> 20;
		sp = (random & 15) == 15 ? FIBER + (random & 0x30) * 65536
					 : OUTER - (random >> 4 & 3) * 64;
		shape = (random >> 8) % 4;
		begin(pcs[(random >> 12) % 6], sp, random >> 16 & 3 ? VP_LOOP_NO_LIMIT : 0);
		if (random >> 18 & 15) /* else it never ends */
			end((random >> 22) % (20 * US), random >> 24 & 1, random >> 25 & 1);
		now += (random >> 26) % (10 * US);
		vp_control.pauses += (random >> 30) % 1000 == 0;
		if (used >= VP_LOOP_SITES)
			break;
	}
	for (uint32_t i = 0; i < used; i++) {
		const struct vprof_loop *row = &rows[i];

		ck_assert_uint_eq(row->iterations, in_histogram(row));
		ck_assert_uint_le(row->busy_ns + row->idle_ns + row->spin_ns, now - start);
		ck_assert_uint_le(row->busy_ns + row->idle_ns + row->spin_ns,
				  row->last_ns - row->first_ns);
		ck_assert_uint_le(row->last_ns, now);
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_test(tests, a_wait_at_one_place_is_a_loop);
	tcase_add_test(tests, all_waits_before_were_its_own);
	tcase_add_test(tests, fifteen_returns_are_none);
	tcase_add_test(tests, a_wait_deeper_holds_an_iteration_up);
	tcase_add_test(tests, outside_of_an_iteration);
	tcase_add_test(tests, longjmp_out);
	tcase_add_test(tests, fibers);
	tcase_add_test(tests, double_poll);
	tcase_add_test(tests, busy_poll);
	tcase_add_test(tests, busy_recv);
	tcase_add_test(tests, late_wakeups);
	tcase_add_test(tests, pauses);
	tcase_add_test(tests, many_sites);
	tcase_add_test(tests, short_turns_are_timed_together);
	tcase_add_test(tests, a_turn_unlike_the_others_is_timed);
	tcase_add_loop_test(tests, any_sequence, 0, 50);
}

int main(void)
{
	return check_main("vp_loop", cases);
}
