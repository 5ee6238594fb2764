/* Iterations of loops that take too long: what a loop's thread and the helper tell each other.
 *
 * The helper looks at loops that are inside an iteration (helper/stalls.h); a thread that ends
 * a long one leaves a note, by which the helper closes its account.  Neither waits for the
 * other, and neither makes a system call, but for the first iteration after the helper has
 * gone to sleep because no loop did anything for a while. */
#ifndef VP_THREAD_STALL_H
#define VP_THREAD_STALL_H

#include <stdint.h>

#define VP_STALL_NOTES 16u /* power of two */
#define VP_STALL_NEVER (~0ull)
#define VP_STALL_ENDED 0xffffffffu

struct vp_stall_note {
	uint64_t begin_ns, end_ns;
	uint64_t worst_ns; /* of the longest call that lasted within it; 0: there was none */
	uint64_t worst_object;
	uint32_t worst_node;
	uint16_t worst_kind; /* enum vp_call_kind */
	uint16_t reserved;
	uint32_t loop; /* row in LOOPS */
	uint32_t reserved2;
};

/* Of one thread. */
struct vp_stalls {
	uint64_t limit_ns; /* an iteration as long as this is a stall; 0: vp_stall_limit_ns.
			    * Written by the helper */
	uint32_t looper;   /* the helper knows of its loop; VP_STALL_ENDED: no longer */
	uint32_t reserved;
	uint64_t noted; /* by the thread: number n lies in note[n % VP_STALL_NOTES] */
	struct vp_stall_note note[VP_STALL_NOTES];
};

/* Where a thread has no limit of its own; VP_STALL_NEVER: nothing is a stall. */
extern uint64_t vp_stall_limit_ns;
/* 1: the helper sleeps until it is woken, or until something else is due. */
extern uint32_t vp_stall_asleep;
/* 1: there is a loop that the helper has not seen yet. */
extern uint32_t vp_stall_new;
void vp_stall_wake(void);

/* An iteration of the calling thread's loop has begun, and its line says so. */
static inline void vp_stall_iteration_begins(const struct vp_stalls *stalls)
{
	if (__builtin_expect(!stalls->looper, 0))
		__atomic_store_n(&vp_stall_new, 1, __ATOMIC_RELAXED);
	if (__builtin_expect(__atomic_load_n(&vp_stall_asleep, __ATOMIC_RELAXED), 0))
		vp_stall_wake();
}

/* It is over. */
static inline void vp_stall_iteration_ends(struct vp_stalls *stalls,
					   const struct vp_stall_note *note)
{
	uint64_t limit = stalls->limit_ns ? stalls->limit_ns : vp_stall_limit_ns;

	if (__builtin_expect(note->end_ns - note->begin_ns < limit, 1))
		return;
	stalls->note[stalls->noted % VP_STALL_NOTES] = *note;
	/* Pairs with the helper, which reads the notes below it. */
	__atomic_store_n(&stalls->noted, stalls->noted + 1, __ATOMIC_RELEASE);
}

#endif
