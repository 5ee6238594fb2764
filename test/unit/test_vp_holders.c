/* The locks that a thread holds, and the sum by which waits are charged to those who held the lock:
 * whatever comes in whatever order, each moment of each wait is charged once. */
#include "base/held.h"
#include "check_main.h"
#include "random.h"
#include "track/holders.h"

#include <unistd.h>

#define LOCK	0x1000u
#define WAITERS 24u

static struct vp_lock_place place = {.address = LOCK};

struct sums {
	uint64_t held, handoff, readers, abandoned, waited;
};

static uint32_t below(uint32_t most)
{
	return (uint32_t)(uniform() * most);
}

static uint64_t base(void)
{
	struct vp_share share;
	struct vp_waiting waiting;
	struct vp_readers readers;
	uint64_t now;

	/* vp_holders_give() looks at the clock itself: times are given around its. */
	vp_holders_wait(&waiting, &place, 0);
	ck_assert_int_eq(vp_holders_give(LOCK, VP_GIVING_ALONE, 1, NULL, &share), 1);
	now = share.now_ns;
	vp_holders_end(&waiting, VP_WAITING_GOT, now, &share, &readers);
	ck_assert_uint_eq(share.ns, 0);
	return now;
}

static void give(struct sums *sums, enum vp_giving how)
{
	struct vp_share share;

	if (vp_holders_give(LOCK, how, 7, NULL, &share))
		sums->held += share.ns;
}

static void end(struct sums *sums, const struct vp_waiting *waiting, enum vp_waiting_end how,
		uint64_t now)
{
	struct vp_share share;
	struct vp_readers readers;

	vp_holders_end(waiting, how, now, &share, &readers);
	sums->readers += readers.ns;
	if (how == VP_WAITING_ABANDONED)
		sums->abandoned += share.ns;
	else
		sums->waited += share.now_ns - waiting->since_ns;
	if (how == VP_WAITING_GOT || how == VP_WAITING_ENDED)
		sums->handoff += share.ns;
}

/* The lock is given back by one that had waited for it, and had it a while ago. */
static void give_own(struct sums *sums, const struct vp_waiting *waiting, uint64_t now)
{
	struct vp_got got = {.waiting = *waiting, .now_ns = now};
	struct vp_share share;

	if (vp_holders_give(LOCK, VP_GIVING_ALONE, 7, &got, &share))
		sums->held += share.ns;
	sums->readers += got.readers.ns;
	sums->waited += got.share.now_ns - waiting->since_ns;
	sums->handoff += got.share.ns;
}

START_TEST(every_moment_is_charged_once)
{
	struct vp_waiting waiting[WAITERS];
	int waits[WAITERS] = {0};
	struct sums sums = {0};
	uint64_t now;

	random_seed((unsigned)_i);
	vp_holders_init();
	now = base();
	for (int step = 0; step < 5000; step++) {
		uint32_t who = below(WAITERS);
		uint32_t what = below(10);

		now += below(50);
		if (!waits[who] && what < 6) {
			/* some say that they have waited for a while */
			vp_holders_wait(&waiting[who], &place, now - below(30));
			waits[who] = 1;
		} else if (waits[who] && what < 2) {
			give_own(&sums, &waiting[who], now - below(100));
			waits[who] = 0;
		} else if (waits[who] && what < 8) {
			end(&sums, &waiting[who], (enum vp_waiting_end)below(4), now);
			waits[who] = 0;
		} else {
			give(&sums, what & 1 ? VP_GIVING_ALONE : VP_GIVING_SHARED);
		}
	}
	for (uint32_t i = 0; i < WAITERS; i++)
		if (waits[i])
			end(&sums, &waiting[i], VP_WAITING_ENDED, now);
	give(&sums, VP_GIVING_ALONE);
	ck_assert_uint_gt(sums.waited, 0);
	ck_assert_uint_gt(sums.held, 0);
	ck_assert_uint_eq(sums.held + sums.handoff + sums.readers - sums.abandoned, sums.waited);
	ck_assert_int_eq(vp_holders_knows(LOCK), 0);
}
END_TEST

