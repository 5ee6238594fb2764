/* What `locks` tells of those who held a lock. */
#ifndef VR_LOCKS_BLAME_H
#define VR_LOCKS_BLAME_H

#include "model/blame.h"
#include "model/wakers.h"
#include "text/fields.h"

/* Whose doing waits were; NULL: not known, or not asked for. */
struct vr_lock_doing {
	const struct vr_blames *blames;
	const struct vr_wakers *wakers;
};

/* Getters of fields of a struct vr_lock; rows->model is a struct vr_lock_doing. */
vr_get vr_get_held, vr_get_handoff, vr_get_unknown, vr_get_abandoned, vr_get_waiters, vr_get_convoy,
    vr_get_hold_p50, vr_get_hold_p99, vr_get_hold_max, vr_get_holds, vr_get_held_by, vr_get_holders;

/* Tables of records without them look as they did. */
int vr_has_blame(const struct vr_rows *rows);

#define VR_BLAME_FIELDS                                                                            \
	{"held_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_held},                                    \
	    {"handoff_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_handoff},                          \
	    {"unknown_ns", "", VR_NS, VR_IN_JSON, .get = vr_get_unknown},                          \
	    {"abandoned_ns", "", VR_NS, VR_IN_JSON, .get = vr_get_abandoned},                      \
	    {"mean_waiters", "", VR_NUMBER, VR_IN_JSON, .get = vr_get_waiters},                    \
	    {"convoy", "", VR_COUNT, VR_IN_JSON, .get = vr_get_convoy},                            \
	    {"holds", "", VR_COUNT, VR_IN_JSON, .get = vr_get_holds},                              \
	    {"hold_p50_ns",	      "hold p50", VR_NS, VR_IN_ALL, .get = vr_get_hold_p50,        \
	     .applies = vr_has_blame, .yields = 2},                                                \
	    {"hold_p99_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_hold_p99},                        \
	{                                                                                          \
		"hold_max_ns", "", VR_NS, VR_IN_DATA, .get = vr_get_hold_max                       \
	}

/* Under the table: who was waited for, lock by lock. */
void vr_print_blame(struct vr_context *ctx, const struct vr_blames *blames,
		    const struct vr_lock *lock);

#endif
