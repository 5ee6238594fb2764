/* An earlier run to compare leaks with: a ring file, or what `leaks --format
 * json` made of one, which keeps the names when the program is built anew.
 *
 * Call paths are the same when their identities are (model/identity.h).  Where
 * the old program is gone and with it the names, its sites are compared by the
 * objects they go through: more of them together is a regression all the same. */
#ifndef VR_BASELINE_H
#define VR_BASELINE_H

#include "model/leaks.h"

struct vr_baseline;

/* Reads `path`, a ring file under `select`; strict: what is possibly lost counts.
 * Returns 0, or -EINVAL and the like with one line in err. */
int vr_baseline_open(const char *path, const struct vr_select *select, int strict,
		     struct vr_baseline **out, struct vr_err *err);
void vr_baseline_free(struct vr_baseline *baseline); /* NULL is fine */

/* Sets `change` of every leak, and the excuse of those that are no news.  What is
 * suppressed is left alone.  Returns how many could be compared by object only. */
size_t vr_baseline_compare(const struct vr_baseline *baseline, struct vr_stacks *stacks,
			   struct vr_leaks *leaks);

/* What the baseline can be asked. */
int vr_baseline_searched(const struct vr_baseline *baseline);
int vr_baseline_growth_judged(const struct vr_baseline *baseline);

#endif
