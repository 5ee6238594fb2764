/* A ring file in which threads did different things, and locks lie in different places. */
#ifndef MKTHREADS_H
#define MKTHREADS_H

#include "mkshapes.h"

/* Of a run of 2 s:
 *   main      4242: 20 ms on a CPU, 5 runnable, waits; on stack 0x7ffc000000-0x7ffc800000
 *   calc      4243: 480 on a CPU, 1450 runnable; began in B
 *   crunch    4244: 1980 on a CPU, 6 runnable
 *   brief     4245: ended after 4 ms, of which 1 on a CPU and nobody knows of the rest
 *   silent    4246: the kernel told nothing of it
 *   stranger  4247: only the helper saw it; no word of switches
 * Waits: two for a lock in app's data, at 0x1010; one for each of two locks in blocks that
 * node 4 allocated, at 24; for one on main's stack; one in a block of the parent; one nobody
 * knows. */
static inline struct vprof_thread *mk_split(struct mkprof *mk, uint32_t tid, const char *name,
					    uint64_t cpu_ms, uint64_t delay_ms, uint64_t slices)
{
	struct vprof_thread *t = mk_thread(mk, tid, name, cpu_ms);

	t->start_ns = 0;
	t->run_delay_ns = delay_ms * MK_MS;
	t->slices = slices;
	t->voluntary = slices / 2;
	t->involuntary = slices - 1 - slices / 2;
	t->start_module = VPROF_NONE;
	t->flags = VPROF_THREAD_RUN_DELAY | VPROF_THREAD_SWITCHES;
	return t;
}

static inline void mk_thread_rows(struct mkprof *mk)
{
	struct vprof_thread *t;

	mk_row(mk, VPROF_SEC_THREADS, NULL);
	t = mk_split(mk, 4242, "main", 20, 5, 101);
	t->stack_start = 0x7ffc000000;
	t->stack_end = 0x7ffc800000;
	t = mk_split(mk, 4243, "calc", 480, 1450, 1200);
	t->start_routine = 0x402000;
	t->start_module = 0;
	t = mk_split(mk, 4244, "crunch", 1980, 6, 12);
	t->start_routine = 0x403000;
	t->start_module = 0;
	t = mk_split(mk, 4245, "brief", 1, 0, 3);
	t->state = VPROF_THREAD_ENDED;
	t->start_ns = 500 * MK_MS;
	t->end_ns = 504 * MK_MS;
	t->unsplit_ns = 3 * MK_MS;
	t = mk_split(mk, 4246, "silent", 900, 0, 1);
	t->flags = VPROF_THREAD_SCHED_EMPTY | VPROF_THREAD_SWITCHES;
	t = mk_split(mk, 4247, "stranger", 10, 10, 5);
	t->flags = VPROF_THREAD_RUN_DELAY;
	mk_thread(mk, 4248, "vprof", 5)->flags = VPROF_THREAD_HELPER;
}

static inline void mk_placed_locks(struct mkprof *mk)
{
	struct vprof_lock *lock;

	mk_lock(mk, 0, 0, VPROF_NODE_OVERFLOW, 0, 0, 0, 0);
	mk_lock(mk, VPROF_LOCK_MUTEX, 0x401010, 4, 1, 2, 50, 30)->place = VPROF_LOCK_ELSEWHERE;
	for (uint64_t i = 0; i < 2; i++) {
		lock = mk_lock(mk, VPROF_LOCK_MUTEX, 0x5018 + 0x100 * i, 4, 2, 1, 20, 20);
		lock->place = VPROF_LOCK_IN_BLOCK;
		lock->site = 6;
		lock->offset = 24;
	}
	lock = mk_lock(mk, VPROF_LOCK_COND, 0x7ffc7ffff0, 6, 2, 3, 30, 15);
	lock->place = VPROF_LOCK_ELSEWHERE;
	lock = mk_lock(mk, VPROF_LOCK_WRLOCK, 0x6000, 6, 2, 1, 10, 10);
	lock->place = VPROF_LOCK_INHERITED;
	lock = mk_lock(mk, VPROF_LOCK_MUTEX, 0x9000, 6, 2, 1, 5, 5);
	lock->place = VPROF_LOCK_ELSEWHERE;
}

static inline struct mkprof mk_threads(void)
{
	struct mkprof mk = mk_new();

	mk_nodes(&mk);
	mk_thread_rows(&mk);
	mk_row(&mk, VPROF_SEC_CPU, NULL); /* overflow */
	mk_cpu(&mk, 4, 1, 5, 20);
	mk_cpu(&mk, 6, 2, 120, 480);
	mk_cpu(&mk, 6, 3, 495, 1980);
	mk_placed_locks(&mk);
	mk_header(&mk)->cpu_ns = 3391 * MK_MS;
	return mk;
}

#endif
