/* L3  What a CPU sample means: CPU time of a stack in a thread. */
#ifndef VP_TRACK_CPU_H
#define VP_TRACK_CPU_H

#include "sample/cpu.h"
#include "stack/regs.h"

int vp_track_cpu_init(void); /* forgets all: fresh file; 0 or -ENOMEM */

/* The sinks of the two engines. */
void vp_track_cpu_perf(const struct vp_perf_sample *sample);		 /* helper thread */
void vp_track_cpu_timer(const struct vp_regs *regs, uint64_t weight_ns); /* signal */

/* A thread has ended and all its samples are in.  What its CPU clock says and
 * its samples do not is charged to the function it started with, as time
 * without a sample: all of it for a thread too short to be sampled.
 * Context: helper thread. */
void vp_track_cpu_settle(uint32_t thread);

#endif
