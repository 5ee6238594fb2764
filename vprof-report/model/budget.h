/* Budgets: "peak_heap>24MiB" is true, and a gate fails, when the run used more. */
#ifndef VR_BUDGET_H
#define VR_BUDGET_H

#include "model/leaks.h"

enum vr_budget_state {
	VR_BUDGET_KEPT,
	VR_BUDGET_BROKEN,
	VR_BUDGET_UNKNOWN /* what it is about was not examined */
};

/* What a budget is about. */
struct vr_metric {
	int source;    /* which number */
	unsigned mask; /* of these verdicts, 1 << enum vr_verdict; 0: of the whole heap */
	int rate;      /* by the second */
};

struct vr_budget {
	const char *text; /* as given, borrowed */
	struct vr_metric metric;
	char op[3];   /* > >= < <= = */
	double limit; /* bytes, blocks, calls, sites; of a rate, by the second */
};

/* Reads NAME OP NUMBER [UNIT]; units K M G T and KiB MiB GiB TiB are powers of
 * 1024, kB KB MB GB TB of 1000.  Returns 0, or -EINVAL with the names there are
 * in err. */
int vr_budget_parse(const char *text, struct vr_budget *budget, struct vr_err *err);

/* Judges one; *value is what the run used. */
enum vr_budget_state vr_budget_judge(const struct vr_budget *budget,
				     const struct vr_profile *profile, const struct vr_heap *heap,
				     const struct vr_leaks *leaks, double *value);
/* "24.0 MiB", "1,200", "3.5 allocs/s": a value of that budget's metric. */
void vr_budget_text(const struct vr_budget *budget, double value, char out[48]);

#endif
