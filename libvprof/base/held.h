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

/* In any mode. */
static inline int vp_held_is(uint64_t entry, uint64_t lock)
{
	return !((entry ^ lock) << (64 - VP_HELD_MODE_SHIFT));
}

static inline uint8_t vp_held_mode(uint64_t entry)
{
	return (uint8_t)(entry >> VP_HELD_MODE_SHIFT);
}

/* The newest lock is kept apart: to take a lock that is the only one, and to give it back, each
 * word is read and written at an address that is known before.  Between two atomic instructions
 * nothing else costs much (docs/decisions/mutex.md). */
static inline int vp_holds_any(void)
{
	return vp_tls.newest.entry != 0;
}

static inline int vp_holds_others(void) /* beside the newest */
{
	return vp_tls.older_count != 0;
}

/* The nth but newest, from 1; VP_HELD of them at most are known. */
static inline const struct vp_held *vp_held_before(uint32_t n)
{
	return &vp_tls.older[(vp_tls.older_top - n) % VP_HELD];
}

/* Word by word: a wider load would wait for the stores of the three. */
static inline void vp_held_copy(struct vp_held *to, const struct vp_held *from)
{
	uint64_t entry = __atomic_load_n(&from->entry, __ATOMIC_RELAXED);

	__atomic_store_n(&to->pc, __atomic_load_n(&from->pc, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	__atomic_store_n(&to->sp, __atomic_load_n(&from->sp, __ATOMIC_RELAXED), __ATOMIC_RELAXED);
	__atomic_store_n(&to->entry, entry, __ATOMIC_RELAXED);
}

/* A lock was taken by the thread, at pc, with this stack pointer there.  A handler may come
 * between any two of the stores, and leaves what it found.  Context: any thread, known or not,
 * any handler. */
static inline void vp_lock_is_newest(uint64_t entry, uint64_t pc, uint64_t sp)
{
	vp_tls.newest.pc = pc;
	vp_tls.newest.sp = sp;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	vp_tls.newest.entry = entry;
}

/* The same, under those that it has.  The oldest is forgotten where there are too many. */
static inline void vp_lock_taken(uint64_t entry, uint64_t pc, uint64_t sp)
{
	if (vp_holds_any()) {
		vp_held_copy(&vp_tls.older[vp_tls.older_top++ % VP_HELD], &vp_tls.newest);
		if (vp_tls.older_count < VP_HELD)
			vp_tls.older_count++;
	}
	vp_lock_is_newest(entry, pc, sp);
}

/* The newest is given back. */
static inline void vp_lock_newest_given(void)
{
	if (!vp_tls.older_count) {
		vp_tls.newest.entry = 0;
		return;
	}
	vp_tls.older_count--;
	vp_held_copy(&vp_tls.newest, &vp_tls.older[--vp_tls.older_top % VP_HELD]);
}

void vp_lock_given_amid(uint64_t lock); /* one that is not the newest */

/* In any mode: by its address. */
static inline void vp_lock_given(uint64_t lock)
{
	if (__builtin_expect(vp_held_address(vp_tls.newest.entry) == lock, 1))
		vp_lock_newest_given();
	else
		vp_lock_given_amid(lock);
}

#endif
