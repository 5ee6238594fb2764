/* What the helper follows about threads while they live, and settles when
 * they have ended.  Context: helper thread. */
#ifndef VP_HELPER_WATCH_H
#define VP_HELPER_WATCH_H

#include "vprof_format.h"

#include <stdint.h>

int vp_watch_init(void); /* forgets all: fresh file */

/* Reads CPU time of all live threads into their rows; names too when asked.
 * Threads that ended before `drained_ns` (all their samples are in) are
 * settled: see vp_track_cpu_settle. */
void vp_watch_refresh(int with_names, uint64_t drained_ns);

/* Reads the name that a thread has now. */
void vp_watch_name(struct vprof_thread *row);

/* A pause begins (header->paused still 0) or ends (still 1). */
void vp_watch_pause(int on);

/* Such time of all threads so far, the helper apart. */
uint64_t vp_watch_cpu_ns(void);

/* The rate of samples is about to change: the header still has the old period. */
void vp_watch_rate_changes(void);

/* Samples that threads' CPU time should have given and did not; after a change of the rate
 * those that even the lowest one should have. */
uint64_t vp_watch_untaken(void);
/* Samples that nobody wanted of threads that switch very often. */
uint64_t vp_watch_spared(void);

#endif
