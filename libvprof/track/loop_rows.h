/* The rows of LOOPS: what track/loop.h finds of a thread's waits, made known. */
#ifndef VP_TRACK_LOOP_ROWS_H
#define VP_TRACK_LOOP_ROWS_H

#include "base/calls.h"
#include "stack/regs.h"
#include "thread/threads.h"
#include "track/loop.h"

/* After vp_loop_end() has returned 1: makes the site the thread's loop, unless it is a wait
 * within an iteration of another.
 *   caller  registers of the wait's caller
 *   kind    and name, string id: the function that waits
 *   past    [out] the waits that were counted as something else so far
 * Returns 1 if it is the loop now.
 * Context: the thread itself, busy guard held. */
int vp_loop_settle(struct vp_thread *thread, struct vp_loop *site, const struct vp_regs *caller,
		   enum vp_call_kind kind, uint32_t name, struct vp_loop_past *past);

void vp_loops_thread_start(struct vp_thread *thread);
void vp_loops_thread_end(struct vp_thread *thread);

/* The process ends, or becomes another program, in the calling thread: what that does from
 * here on is not an iteration's. */
void vp_loops_finish(int ending);

#endif
