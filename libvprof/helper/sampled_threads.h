/* Which threads the perf engine samples.  Helper thread only.
 *
 * Threads that the hooks see are announced (thread/arrivals.h); those from
 * before the library, and those made by a bare clone, are found in /proc. */
#ifndef VP_HELPER_SAMPLED_THREADS_H
#define VP_HELPER_SAMPLED_THREADS_H

#include <stdint.h>

void vp_sampled_threads_open(void); /* after vp_perf_open; finds who is there */
void vp_sampled_threads_close(void);

/* Takes the notifications, when it is time; after a drain. */
void vp_sampled_threads_update(uint64_t mono_ns);
/* When to call vp_sampled_threads_update next, CLOCK_MONOTONIC; ~0: when woken. */
uint64_t vp_sampled_threads_due(void);

/* At every tick: `threads` of the process now, the helper apart (0: unknown). */
void vp_sampled_threads_tick(uint32_t threads);

#endif
