/* A ring file with event loops and what stalled them. */
#ifndef MKLOOPS_H
#define MKLOOPS_H

#include "mkwaits.h"

/* The stall took that much of the loop's histogram too. */
static inline void mk_loop_stall(struct vprof_loop *loop, uint64_t ms)
{
	loop->stalls++;
	loop->stall_ns += ms * MK_MS;
}

/* Twelve times 15 ms of fsync at C, every 150 ms from 100 ms on, a ms early or late. */
static inline void mk_flushes(struct mkprof *mk, struct vprof_loop *loop)
{
	static const int off_ms[] = {0, 1, 0, -1, 1, 0, 0, -1, 1, 0, 1, 0};

	for (int i = 0; i < 12; i++) {
		struct vprof_stall *stall =
		    mk_stall(mk, 1, 0, VPROF_CLASS_BLOCKED, 4, "fsync",
			     (uint64_t)(100 + 150 * i + off_ms[i]), i == 5 ? 41 : 15);

		stall->target = mk_string(mk, "/data/journal.log");
		stall->ns[VPROF_CLASS_BLOCKED] -= 2 * MK_MS;
		stall->ns[VPROF_CLASS_RUN] = 2 * MK_MS;
		mk_loop_stall(loop, i == 5 ? 41 : 15);
	}
}

/* Of a run of 2 s:
 *   epoll_wait  main at B: 1000 iterations of 600 ms, the longest 41; timers late by 0.1 ms,
 *               one of them by 3; stalls: fsync every 150 ms, a lock that worker held while
 *               it was in read at D, 20 ms of others on the CPU
 *   cond_wait   worker at A-C: 40 iterations of 200 ms, the longest 30 of computing, not over
 *   poll        few at D: spins
 *   nothing     main waits for a lock, of no loop, in a deadlock
 * and once the process was stopped for 300 ms. */
static inline void mk_loop_rows(struct mkprof *mk)
{
	struct vprof_loop *loop = mk_loop(mk, "epoll_wait", 3, 1, 1000, 600, 41, 1300);
	struct vprof_stall *stall;

	loop->blocked_ns = 230 * MK_MS;
	loop->delays = 100;
	loop->delay_ns = 12900000;
	loop->delay_max_ns = 3 * MK_MS;
	loop->delay[vprof_histogram_bucket(100000, VPROF_DELAY_UNIT_BITS, VPROF_DELAY_SUB_BITS,
					   VPROF_DELAY_BUCKETS)] = 99;
	loop->delay[vprof_histogram_bucket(3 * MK_MS, VPROF_DELAY_UNIT_BITS, VPROF_DELAY_SUB_BITS,
					   VPROF_DELAY_BUCKETS)] = 1;
	mk_flushes(mk, loop);
	stall = mk_stall(mk, 1, 0, VPROF_CLASS_LOCK, 4, "pthread_mutex_lock", 420, 25);
	stall->object = 0x401010;
	stall->holder = 2;
	stall->holder_node = 6;
	stall->holder_call = mk_string(mk, "read");
	stall->holder_target = mk_string(mk, "tcp 10.0.0.1:443");
	mk_loop_stall(loop, 25);
	stall = mk_stall(mk, 1, 0, VPROF_CLASS_PREEMPTED, 4, NULL, 1900, 20);
	stall->flags = VPROF_STALL_OVER;
	stall->first_look_ns = stall->looks = 0;
	mk_loop_stall(loop, 20);
	mk_stall(mk, 1, 0, VPROF_CLASS_BLOCKED, 4, NULL, 1500, 300)->flags = VPROF_STALL_FROZEN;
	loop = mk_loop(mk, "pthread_cond_wait", 7, 2, 40, 200, 30, 1200);
	loop->events = 0;
	loop->now_ns = 1970 * MK_MS;
	stall = mk_stall(mk, 2, 1, VPROF_CLASS_RUN, 4, NULL, 1970, 30);
	stall->flags = VPROF_STALL_LIVE | VPROF_STALL_LATE | VPROF_STALL_GUESSED;
	mk_loop_stall(loop, 30);
	loop = mk_loop(mk, "poll", 6, 3, 10, 1, 1, 100);
	loop->spins = 100000;
	loop->spin_ns = 1700 * MK_MS;
	stall = mk_stall(mk, 3, VPROF_NONE, VPROF_CLASS_LOCK, 6, "pthread_mutex_lock", 900, 1100);
	stall->flags = VPROF_STALL_LIVE | VPROF_STALL_HANG | VPROF_STALL_DEADLOCK;
	stall->object = 0x401010;
	stall->holder = 2;
	stall->holder_node = 4;
}

/* What worker ran in its last stall: in D below B-B, at C below B, and once somewhere else. */
static inline void mk_loop_samples(struct mkprof *mk)
{
	static const uint32_t node[] = {6, 4, 6, 4, 6, 4, 6, 7};
	struct vprof_extent *table = (void *)(mk->bytes + VPROF_EXTENT_TABLE_OFFSET);
	struct vprof_event_block *block = NULL;

	for (uint32_t i = 1; i < mk_header(mk)->extents_used; i++)
		if (table[i].kind == VPROF_SEC_EVENTS)
			block = (void *)(mk->bytes + (uint64_t)i * MK_EXTENT);
	mk_event(block, 1969, 7, 2, MK_MS); /* before it */
	for (unsigned i = 0; i < 8; i++)
		mk_event(block, 1972 + 3 * i, node[i], 2, MK_MS);
	mk_event(block, 1980, 7, 1, 100 * MK_MS); /* another thread */
	mk_header(mk)->events_written += 10;
}

static inline struct mkprof mk_loops(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_header *h = mk_header(&mk);

	mk_loop_rows(&mk);
	mk_loop_samples(&mk);
	h->layers = VPROF_LAYER_SCHEDSTAT | VPROF_LAYER_SWITCHES | VPROF_LAYER_CALLS;
	h->stall_ns = 10 * MK_MS;
	h->hang_ns = 1000 * MK_MS;
	h->frozen = 1;
	h->frozen_ns = 300 * MK_MS;
	h->late_looks = 1;
	h->loop_looks = 400;
	h->lost[VPROF_LOST_STALLS] = 2;
	return mk;
}

#endif
