/* Which locks the calling thread holds: what a call is made under, in which order locks are
 * taken, and what a thread that hangs keeps from others. */
#ifndef VP_BASE_HELD_H
#define VP_BASE_HELD_H

#include "base/state.h"

/* An entry is the lock's address, and in its two top bits enum vprof_lock_mode: a mutex is its
 * address. */
#define VP_HELD_MODE_SHIFT 62u
#define VP_HELD_ENTRY(lock, mode)                                                                  \
	((uint64_t)(uintptr_t)(lock) | (uint64_t)VPROF_MODE_##mode << VP_HELD_MODE_SHIFT)

static inline uint64_t vp_held_address(uint64_t entry)
{
	return entry & ~(3ull << VP_HELD_MODE_SHIFT);
}

static inline uint8_t vp_held_mode(uint64_t entry)
{
	return (uint8_t)(entry >> VP_HELD_MODE_SHIFT);
}

/* 1: the thread has taken as many locks as vp_tls.lock_turn said, which is to be set anew. */
static inline int vp_lock_turn(void)
{
	return --vp_tls.lock_turn == 0;
}

/* A lock was taken by the thread, at pc, with this stack pointer there: where it held none
 * before, it returns 0.  Context: any thread, known or not, any handler. */
static inline uint32_t vp_lock_taken(uint64_t entry, uint64_t pc, uint64_t sp)
{
	uint32_t held = vp_tls.held;

	vp_tls.lock[held % VP_HELD] = entry;
	vp_tls.lock_pc[held % VP_HELD] = pc;
	vp_tls.lock_sp[held % VP_HELD] = sp;
	vp_tls.held = held + 1;
	return held;
}

/* A lock is about to be given back.  1: it was the newest, and in this mode. */
static inline int vp_lock_newest_given(uint64_t entry)
{
	uint32_t held = vp_tls.held;

	if (!held || vp_tls.lock[(held - 1) % VP_HELD] != entry)
		return 0;
	vp_tls.held = held - 1;
	return 1;
}

void vp_lock_given(uint64_t lock); /* of any, in any mode: by its address */

#endif
