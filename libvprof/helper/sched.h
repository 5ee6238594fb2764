/* What threads did while they were off the CPU: waited, or were runnable and had none.
 * Context: helper thread. */
#ifndef VP_HELPER_SCHED_H
#define VP_HELPER_SCHED_H

#include "helper/switch_rate.h"
#include "vprof_format.h"

#include <stdint.h>

/* The last readings of a thread. */
struct vp_sched_seen {
	uint64_t t_ns;		  /* until when its run delay is known; 0: no reading yet */
	uint64_t cpu_ns;	  /* the kernel's figure, then */
	uint64_t run_ns, told_ns; /* row.cpu_ns at the readings of run delay and switches */
	int silent;		  /* it ended without a word: no hook saw it */
	struct vp_switch_rate rate;
};

void vp_sched_open(void);

/* Before and after a round of vp_sched_look().  whole: this round reads the switches,
 * too, and does so however long it takes. */
void vp_sched_round_begin(int whole);
void vp_sched_round_end(void);

/* Reads a live thread.  Of one that has not run since the last time there is only to be known
 * whether it waits. */
void vp_sched_look(struct vprof_thread *row, struct vp_sched_seen *seen);

/* A thread has ended: closes its account. */
void vp_sched_settle(struct vprof_thread *row, const struct vp_sched_seen *seen);

#endif