/* Two wait from 100 and 300 on, and the holder gives the lock back at `now`. */
START_TEST(a_part_of_a_share_is_what_was_waited_then)
{
	struct vp_share share = {.ns = 1200,
				 .now_ns = 800,
				 .sum_ns = 400,
				 .waiters = 2,
				 .fresh = 2,
				 .stored = 2,
				 .base = {100, 300}};

	ck_assert_uint_eq(vp_share_within(&share, 0, 1000), 1200);
	ck_assert_uint_eq(vp_share_within(&share, 200, 400), 200 + 100);
	ck_assert_uint_eq(vp_share_within(&share, 0, 100), 0);
	share.stored = 0; /* nobody knows more than their mean: 200 */
	ck_assert_uint_eq(vp_share_within(&share, 0, 1000), 1200);
	ck_assert_uint_eq(vp_share_within(&share, 250, 350), 200);
	share.owed_ns = 1150; /* most of it is of others, who gave up */
	ck_assert_uint_eq(vp_share_within(&share, 0, 1000), 50);
}
END_TEST

/* It had the lock at 2000, and another one came while it had it: what went by before is nobody's,
 * of those that waited then, and what went by after is its own doing. */
START_TEST(a_wait_that_is_told_of_later)
{
	struct vp_waiting first, second, third;
	struct vp_readers readers;
	struct vp_share share;
	struct vp_got got;
	uint64_t now;

	vp_holders_init();
	now = base();
	vp_holders_wait(&first, &place, now);
	vp_holders_wait(&second, &place, now + 1500);
	vp_holders_wait(&third, &place, now + 2500);
	got = (struct vp_got){.waiting = first, .now_ns = now + 2000};
	usleep(10); /* vp_holders_give() looks at the clock */
	ck_assert_int_eq(vp_holders_give(LOCK, VP_GIVING_ALONE, 7, &got, &share), 1);
	ck_assert_uint_eq(got.share.now_ns, now + 2000);
	ck_assert_uint_eq(got.share.ns, 2000 + 500);
	ck_assert_uint_eq(got.share.span_ns, 2000);
	ck_assert_uint_eq(share.ns, share.now_ns - (now + 2000) + share.now_ns - (now + 2500));
	ck_assert_uint_eq(share.span_ns, share.now_ns - (now + 2000));
	vp_holders_end(&second, VP_WAITING_GOT, share.now_ns + 10, &share, &readers);
	ck_assert_uint_eq(share.ns, 20);
	vp_holders_end(&third, VP_WAITING_ENDED, share.now_ns, &share, &readers);
	ck_assert_uint_eq(share.ns, 0);
}
END_TEST

/* Nobody was seen to give the lock back: whoever had it is not known. */
START_TEST(a_lock_given_back_unseen_is_told)
{
	struct vp_waiting waiting;
	struct vp_readers readers;
	struct vp_share share;
	uint64_t now;

	vp_holders_init();
	now = base();
	vp_holders_wait(&waiting, &place, now);
	vp_holders_end(&waiting, VP_WAITING_GOT, now + 1000000, &share, &readers);
	ck_assert_uint_eq(share.ns, 1000000);
	ck_assert_uint_eq(share.unseen, 1);
	vp_holders_wait(&waiting, &place, now + 1000000);
	vp_holders_end(&waiting, VP_WAITING_GOT, now + 1010000, &share, &readers);
	ck_assert_uint_eq(share.unseen, 0); /* so short that it was on its way */
}
END_TEST

/* Readers that each took another for the last one: the waiter tells. */
START_TEST(readers_that_go_at_once)
{
	struct vp_waiting waiting;
	struct vp_readers readers;
	struct vp_share share;
	uint64_t now;

	vp_holders_init();
	now = base();
	vp_holders_wait(&waiting, &place, now);
	ck_assert_int_eq(vp_holders_give(LOCK, VP_GIVING_SHARED, 7, NULL, &share), 0);
	ck_assert_int_eq(vp_holders_give(LOCK, VP_GIVING_SHARED, 9, NULL, &share), 0);
	vp_holders_end(&waiting, VP_WAITING_GOT, share.now_ns + 500, &share, &readers);
	ck_assert_uint_eq(share.ns, 500);
	ck_assert_uint_eq(readers.ns + share.ns, share.now_ns - now);
	ck_assert_uint_eq(readers.thread, 9);
}
END_TEST

