/* Who ends whose wait for a condition, a semaphore or a barrier.
 *
 * Of each of these that somebody waits for there is a slot, made by the first that waits.
 * Whoever signals or posts looks for it, which is one line of memory, and enters itself only
 * where there is one, before it wakes anybody: a waiter that goes on finds there who may have
 * woken it.  Where that may have been one of several, it is said to be one of several. */
#ifndef VP_TRACK_WAKERS_H
#define VP_TRACK_WAKERS_H

#include "base/lock.h"
#include "stack/regs.h"

#include <stdint.h>

/* Who woke. */
struct vp_waker {
	uint64_t at_ns;	 /* when; 0: not known */
	uint32_t thread; /* row in THREADS; VPROF_NONE: not known */
	uint32_t node;
	uint32_t wakes; /* calls of it that have not been counted yet */
	uint16_t how;	/* enum vprof_wake */
};

/* A thread that waits. */
struct vp_sleeper {
	struct vp_sleepers *slot; /* NULL: nowhere */
	uint64_t number;	  /* the later it came, the larger */
};

/* Waits at a barrier that were over before it was known who had come last. */
struct vp_passed {
	uint64_t times, ns, max_ns;
	uint64_t ends_ns; /* the sum of the moments at which they were over, modulo 2^64 */
};

#define VP_WAKE_BUCKETS 512u /* power of two */
#define VP_WAKE_WAYS	4u
struct vp_wake_bucket {
	uint64_t address[VP_WAKE_WAYS]; /* that somebody waits for; 0: free */
	struct vp_lock guard;
} __attribute__((aligned(64)));
extern struct vp_wake_bucket *vp_wake_buckets __attribute__((visibility("hidden")));

static inline uint32_t vp_wake_bucket_of(uint64_t address)
{
	return (uint32_t)((address >> 2) * 0x9e3779b97f4a7c15u >> 55);
}
_Static_assert(VP_WAKE_BUCKETS == 1u << (64 - 55), "the top bits choose");

/* 1: somebody waits for what lies there.  Context: any thread, any handler. */
static inline int vp_wakers_wanted(uint64_t address)
{
	const struct vp_wake_bucket *all = __atomic_load_n(&vp_wake_buckets, __ATOMIC_ACQUIRE);
	const struct vp_wake_bucket *bucket = all + vp_wake_bucket_of(address);

	if (!all)
		return 0;
	for (uint32_t i = 0; i < VP_WAKE_WAYS; i++)
		if (__atomic_load_n(&bucket->address[i], __ATOMIC_RELAXED) == address)
			return 1;
	return 0;
}

/* The calling thread is about to wake one of those, or all, as `how` says.
 * errno is kept.  Context: any thread, in or out of a signal handler. */
void vp_wake(uint64_t address, uint32_t how, const struct vp_regs *caller);

/* Context of the others: busy guard held. */

/* The same of a waker that is known. */
void vp_wakers_wake(uint64_t address, const struct vp_waker *waker);

void vp_wakers_sleep(struct vp_sleeper *sleeper, uint64_t address);
/* It waits no more: it was woken, and is told by whom; or not (`waker` NULL). */
void vp_wakers_leave(const struct vp_sleeper *sleeper, struct vp_waker *waker);

/* The same of a barrier, at which it arrived at since_ns.
 *   self    the last to arrive: who it is; else NULL
 *   waker   how 0 and `thread` 0: it is not known yet, and whoever it was counts this wait
 *   passed  those that the last one, `self`, has to count; of another one: those that nobody
 *	     came to count */
void vp_wakers_pass(const struct vp_sleeper *sleeper, const struct vp_waker *self,
		    uint64_t since_ns, uint64_t now_ns, struct vp_waker *waker,
		    struct vp_passed *passed);

void vp_wakers_init(void); /* a fresh file, or a forked child: nobody waits */

#endif
