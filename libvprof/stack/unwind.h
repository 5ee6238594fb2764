/* Registers and a stack to a list of code addresses.  The same walk for
 * the live stack of a hook and for the copied stack of a sample. */
#ifndef VP_STACK_UNWIND_H
#define VP_STACK_UNWIND_H

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
