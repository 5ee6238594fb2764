/* Whose doing waits for locks were: the rows of BLAME by lock, as model/locks.h tells locks
 * apart, and how long the locks were held.
 *
 * They are of the whole run and of all threads: whoever asks for a window, a thread, a label or
 * a module gets none. */
#ifndef VR_BLAME_H
#define VR_BLAME_H

#include "model/locks.h"

/* What a thread did while others waited for a lock that it held. */
struct vr_blame_part {
	uint32_t cause;	 /* string id of the call; VPROF_NONE: in none that lasted */
	uint32_t node;	 /* its stack */
	uint32_t target; /* string id of what it waited for; VPROF_NONE */
	uint64_t object; /* of a lock: its address */
	uint64_t ns;
};

/* One thread that held a lock. */
struct vr_holder {
	uint32_t thread; /* row in THREADS */
	uint32_t node;	 /* where it gave the lock back, for most of the time */
	uint64_t ns, times, max_ns, node_ns;
	struct vr_blame_part part; /* the largest with a cause; ns 0: there is none */
};

struct vr_hold_times {
	uint64_t holds, ns, max_ns;
	uint64_t histogram[VPROF_HOLD_BUCKETS];
};

struct vr_blame {
	uint64_t address; /* of a lock outside of blocks ... */
	uint32_t place, site;
	uint64_t offset; /* ... else the site and the place in its blocks */
	/* of the waits: held by somebody, by nobody any more, by who knows whom; charged for waits
	 * that were never over */
	uint64_t held_ns, handoff_ns, unknown_ns, abandoned_ns;
	uint64_t span_ns;		/* time in which somebody waited */
	struct vr_hold_times contended; /* holds that somebody waited for, begun by a wait */
	struct vr_hold_times sampled;	/* one in VPROF_HOLD_SAMPLE of all */
	struct vr_holder *holder;	/* the largest first */
	size_t n_holders;
};

struct vr_blames {
	struct vr_blame *blame;
	struct vr_holder *holder;
	size_t n_blames;
};

struct vr_blames *vr_blames_new(const struct vr_profile *profile);
void vr_blames_free(struct vr_blames *blames); /* NULL is fine */

/* An order of locks: 0: the same one. */
int vr_blame_by_lock(const struct vprof_blame *x, const struct vprof_blame *y);

/* Of a lock that is held; NULL: nothing is known. */
const struct vr_blame *vr_blame_of(const struct vr_blames *blames, const struct vr_lock *lock);

/* Of the holds, this percentile; -1: there are none. */
int64_t vr_hold_percentile(const struct vr_blame *blame, double percent);

/* How many waited, on average over the time in which somebody did. */
double vr_blame_waiters(const struct vr_blame *blame);
/* Short holds, several waiters, and much of the wait goes into handing the lock on. */
int vr_blame_is_convoy(const struct vr_blame *blame);

#endif
