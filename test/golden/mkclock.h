/* A ring file in which threads were on a CPU and off it, and what for is known of most. */
#ifndef MKCLOCK_H
#define MKCLOCK_H

#include "mkwaits.h"

/* main, in milliseconds: epoll_wait 1399 of its own loop; 3 fsync 300, 1000 write 40 and a
 * nanosleep of 20 inside of the loop, of which the books call 330 blocked; another nanosleep
 * of 30; a mutex 60, and 10 more in the books. */
static inline void mk_clock_main(struct mkprof *mk)
{
	struct vprof_call *row;

	row = mk_call(mk, "epoll_wait", VPROF_CLASS_IDLE, 2, 1, 100, 100, 1399, 20);
	row->idle = row->calls;
	row->idle_ns = row->blocked_ns;
	row->flags = VPROF_CALL_AT_LOOP;
	mk_call(mk, "fsync", VPROF_CLASS_BLOCKED, 6, 1, 3, 3, 300, 200);
	mk_call(mk, "write", VPROF_CLASS_BLOCKED, 3, 1, 1000, 1000, 40, 1);
	row = mk_call(mk, "nanosleep", VPROF_CLASS_PACED, 7, 1, 5, 5, 50, 10);
	row->on_loop = 2;
	row->on_loop_ns = 20 * MK_MS;
	mk_call(mk, "recv", VPROF_CLASS_BLOCKED, VPROF_NODE_ROOT, 1, 70, 0, 0, 0);
	mk_book(mk, 1, 2000, (const uint64_t[]){100, 1399, 30, 330, 70, 40, 25, 5});
}

/* worker: 1300 for a condition, of which the books call 100 blocked; preempted 130.
 * few: no books; 4 read of 80 without a stack, and 500 for a thread to end. */
static inline void mk_clock_others(struct mkprof *mk)
{
	mk_book(mk, 2, 1500, (const uint64_t[]){60, 1200, 0, 100, 0, 130, 0, 8});
	mk_call(mk, "read", VPROF_CLASS_BLOCKED, VPROF_NODE_ROOT, 3, 4, 4, 80, 20);
	mk_lock(mk, 0, 0, VPROF_NODE_OVERFLOW, 0, 0, 0, 0);
	mk_lock(mk, VPROF_LOCK_MUTEX, 0x401010, 4, 1, 4, 60, 30);
	mk_lock(mk, VPROF_LOCK_COND, 0x401050, 3, 2, 130, 1300, 50);
	mk_lock(mk, VPROF_LOCK_JOIN, 0, 2, 3, 1, 500, 500);
}

/* What is in the ring, besides samples: fsync from 400 to 600 and epoll_wait from 600 to 680,
 * waits for the mutex from 290 to 310 and for the condition from 100 to 350. */
static inline void mk_clock_events(struct mkprof *mk)
{
	static const struct {
		uint64_t end_ms, ms;
		uint32_t node, thread, kind, class, row;
	} event[] = {{600, 200, 6, 1, VPROF_EV_CALL, VPROF_CLASS_BLOCKED, 1},
		     {680, 80, 2, 1, VPROF_EV_CALL, VPROF_CLASS_IDLE, 0},
		     {310, 20, 4, 1, VPROF_EV_WAIT, 0, 1},
		     {350, 250, 3, 2, VPROF_EV_WAIT, 0, 2}};
	struct vprof_event_block *block;

	mk_history(mk);
	block = mk_block(mk, 1, 200);
	for (size_t i = 0; i < sizeof(event) / sizeof(event[0]); i++)
		block->event[block->used++] = (struct vprof_event){
		    .t_ns = event[i].end_ms * MK_MS,
		    .value = event[i].ms * MK_MS,
		    .node = event[i].node,
		    .thread = event[i].thread,
		    .kind = (uint16_t)event[i].kind,
		    .flags = (uint16_t)event[i].class,
		    .arg = event[i].row,
		};
	mk_header(mk)->blocks_reserved = mk_header(mk)->blocks_capacity = 2;
	mk_header(mk)->events_written += block->used;
}

static inline struct mkprof mk_clock(void)
{
	struct mkprof mk = mk_new();

	mk_header(&mk)->layers = VPROF_LAYER_SCHEDSTAT | VPROF_LAYER_SWITCHES | VPROF_LAYER_CALLS;
	mk_nodes(&mk);
	mk_module(&mk, "/lib/x86_64-linux-gnu/libc.so.6", 0x7f1000000000);
	mk_cpu_rows(&mk);
	mk_clock_main(&mk);
	mk_clock_others(&mk);
	mk_clock_events(&mk);
	return mk;
}

#endif
