/* Which units are slow: --tail and --select. */
#ifndef VR_TAIL_SELECT_H
#define VR_TAIL_SELECT_H

#include "base/err.h"
#include "vprof_format.h"

struct vr_range {
	double low, high; /* both count */
};

struct vr_tail_select {
	double quantile; /* 0 to 1: above it; used where nothing is selected */
	int selected;	 /* 1: all of these hold */
	struct vr_range ns, begin_ns, events, bytes, size;
	char *label; /* a glob; NULL: any */
};

/* "dur>5ms,t=10s..20s,label=path=tick,events>10": words between commas.  NULL: everything above
 * the quantile.  Returns 0, or -EINVAL with what is wrong in err. */
int vr_tail_select_parse(const char *text, double percent, struct vr_tail_select *select,
			 struct vr_err *err);
void vr_tail_select_done(struct vr_tail_select *select);

/*   label  the text of its label; "" for none */
int vr_tail_selects(const struct vr_tail_select *select, const struct vprof_unit *unit,
		    const char *label);

#endif
