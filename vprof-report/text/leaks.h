/* leaks in words: the lines that table, gate and findings share. */
#ifndef VR_TEXT_LEAKS_H
#define VR_TEXT_LEAKS_H

#include "model/growth.h"
#include "model/leaks.h"

/* "300 B lost in 3 blocks"; free() it. */
char *vr_leak_title(const struct vr_leak *leak);
/* "suppressed by leak:x", "allowed: x", "in the baseline too", or NULL; free() it. */
char *vr_excuse_text(const struct vr_leak *leak);
/* What was examined and what was not, one sentence a line; free() it. */
char *vr_leaks_examined(const struct vr_profile *profile, const struct vr_leaks *leaks,
			const struct vr_growth *growth);
/* The verdict in one line: "leak: 1000 B lost in 10 blocks ..."; free() it. */
char *vr_leaks_line(const struct vr_profile *profile, const struct vr_leaks *leaks, int strict);
/* Why the run is not examined, in a few words; free() it.  NULL: it is. */
char *vr_leaks_gap_text(const struct vr_profile *profile, const struct vr_leaks *leaks);

#endif
