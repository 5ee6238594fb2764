/* What each thread did with its time, and where it began.
 *
 * A thread is on a CPU, or runnable without one, or waits; the kernel tells how long
 * (docs/decisions/threads.md). */
#ifndef VR_THREADS_H
#define VR_THREADS_H

#include "model/profile.h"

/* What a thread did for most of its life. */
enum vr_mostly {
	VR_MOSTLY_UNKNOWN,
	VR_MOSTLY_WAITED,
	VR_MOSTLY_RUNNABLE, /* and did not run */
	VR_MOSTLY_BUSY,
	VR_MOSTLY_SPINS /* on a CPU, asking over and over for what has not come */
};

/* What a thread that spins asks, and the function that does. */
struct vr_spin {
	const char *asks, *caller; /* NULL: it does not spin; caller "": not known */
	double percent;		   /* of its samples */
};

/* A function, as struct vr_function has it; name NULL: not known. */
struct vr_start {
	const char *name, *file, *module;
	int line;
};

struct vr_thread {
	uint64_t wall_ns, cpu_ns, run_delay_ns, waited_ns;
	uint64_t unsplit_ns; /* off the CPU, not known which */
	int split;	     /* run_delay_ns, waited_ns and unsplit_ns are known */
	int switches;	     /* those of the row are known */
	enum vr_mostly mostly;
	struct vr_spin spin;
	struct vr_start routine; /* what pthread_create() was given; main */
	struct vr_start start;	 /* the same, or what it is a wrapper of: std::thread's function */
};

/* One for each row of THREADS; row 0, which is no thread, is all unknown.  free() it. */
struct vr_thread *vr_threads_new(struct vr_profile *profile);

/* Of the thread that spins most, or was kept from running longest; NULL: none.  *row: its. */
const struct vr_thread *vr_threads_longest(const struct vr_profile *profile,
					   const struct vr_thread *thread, enum vr_mostly which,
					   uint32_t *row);

/* "waited", ...; NULL for what is not known. */
const char *vr_mostly_name(enum vr_mostly mostly);

/* Why a row has no run delay, as a clause; NULL: it has. */
const char *vr_thread_why_unsplit(const struct vprof_thread *row);

/* Where the stacks of each thread are: rows of CPU from first[thread] to first[thread + 1],
 * exclusive, in row[]; and of those without any the longest wait, and the site that allocated
 * most, by shard (row 0: none). */
struct vr_thread_stacks {
	uint32_t *first, *row;
	uint32_t *lock; /* by thread */
	uint32_t *site; /* by shard */
};

/* model/thread_start.c, model/spin.c */
void vr_thread_find_start(struct vr_profile *profile, const struct vr_thread_stacks *stacks,
			  uint32_t row, struct vr_thread *thread);
struct vr_spin vr_spin_find(struct vr_profile *profile, const struct vr_thread_stacks *stacks,
			    uint32_t row);

#endif
