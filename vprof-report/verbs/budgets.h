/* --fail-if: budgets of the command line, judged in each of the files that are read. */
#ifndef VR_VERB_BUDGETS_H
#define VR_VERB_BUDGETS_H

#include "model/budget.h"
#include "text/context.h"
#include "verbs/opts.h"

/* A name that one process of a run never came by may be in another's record: nobody having seen
 * it is known at the end. */
struct vr_unseen {
	size_t judged; /* records in which all its names were */
	char *line;    /* what was said of one in which they were not, NULL: there was none */
};

struct vr_budgets {
	struct vr_budget *budget;
	struct vr_unseen *unseen; /* of each */
	size_t count;
};

/* Reads those that were given.  Returns 0, or VR_EXIT_USAGE after saying what is wrong. */
int vr_budgets_read(struct vr_budgets *budgets, const struct vr_opts *opts);
void vr_budgets_free(struct vr_budgets *budgets);

/* What an answer means for the exit status: VR_EXIT_BUDGET, VR_EXIT_INPUT, or 0 where it is kept
 * or, there being several files, another may tell. */
int vr_budgets_note(const struct vr_context *ctx, struct vr_budgets *budgets, size_t which,
		    const struct vr_answer *answer);
/* Of two: one that is broken outweighs one that cannot be judged. */
int vr_budgets_heavier(int a, int b);
/* Judges all of them in the file that is open, and says on stderr which are not kept.
 * Returns the status. */
int vr_budgets_judge(struct vr_context *ctx, struct vr_budgets *budgets);
/* When all files were judged: VR_EXIT_INPUT after a line for each whose names none of them
 * had, else 0. */
int vr_budgets_last_word(const struct vr_budgets *budgets);

#endif
