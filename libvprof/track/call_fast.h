/* What the beginning of a call (track/call.c) and its end (track/call_end.c) share. */
#ifndef VP_TRACK_CALL_FAST_H
#define VP_TRACK_CALL_FAST_H

#include "base/clock.h"
#include "base/likely.h"
#include "track/call.h"
#include "track/quick.h"

/* A call as long as this may have slept; as long as VPROF_CALL_LASTED_NS, it is worth its
 * stack. */
#define VP_CALL_SLEPT_NS 2000u
#define APART		 __attribute__((noinline)) /* what few calls go through: not in the way */
/* What most calls go through is one piece each, with nothing handed on in memory. */
#define FAST __attribute__((flatten))

static inline uint64_t vp_call_clock(void)
{
	const struct vp_clock_line *line = __atomic_load_n(&vp_clock_line, __ATOMIC_ACQUIRE);

	return LIKELY(line != NULL) ? vp_clock_of_line(line) : vp_clock_now();
}

/* As loops tell waits apart. */
static inline struct vp_loop_at vp_call_place(const struct vp_call *call)
{
	return (struct vp_loop_at){call->caller->pc, call->caller->sp, call->object, call->rank};
}

#endif