/* More locks of one bucket than have room: they are not known, and say so. */
START_TEST(locks_without_room)
{
	static struct vp_waiting waiting[8192];
	struct vp_readers readers;
	struct vp_share share;
	uint64_t without = 0;

	vp_holders_init();
	for (uint32_t i = 0; i < 8192; i++) {
		struct vp_lock_place one = {.address = LOCK + 64 * i};

		vp_holders_wait(&waiting[i], &one, 1000);
		ck_assert_int_eq(vp_holders_knows(one.address), waiting[i].slot != NULL);
	}
	for (uint32_t i = 0; i < 8192; i++) {
		vp_holders_end(&waiting[i], VP_WAITING_GOT, 3000, &share, &readers);
		ck_assert_uint_eq(share.ns, 2000);
		without += !waiting[i].slot;
		ck_assert_uint_eq(share.unseen, !waiting[i].slot);
	}
	ck_assert_uint_ge(without, 4096);
	for (uint32_t i = 0; i < 8192; i++)
		ck_assert_int_eq(vp_holders_knows(LOCK + 64 * i), 0);
}
END_TEST

static void take(uint64_t lock)
{
	vp_lock_taken(lock, lock + 1, lock + 2);
}

/* What is held is known in order, whatever is given back first. */
START_TEST(locks_are_held_until_they_are_given_back)
{
	ck_assert_int_eq(vp_holds_any(), 0);
	take(10);
	ck_assert_int_eq(vp_holds_any(), 1);
	ck_assert_int_eq(vp_holds_others(), 0);
	take(20);
	take(VP_HELD_ENTRY(30, READ));
	take(40);
	vp_lock_given(20);
	ck_assert_uint_eq(vp_tls.older_count, 2);
	ck_assert_uint_eq(vp_held_before(1)->entry, VP_HELD_ENTRY(30, READ));
	ck_assert_uint_eq(vp_held_before(2)->entry, 10);
	ck_assert_uint_eq(vp_held_before(2)->pc, 11);
	vp_lock_given(77); /* never taken */
	vp_lock_given(40);
	vp_lock_given(30);
	ck_assert_uint_eq(vp_tls.newest.entry, 10);
	ck_assert_uint_eq(vp_tls.newest.sp, 12);
	ck_assert_int_eq(vp_holds_others(), 0);
	vp_lock_given(10);
	ck_assert_int_eq(vp_holds_any(), 0);
}
END_TEST

/* The oldest are forgotten, and nothing stays behind when all have been given back. */
START_TEST(more_locks_than_are_kept)
{
	for (uint64_t lock = 1; lock <= 3 * VP_HELD; lock++)
		take(lock << 8);
	ck_assert_uint_eq(vp_tls.older_count, VP_HELD);
	for (uint64_t lock = 3 * VP_HELD; lock >= 1; lock--) {
		ck_assert_uint_eq(vp_tls.newest.entry, lock >= 2 * VP_HELD ? lock << 8 : 0);
		vp_lock_given(lock << 8);
	}
	ck_assert_int_eq(vp_holds_any(), 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, locks_are_held_until_they_are_given_back);
	tcase_add_test(tests, more_locks_than_are_kept);
	tcase_add_loop_test(tests, every_moment_is_charged_once, 0, 20);
	tcase_add_test(tests, a_part_of_a_share_is_what_was_waited_then);
	tcase_add_test(tests, a_wait_that_is_told_of_later);
	tcase_add_test(tests, a_lock_given_back_unseen_is_told);
	tcase_add_test(tests, readers_that_go_at_once);
	tcase_add_test(tests, locks_without_room);
}

int main(void)
{
	return check_main("vp_holders", cases);
}
