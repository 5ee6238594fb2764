/* What a CPU sample means: CPU time of a stack in a thread. */
#ifndef VP_TRACK_CPU_H
#define VP_TRACK_CPU_H

#include "sample/engines.h"
#include "stack/regs.h"
#include "vprof_format.h"

struct vp_thread;

int vp_track_cpu_init(void); /* forgets all: fresh file; 0 or -ENOMEM */

/* The timer engine has a timer for each thread. */
void vp_track_cpu_thread_start(struct vp_thread *thread);
void vp_track_cpu_thread_end(struct vp_thread *thread);

/* The sinks of the two engines. */
void vp_track_cpu_perf(const struct vp_perf_sample *sample);		 /* helper thread */
void vp_track_cpu_timer(const struct vp_regs *regs, uint64_t weight_ns); /* signal */

/* The stack at which a thread was most of the time from from_ns on, by its last samples, as
 * far as they are kept; VPROF_NODE_ROOT: there is none.
 * Context: helper thread, after a drain. */
uint32_t vp_track_cpu_recent(uint32_t thread, uint64_t from_ns);

/* Counts a thread's samples of [from, to) into out[], which is zero, those with one caller
 * together, as far as they are kept.  Returns how many found no room.
 * Context: as above. */
uint32_t vp_track_cpu_between(uint32_t thread, uint64_t from_ns, uint64_t to_ns,
			      struct vprof_unit_sample *out, uint32_t room);

/* A thread that ran in some time: its samples, and where most of them were. */
struct vp_cpu_ran {
	uint32_t thread, node, samples;
};
/* Those that have samples in [from, to), as far as they are kept, `room` at most.  Returns how
 * many there are.  Context: as above. */
uint32_t vp_track_cpu_ran(uint64_t from_ns, uint64_t to_ns, struct vp_cpu_ran *out, uint32_t room);

/* A thread has ended and all its samples are in.  What its CPU clock says and
 * its samples do not is charged to the function it started with, as time
 * without a sample: all of it for a thread too short to be sampled.
 * Context: helper thread. */
void vp_track_cpu_settle(uint32_t thread);

#endif
