/* What the kernel's scheduler kept of a thread of this process.
 *
 * The run delay is in /proc/PID/schedstat alone, which needs a descriptor: only the helper
 * reads it, whose descriptors are its own (docs/decisions/threads.md).  Where the process
 * was another program before exec, the main thread's counts begin with the library. */
#ifndef VP_BASE_SCHEDSTAT_H
#define VP_BASE_SCHEDSTAT_H

#include <stdint.h>

struct vp_schedstat {
	uint64_t cpu_ns;       /* time on a CPU */
	uint64_t run_delay_ns; /* runnable, and no CPU for it */
	uint64_t slices;       /* times it got one */
};

struct vp_switches {
	uint64_t voluntary, involuntary;
};

/* What there was before: of the switches, by the thread that starts the library; of the
 * rest, by the helper. */
void vp_schedstat_start(void);
void vp_schedstat_open(void);

/* Returns 0; -ENODATA where the kernel keeps no such account; -ESRCH when the thread is
 * gone; or another -errno when it cannot be read.  Context: helper. */
int vp_schedstat_read(int tid, struct vp_schedstat *out);
int vp_schedstat_switches(int tid, struct vp_switches *out);

/* Does it wait: neither on a CPU nor runnable?  0 also where that is not known. */
int vp_schedstat_waits(int tid);

/* The calling thread's own, without a descriptor.  Returns 0 or -errno. */
int vp_schedstat_own(struct vp_switches *out);

#endif
