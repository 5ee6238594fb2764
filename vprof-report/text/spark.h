/* Values over time as one line of marks. */
#ifndef VR_SPARK_H
#define VR_SPARK_H

#include <stdio.h>

#include "text/context.h"

/* One mark as high as `part`, from 0 to 1. */
void vr_spark_put(FILE *out, double part);

/* A line "NAME ▁▂▃ 1.0 MiB to 2.0 MiB" of a quantity of the timeline in bytes: at most 60
 * marks, each the mean of its points.
 *   field   its offset in struct vprof_point */
void vr_print_spark(struct vr_context *ctx, const char *name, size_t field);

#endif
