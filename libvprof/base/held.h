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

void vp_lock_given_amid(uint64_t lock); /* not the newest */

static inline void vp_lock_given(uint64_t lock)
{
	uint32_t held = vp_tls.held;

	if (held && __builtin_expect(vp_tls.lock[(held - 1) % VP_HELD] == lock, 1))
		vp_tls.held = held - 1;
	else if (held)
		vp_lock_given_amid(lock);
}

#endif
