/* The runs to make: one for each program and symbol. */
#ifndef VRUN_PLAN_H
#define VRUN_PLAN_H

#include "options.h"

struct vrun_run {
	char *name;	 /* for people: "virtuoso SOL/USDT" */
	char *label;	 /* for files, its own in the plan: "virtuoso-SOL-USDT" */
	char **argv;	 /* NULL-terminated */
	double stop_s;	 /* send SIGTERM after so many seconds; 0: it ends by itself */
	double length_s; /* expected; 0: not known */
	bool bundled;
	char *log; /* file that takes its stdout; NULL: ours */
};

struct vrun_plan {
	struct vrun_run *run;
	size_t runs;
};

/* Fills the plan.  Returns 0, or -ENOENT after one line on stderr when a
 * bundled program was not found. */
int vrun_plan_make(struct vrun_plan *plan, const struct vrun_options *options);
void vrun_plan_free(struct vrun_plan *plan);

#endif
