/* What the times of a table are of: CPU time, or the wall clock of all threads together. */
#ifndef VR_CLOCK_H
#define VR_CLOCK_H

#include "model/cpu.h"
#include "text/context.h"

/* "300.0 ms CPU time, 80 samples"; with --clock wall "1.088 thread-seconds (4 threads in
 * 2.000 s): ...", what they are made of and what was left out.  free() it. */
char *vr_clock_text(const struct vr_profile *profile, const struct vr_cpu *cpu);

/* A line of `summary` where samples stand for so different times that they say less than as
 * many alike would. */
void vr_clock_print_worth(const struct vr_context *ctx, const struct vr_cpu *cpu);

/* {"threads", "run_ns", "idle_ns", ...}: with --clock wall; else null. */
json_t *vr_clock_json(const struct vr_cpu *cpu);

#endif
