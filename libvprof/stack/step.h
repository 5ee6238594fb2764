/* One frame outwards: the innermost loop of every walk. */
#ifndef VP_STACK_STEP_H
#define VP_STACK_STEP_H

#include "stack/learn.h"
#include "stack/modules.h"
#include "stack/regs.h"
#include "stack/rows.h"
#include "stack/view.h"
#include "vprof_format.h"

#include <stdint.h>

/* Where a walk stands, and what the last step was made of. */
struct vp_step {
	struct vp_regs regs; /* of the frame to be looked at next */
	int exact;	     /* regs.pc is an executing instruction */
	const struct vp_view *view;
	int unloading; /* objects are being unloaded: look at every row twice */
	/* filled in by vp_step_frame */
	uint64_t where;	  /* the frame just looked at, as vprof_node.where */
	int hidden;	  /* ... is our own thread trampoline */
	int uses_bp;	  /* the way to its caller needed its bp */
	int full;	  /* ... and the words of `words` */
	uint64_t bp_from; /* where the caller's bp was read, 0: it is the same */
	struct vp_learn_words words;
	int refused; /* it is cut because a fork held the unwinder */
	int cut;     /* why the walk cannot go on, 0 at a proper end */
};

/* The cold parts, in unwind.c. */
uint64_t vp_step_learn(uint64_t address); /* 0: a fork holds the unwinder */
int vp_step_full(struct vp_step *step, uint64_t lookup);
/* Code outside any object may have become part of one since. */
uint64_t vp_step_nowhere(uint64_t lookup, uint64_t word); /* 0 as above */

/* Caller's frame at sp or bp plus an offset.  Returns 0 or the reason to stop. */
static inline int vp_step_by_row(struct vp_step *step, const struct vp_rule *rule)
{
	uint64_t frame = (rule->kind == VP_ROW_SP ? step->regs.sp : step->regs.bp) +
			 (uint64_t)(int64_t)rule->cfa_off;
	uint64_t pc, bp = step->regs.bp;

	step->uses_bp = rule->kind == VP_ROW_BP;
	/* The stack grows down: a caller's frame lies above. */
	if (frame <= step->regs.sp)
		return VPROF_CUT_BAD_FRAME;
	if (!vp_view_read(step->view, frame - 8, &pc))
		goto outside;
	if (rule->bp_saved) {
		step->bp_from = frame + (uint64_t)(int64_t)rule->bp_off;
		if (!vp_view_read(step->view, step->bp_from, &bp)) {
			/* Below sp: an epilogue has popped it, bp is the caller's. */
			if (!step->exact || step->bp_from >= step->regs.sp)
				goto outside;
			step->bp_from = 0;
		}
	}
	step->regs = (struct vp_regs){pc, frame, bp};
	return 0;
outside:
	return step->view->copied ? VPROF_CUT_COPY_END : VPROF_CUT_BAD_FRAME;
}

/* Code without unwind rules (JIT, assembly): follow the frame pointer. */
static inline int vp_step_by_bp(struct vp_step *step)
{
	uint64_t from = step->regs.bp, pc, bp;

	step->uses_bp = 1;
	if (from < step->regs.sp || from % 8 || !vp_view_read(step->view, from + 8, &pc) ||
	    !vp_view_read(step->view, from, &bp) || pc < 4096 || pc > VPROF_WHERE_ADDRESS)
		return VPROF_CUT_NO_INFO;
	step->bp_from = from;
	step->regs = (struct vp_regs){pc, from + 16, bp};
	return 0;
}

/* Looks at the frame of step->regs and moves to its caller.
 * Returns 1; or 0 when that frame is the outermost that can be seen (`where` is
 * valid, `cut` says why); or -1 when there was no frame at all. */
static inline int vp_step_frame(struct vp_step *step)
{
	uint64_t pc = step->regs.pc, lookup = pc - !step->exact, word;
	struct vp_rule rule;

	step->cut = 0;
	if (pc < 4096 || pc > VPROF_WHERE_ADDRESS)
		return -1; /* a return address of 0 ends hand-made stacks */
	word = vp_rows_find(lookup);
	if (__builtin_expect(step->unloading && word, 0) &&
	    !vp_module_holds(vp_rule_unpack(word).module, lookup))
		word = 0;
	if (__builtin_expect(!word, 0))
		word = vp_step_learn(lookup);
	else if (__builtin_expect((word & 7) == VP_ROW_NO_INFO, 0))
		word = vp_step_nowhere(lookup, word);
	step->refused = !word;
	if (__builtin_expect(!word, 0)) {
		step->cut = VPROF_LOST_REENTRANT;
		return -1;
	}
	rule = vp_rule_unpack(word);
	step->where = pc | (step->exact ? VPROF_WHERE_EXACT : 0) |
		      (uint64_t)rule.module << VPROF_WHERE_MODULE_SHIFT;
	step->hidden = rule.hidden;
	step->bp_from = 0;
	step->full = 0;
	if (__builtin_expect(rule.kind == VP_ROW_SP || rule.kind == VP_ROW_BP, 1)) {
		step->cut = vp_step_by_row(step, &rule);
	} else if (rule.kind == VP_ROW_END) {
		step->uses_bp = 0;
		return 0;
	} else if (rule.kind == VP_ROW_NO_INFO) {
		/* A stack holds no code: the return address was none (libgcc
		 * rewrites its frames before it lands in a handler). */
		if (pc >= step->view->lo && pc < step->view->hi) {
			step->cut = VPROF_CUT_BAD_FRAME;
			return -1;
		}
		/* The innermost function may not have set up its frame yet. */
		step->uses_bp = 1;
		step->cut = step->exact ? VPROF_CUT_NO_INFO : vp_step_by_bp(step);
	} else {
		step->uses_bp = 1;
		step->cut = vp_step_full(step, lookup);
	}
	step->exact = rule.kind == VP_ROW_SIGNAL;
	return !step->cut;
}

#endif
