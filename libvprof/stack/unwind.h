/* Registers and a stack to a list of code addresses.  The same walk for
 * the live stack of a hook and for the copied stack of a sample. */
#ifndef VP_STACK_UNWIND_H
#define VP_STACK_UNWIND_H

#include "stack/depth.h"
#include "stack/regs.h"
#include "stack/view.h"

#include <stddef.h>
#include <stdint.h>

struct vp_stack;

/* Walks from *start outwards.
 *
 *   exact   1: start->pc is the instruction that was executing; 0: a return
 *           address
 *   where   [out] frames, innermost first, in the format of vprof_node.where
 *   max     room in `where`
 * Returns the number of frames.  A walk that cannot go on stops there, which
 * is counted by reason (VPROF_CUT_*); what it returns is right.
 * Context: any thread, busy guard held. */
size_t vp_unwind(const struct vp_regs *start, int exact, const struct vp_view *view,
		 uint64_t *where, size_t max);

/* Where a walk stood that the end of a copied stack cut. */
struct vp_cut {
	uint64_t slot;	     /* address of the return address it lacks; 0: it was not so cut */
	struct vp_regs regs; /* of the frame whose caller is not known */
	int exact;
	uint64_t sp[VP_STACK_DEPTH_MAX]; /* of each frame it found */
};

/* The same for a copied stack; `max` up to VP_STACK_DEPTH_MAX.  A walk cut at its end is
 * told in *cut and not counted.  `where` then ends with the frame of cut->regs. */
size_t vp_unwind_copy(const struct vp_regs *start, int exact, const struct vp_view *view,
		      uint64_t *where, size_t max, struct vp_cut *cut);

/* The same, where it may well fail: what cuts it is told in *why (VPROF_CUT_*, 0 where it came
 * to the outermost frame) and counted by nobody. */
size_t vp_unwind_try(const struct vp_regs *start, int exact, const struct vp_view *view,
		     uint64_t *where, size_t max, int *why);

/* The same on the calling thread's own stack, wherever its sp points. */
size_t vp_unwind_live(struct vp_stack *stack, const struct vp_regs *start, int exact,
		      uint64_t *where, size_t max);

/* The same on a stack that is not the thread's own (coroutines, signal
 * stacks): how far it reaches is unknown, so a part of it is copied by the
 * kernel, which cannot fault. */
size_t vp_unwind_foreign(struct vp_stack *stack, const struct vp_regs *start, int exact,
			 uint64_t *where, size_t max);

/* Around every dlclose.  In between, objects come and go: what is read of them
 * is read through the kernel, and no row is believed unseen.  Afterwards the
 * rows of objects that are gone are dropped. */
void vp_unwind_close_begin(void);
void vp_unwind_close_done(void);
/* At every tick: libc unmaps converters of its own, and no hook of ours sees it. */
void vp_unwind_tick(int last);
/* The same for what other threads were closing when this child was forked. */
void vp_unwind_fork_child(void);

#endif
