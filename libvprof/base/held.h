/* Which locks the calling thread holds: what a call is made under, and what a thread that
 * hangs keeps from others. */
#ifndef VP_BASE_HELD_H
#define VP_BASE_HELD_H

#include "base/state.h"

/* A lock was taken, or is about to be given back, by the thread.
 * Context: any thread, known or not, any handler. */
static inline void vp_lock_taken(uint64_t lock)
{
	vp_tls.lock[vp_tls.held++ % VP_HELD] = lock;
}

/* 1: the thread has taken as many locks as vp_tls.lock_turn said, which is to be set anew. */
static inline int vp_lock_turn(void)
{
	return (int32_t)--vp_tls.lock_turn <= 0;
}

/* 1: it was the newest, and is given back now. */
static inline int vp_lock_newest_given(uint64_t lock)
{
	uint32_t held = vp_tls.held;

	if (!held || vp_tls.lock[(held - 1) % VP_HELD] != lock)
		return 0;
	vp_tls.held = held - 1;
	return 1;
}

void vp_lock_given(uint64_t lock); /* of any */

#endif
