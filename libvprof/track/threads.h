/* L3  Host threads: their rows in the file, their stacks, their shards. */
#ifndef VP_THREADS_H
#define VP_THREADS_H

#include "base/thread.h"

#include <stddef.h>
#include <stdint.h>

/* The calling thread's state, made at its first event.  NULL after the thread
 * has ended, or without memory.  Context: any thread, busy guard held. */
static inline struct vp_thread *vp_thread_self(void);
struct vp_thread *vp_thread_join(uint64_t start_routine, uint64_t stack_bytes);

/* 1 from just before the second thread of the process starts: until then
 * nothing of ours needs a lock. */
extern uint32_t vp_threads_many;

/* Library start (or child of a fork): forgets all threads; row 0 is written. */
int vp_threads_init(void);

/* The thread's last words: CPU time, name, end.  Called by the destructor of
 * a thread-specific key, when nothing of the host's runs any more. */
void vp_thread_end(struct vp_thread *thread);

/* Live threads of the host that are known to the library. */
uint32_t vp_threads_live(void);

/* Row of the thread that had this tid at time t_ns; rows are made for threads
 * that never called a hook.  Context: helper thread. */
uint32_t vp_threads_row_of_tid(int tid, uint64_t t_ns);

/* The heap counters of all threads, ended ones included. */
struct vp_thread_sums {
	uint64_t allocs, frees, alloc_bytes, freed_bytes;
};

/* For track/peak.c, between lock and unlock: the sums, and the number of live
 * threads; and a share for each of them. */
void vp_threads_lock(void);
void vp_threads_unlock(void);
uint32_t vp_threads_sum_live(struct vp_thread_sums *out);
void vp_threads_deal(uint64_t round, int64_t share);

void vp_threads_sum(struct vp_thread_sums *out); /* takes the lock itself */

/* For a search of the heap: calls each() for the live threads; is this one in our
 * code just now; is it the helper?  Take the registry's lock. */
void vp_threads_each(void (*each)(const struct vp_thread *thread));
int vp_threads_is_busy(int tid);
int vp_threads_is_helper(int tid);
/* The host has used up the keys of pthread_key_create: it gets ours.  Returns whether
 * there was one. */
int vp_threads_give_key(void);

/* Registers the helper itself, so that its CPU time is told apart. */
void vp_threads_add_helper(int tid);

static inline struct vp_thread *vp_thread_self(void)
{
	struct vp_thread *self = vp_tls.self;

	if (__builtin_expect(self > VP_TLS_ENDED, 1))
		return self;
	return self == VP_TLS_ENDED ? NULL : vp_thread_join(0, 0);
}

#endif
