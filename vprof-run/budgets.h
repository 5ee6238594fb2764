/* Budgets of the command line: what a run may take, judged by vprof-report check. */
#ifndef VRUN_BUDGETS_H
#define VRUN_BUDGETS_H

#include "session.h"

/* Before anything runs.  Returns 0, or -EINVAL when one cannot be read, after its mistake was
 * shown on stderr. */
int vrun_budgets_check(const struct vrun_options *options);

/* Judges all records of a run at once: sets result->budgets. */
void vrun_budgets_judge(struct vrun_result *result, const struct vrun_options *options);

/* On the screen, of runs that did not keep them: which, by how much, and the call paths. */
void vrun_budgets_print(const struct vrun_session *session);
/* The section of profiling_summary.md. */
void vrun_budgets_write(const struct vrun_session *session, const struct vrun_result *result,
			FILE *out);

#endif
