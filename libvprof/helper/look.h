/* The stack of another thread, which goes on meanwhile, or sleeps: without a signal, without
 * stopping it.
 *
 * A thread that sleeps in a call has its stack lie still.  Part of it is copied by the kernel,
 * which cannot fault, and afterwards it is asked whether the thread still sleeps there: if so,
 * the copy is what it stood on.  It is walked as a sample is.
 *
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_LOOK_H
#define VP_HELPER_LOOK_H

#include "base/doing.h"
#include "stack/depth.h"
#include "stack/regs.h"

#include <stddef.h>
#include <stdint.h>

/* Whom to look at. */
struct vp_look_at {
	int tid;
	uint64_t stack_hi; /* of its own stack; 0: not known */
};

/* A thread that said where it calls from.
 *   regs   of the caller, pc a return address
 *   still  does it still stand there?  Asked after its stack was copied
 * Returns the node; VPROF_NODE_ROOT where it has gone on, or nothing could be read. */
uint32_t vp_look_published(const struct vp_look_at *at, const struct vp_regs *regs,
			   int (*still)(const void *arg), const void *arg);

/* A thread of which the kernel alone told where it sleeps: that is pc and sp, not the frame
 * pointer.  Where the way out needs that, it is guessed: what it may have been lies on the
 * stack, and a guess is taken only if each return address of the walk follows a call and the
 * walk comes to the thread's outermost frame.
 *   guessed  [out] 1: it was
 * Returns as above; without a good guess there is the innermost frame alone. */
uint32_t vp_look_doing(const struct vp_look_at *at, const struct vp_doing *doing, int *guessed);

void vp_look_close(void); /* gives its memory back */

#endif
