/* A word-sized lock that needs no libc: spins briefly, then sleeps on the
 * futex.  Not recursive.  Zero is unlocked, so a forked child may reset it by
 * storing zero.
 *
 * Who holds one may take only those further down, and none of its own line:
 *
 *	memlock, SIGBUS guard, pauses without a helper
 *	helper: the argument of a request, then the request (what the helper does for it
 *	        comes below, in the helper)
 *	marks | labels | series | cpu rows | the index of a shared shard | the books of mappings
 *	a page of live blocks (track/live.c, a bit of its descriptor)
 *	the service (base/service.h)
 *	the registry of threads | the list of shards | calls of threads that have ended
 *	the trie's inserts | strings | the ring of events
 *	the growth of tables (ring/tables.c)
 *	the private heap's own
 *
 * None is held while code of the host runs, nor across a fork but the service. */
#ifndef VP_BASE_LOCK_H
#define VP_BASE_LOCK_H

#include "base/sys.h"

#include <stdint.h>

struct vp_lock {
	uint32_t word; /* 0 free, 1 held, 2 held and somebody sleeps */
};

static inline int vp_lock_try(struct vp_lock *lock)
{
	uint32_t expected = 0;

	return __atomic_compare_exchange_n(&lock->word, &expected, 1, 0, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

/* Most are held for less time than it takes to ask the kernel for a wait. */
static inline int vp_lock_spin(struct vp_lock *lock)
{
	for (int spin = 0; spin < 100; spin++) {
		if (vp_lock_try(lock))
			return 1;
		__builtin_ia32_pause();
	}
	return 0;
}

static inline void vp_lock_take(struct vp_lock *lock)
{
	if (vp_lock_spin(lock))
		return;
	while (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) != 0)
		vp_sys_futex_wait(&lock->word, 2, 100u * 1000 * 1000);
}

/* Gives up after wait_ns or a little later: where the holder may be the caller itself,
 * beneath a handler of the host's.  Returns whether it has the lock. */
static inline int vp_lock_take_within(struct vp_lock *lock, uint64_t wait_ns)
{
	const uint64_t step = 20u * 1000 * 1000;

	if (vp_lock_spin(lock))
		return 1;
	for (uint64_t waited = 0; waited <= wait_ns; waited += step) {
		if (__atomic_exchange_n(&lock->word, 2, __ATOMIC_ACQUIRE) == 0)
			return 1;
		vp_sys_futex_wait(&lock->word, 2, step);
	}
	return 0;
}

static inline void vp_lock_drop(struct vp_lock *lock)
{
	if (__atomic_exchange_n(&lock->word, 0, __ATOMIC_RELEASE) == 2)
		vp_sys_futex_wake(&lock->word);
}

#endif
