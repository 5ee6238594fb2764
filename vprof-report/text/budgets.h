/* Budgets in words: what a gate says of one. */
#ifndef VR_TEXT_BUDGETS_H
#define VR_TEXT_BUDGETS_H

#include "model/budget.h"
#include "output/out_issues.h"
#include "text/context.h"

/* Prints what is wrong with a budget that cannot be read, and where. */
void vr_budget_complain(const struct vr_budget *budget, const struct vr_err *err);

/* "budget peak_heap>24MiB: the run has 30.0 MiB", or why it cannot be judged; free() it. */
char *vr_budget_line(const struct vr_budget *budget, const struct vr_answer *answer);
/* "30.0 MiB", "1 and 12.0 ms": of each condition; free() it. */
char *vr_budget_values(const struct vr_budget *budget, const struct vr_answer *answer);
/* Who made it so, each with its stack, some lines ("": nobody is known); free() it. */
char *vr_budget_culprits(struct vr_context *ctx, const struct vr_budget *budget,
			 const struct vr_answer *answer);
/* "1 time, 4.0 KiB", "fsync of /data/j.log, 12.0 ms, in feed": one of them; free() it. */
char *vr_culprit_text(struct vr_context *ctx, const struct vr_condition *condition,
		      const struct vr_culprit *culprit);
/* The one whose stack stands for all, NULL: there is none. */
const struct vr_culprit *vr_budget_culprit(const struct vr_answer *answer);

/* Frames of a stack for output/out_issues.h: sets frames and at of the issue; free() what is
 * returned after it was printed.
 *   cwd  sources below it are named without it */
struct vr_issue_frame *vr_issue_frames(struct vr_context *ctx, uint32_t node, const char *cwd,
				       struct vr_issue *issue);

#endif
