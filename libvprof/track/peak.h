/* Live bytes of the process and their highest point.
 *
 * A new maximum starts a new epoch.  A site row stores what it held at the
 * peak only when it changes for the first time in a new epoch, so the heap at
 * the peak is known by site without a log.
 *
 * No counter is shared on the way: the live total is the sum over the threads'
 * own counters, and is taken only when a new peak is possible.  Whoever takes
 * it deals out the distance to the peak among the live threads; a thread that
 * stays within its share cannot make a new peak and asks nobody.  With one
 * thread the peak is exact.  With several it is exact too, until a program has
 * asked so often that threads would mostly wait for each other; from then on
 * each may exceed its share by VP_PEAK_SLACK, and the helper's tick catches
 * what that hides (docs/decisions/peak.md). */
#ifndef VP_TRACK_PEAK_H
#define VP_TRACK_PEAK_H

#include "thread/threads.h"
#include "vprof_format.h"

#include <stdint.h>

void vp_peak_init(void);

/* The round of shares in force; see struct vp_peak_budget. */
extern uint64_t vp_peak_round;

/* Takes the total; `thread` may be NULL (helper, or a thread past its end). */
void vp_peak_take_total(struct vp_thread *thread);

/* Before any change of the row's counters. */
void vp_peak_note_slow(struct vprof_site *site, uint64_t epoch);

/* After an allocation was counted in the thread's row. */
static inline void vp_peak_grow(struct vp_thread *thread, uint64_t bytes)
{
	if (thread && thread->peak.round == __atomic_load_n(&vp_peak_round, __ATOMIC_RELAXED)) {
		thread->peak.bytes -= (int64_t)bytes;
		if (__builtin_expect(thread->peak.bytes >= 0, 1))
			return;
	}
	if (thread)
		thread->peak.pending = (int64_t)bytes;
	vp_peak_take_total(thread);
}

/* After a free was counted. */
static inline void vp_peak_shrink(struct vp_thread *thread, uint64_t bytes)
{
	if (thread && thread->peak.round == __atomic_load_n(&vp_peak_round, __ATOMIC_RELAXED))
		thread->peak.bytes += (int64_t)bytes;
}

#endif
