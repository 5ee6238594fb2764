/* Where we are and how long it still takes, on stderr: one line redrawn in
 * place on a terminal that the target leaves alone, plain lines otherwise. */
#ifndef VRUN_PROGRESS_H
#define VRUN_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "plan.h"

struct vrun_progress {
	const struct vrun_plan *plan;
	size_t run;	/* index of the current one */
	double begun_s; /* of the current run, monotonic */
	double spent_s; /* in the runs before it */
	double told_s;	/* when the last plain line was printed */
	bool draws;	/* the terminal's line is ours */
	bool drawn;	/* something stands there now */
};

void vrun_progress_begin(struct vrun_progress *progress, size_t run);
/* Call a few times a second. */
void vrun_progress_tick(struct vrun_progress *progress);
/* Takes the drawn line away, so that others may print. */
void vrun_progress_clear(struct vrun_progress *progress);
void vrun_progress_end(struct vrun_progress *progress);

#endif
