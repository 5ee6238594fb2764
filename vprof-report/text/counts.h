/* What is said of calls that were counted. */
#ifndef VR_TEXT_COUNTS_H
#define VR_TEXT_COUNTS_H

#include "model/counts.h"
#include "text/context.h"

/* How calls were counted, and how many were lost: {"by": ["-pg"], "lost": n}. */
json_t *vr_counted_json(const struct vr_counts *counts);

/* What trace= was asked for and got, in words; NULL: it was not asked for.  free() it. */
char *vr_trace_text(const struct vr_file *file);
json_t *vr_trace_json(const struct vr_file *file); /* null, or an object */

/* What limits the numbers of calls.
 *   wanted  1: they were asked for, so that it is also said where there are none */
void vr_warn_counts(const struct vr_context *ctx, const struct vr_counts *counts, int wanted);

#endif
