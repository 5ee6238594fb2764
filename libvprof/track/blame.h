/* The rows of BLAME: whose doing waits were, as the thread records it that knows.
 *
 * What they are of is settled before a lock is given back, and written afterwards. */
#ifndef VP_TRACK_BLAME_H
#define VP_TRACK_BLAME_H

#include "thread/threads.h"
#include "track/holders.h"

/* A hold whose begin is known. */
struct vp_hold {
	struct vp_lock_place lock; /* address 0: none */
	uint64_t since_ns;
	uint32_t sampled; /* 0: somebody waited for it, or it was waited for */
	uint32_t passed;  /* unlocks of other locks meanwhile */
};
#define VP_HOLDS 4u

/* Where locks were given back lately, as calls have it (struct vp_call_site). */
#define VP_GIVE_SITES 32u /* power of two */
struct vp_give_site {
	uint64_t pc, sp;
	uint32_t node;
};

/* Locks that the thread waited for, or was charged with, lately. */
#define VP_BLAME_LOCKS 16u /* power of two */

/* Of one thread. */
#define VP_BLAME_FIRST 128u /* power of two */
struct vp_blames {
	/* key -> row of BLAME + 1; open addressing, 0 is empty */
	uint32_t mask, used;
	uint32_t *slot;
	struct vp_hold hold[VP_HOLDS];
	uint32_t holds; /* of them in use */
	struct vp_give_site site[VP_GIVE_SITES];
	struct vp_lock_place lock[VP_BLAME_LOCKS];
	uint32_t first[VP_BLAME_FIRST];
};

/* A row, but for its counters. */
struct vp_blame_key {
	struct vp_lock_place lock;
	uint32_t node, thread;
	uint16_t kind, what, how;
	uint32_t cause, cause_node;
	uint64_t cause_object; /* of the first; it does not tell rows apart */
};

/* Adds to the row of the key.  `blames` NULL: a row of its own, for another thread's.
 * Context: busy guard held. */
struct vprof_blame *vp_blame_add(struct vp_blames *blames, const struct vp_blame_key *key,
				 uint64_t times, uint64_t ns, uint64_t span_ns, uint64_t now_ns);

/* The thread held the lock, and gave it back at `node`. */
void vp_blame_charge(struct vp_blames *blames, struct vp_thread *thread,
		     const struct vp_share *share, uint32_t kind, uint32_t node);

/* Holds: one begins, after a wait; or one of a lock that the thread knows, as a sample
 * (returns 1 where it does); one ends, and is recorded if it is among those that are timed
 * (returns how many still are). */
void vp_hold_begin(struct vp_blames *blames, const struct vp_lock_place *lock, uint64_t now_ns,
		   int sampled);
int vp_hold_sample(struct vp_blames *blames, uint64_t lock, uint64_t now_ns);
uint32_t vp_hold_end(struct vp_blames *blames, const struct vp_thread *thread, uint64_t lock,
		     uint32_t kind, uint64_t now_ns);
/* One that began after a wait, and ended at now_ns. */
void vp_hold_was(struct vp_blames *blames, const struct vp_thread *thread,
		 const struct vp_hold *hold, uint32_t kind, uint64_t now_ns);

void vp_blames_begin(struct vp_blames *blames); /* zeroed memory */
void vp_blames_end(struct vp_blames *blames);	/* the thread has ended */

#endif
