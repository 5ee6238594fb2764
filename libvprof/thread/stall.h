/* Iterations of loops that take too long: what a loop's thread and the helper tell each other.
 *
 * The helper looks at loops that are inside an iteration (helper/stalls.h); a thread that ends
 * a long one leaves a note, by which the helper closes its account.  Neither waits for the
 * other, and neither makes a system call, but for the first iteration after the helper has
 * gone to sleep because no loop did anything for a while. */
#ifndef VP_THREAD_STALL_H
#define VP_THREAD_STALL_H

#include "base/state.h"
#include "thread/unit.h"

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
	uint32_t label;
	uint32_t untimed;	/* since begin_ns, so many turns were before it (track/turns.h) */
	uint64_t last_ns;	/* it began */
	uint64_t events, bytes; /* that the loop's waits brought so far */
};

/* Of one thread.  What each turn looks at lies together: all before calls.call. */
struct vp_stalls {
	uint64_t limit_ns;	/* an iteration as long as this is a stall; 0: vp_control.stall_ns.
				 * Written by the helper */
	uint32_t looper;	/* the helper knows of its loop; VP_STALL_ENDED: no longer */
	uint32_t unit_loop;	/* one of another loop has ended: its row in LOOPS + 1 */
	struct vp_units *units; /* where iterations are kept; NULL: nowhere.  The helper's */
	uint64_t noted;		/* by the thread: number n lies in note[n % VP_STALL_NOTES] */
	struct vp_unit_calls calls;
	struct vp_stall_note note[VP_STALL_NOTES];
	struct vp_unit_holds holds;
};

void vp_stall_wake(void);

/* An iteration of the calling thread's loop has begun, and its line says so. */
static inline void vp_stall_iteration_begins(const struct vp_stalls *stalls)
{
	if (__builtin_expect(!stalls->looper, 0))
		__atomic_store_n(&vp_control.stall_new, 1, __ATOMIC_RELAXED);
	if (__builtin_expect(__atomic_load_n(&vp_control.stall_asleep, __ATOMIC_RELAXED), 0))
		vp_stall_wake();
}

static inline void vp_stall_unit_ends(struct vp_stalls *stalls, const struct vp_stall_note *note)
{
	/* Pairs with the helper, which gives it. */
	struct vp_units *units = __atomic_load_n(&stalls->units, __ATOMIC_ACQUIRE);

	if (__builtin_expect(!units, 0))
		return;
	if (__builtin_expect(units->loop != note->loop, 0)) {
		__atomic_store_n(&stalls->unit_loop, note->loop + 1, __ATOMIC_RELAXED);
		return;
	}
	if (note->untimed)
		vp_units_pass(units, note->untimed,
			      (note->last_ns - note->begin_ns) / note->untimed, note->events,
			      note->bytes);
	vp_unit_ends(units, &stalls->calls,
		     &(struct vp_unit_end){.begin_ns = note->last_ns,
					   .end_ns = note->end_ns,
					   .events = note->events,
					   .bytes = note->bytes,
					   .label = note->label});
}

/* It is over; as no unit. */
static inline void vp_stall_note_put(struct vp_stalls *stalls, const struct vp_stall_note *note)
{
	uint64_t limit = stalls->limit_ns ? stalls->limit_ns : vp_control.stall_ns;

	if (__builtin_expect(note->end_ns - note->begin_ns < limit, 1))
		return;
	stalls->note[stalls->noted % VP_STALL_NOTES] = *note;
	/* Pairs with the helper, which reads the notes below it. */
	__atomic_store_n(&stalls->noted, stalls->noted + 1, __ATOMIC_RELEASE);
}

static inline void vp_stall_iteration_ends(struct vp_stalls *stalls,
					   const struct vp_stall_note *note)
{
	vp_stall_unit_ends(stalls, note);
	vp_stall_note_put(stalls, note);
}

#endif
