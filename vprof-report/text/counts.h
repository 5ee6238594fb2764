/* What is said of calls that were counted. */
#ifndef VR_TEXT_COUNTS_H
#define VR_TEXT_COUNTS_H

#include "model/counts.h"
#include "text/context.h"

/* How calls were counted: "-pg, libc"; NULL where none were; free() it. */
char *vr_counted_text(const struct vr_counts *counts);
/* The same as a list, with what was lost: {"by": [...], "lost": n}. */
json_t *vr_counted_json(const struct vr_counts *counts);

/* What limits the numbers of calls.
 *   wanted  1: they were asked for, so that it is also said where there are none */
void vr_warn_counts(const struct vr_context *ctx, const struct vr_counts *counts, int wanted);

#endif
