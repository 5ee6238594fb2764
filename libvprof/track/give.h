/* Locks that are given back, by those whose doing waits for them were. */
#ifndef VP_TRACK_GIVE_H
#define VP_TRACK_GIVE_H

#include "stack/regs.h"
#include "track/holders.h"
#include "track/wait.h"

/* A lock that is about to be given back, in its hook's frame. */
struct vp_give {
	struct vp_share share; /* where it is charged */
	struct vp_got got;     /* of a lock that the thread had waited for */
	uint64_t lock, now_ns;
	uint32_t kind; /* enum vprof_lock_kind: how it is held */
	int inside, charged, waited;
};

/* Around the real unlock, whose result is `ret`.  Nothing is written before it. */
void vp_give_begin(struct vp_give *give, uint64_t lock, enum vprof_lock_kind kind,
		   enum vp_giving how);
void vp_give_end(struct vp_give *give, int ret, const struct vp_regs *caller);

/* The thread has just taken the lock: how long it holds it is one of those measured, if it
 * is a lock that this thread waited for or was waited for with. */
void vp_hold_sampled(uint64_t lock);

#endif
