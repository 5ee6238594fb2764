/* Possible deadlocks: threads that took the same locks in different orders, and would have
 * waited for each other without end, had each got its first one at the same time. */
#ifndef VR_LOCK_ORDER_H
#define VR_LOCK_ORDER_H

#include "model/locks.h"

#define VR_CYCLE_MOST 5u /* threads of one */

/* One thread of a cycle: it took row->taken while it had row->held[held], and maybe others. */
struct vr_cycle_part {
	const struct vprof_order *row;
	uint32_t held;
};

/* The lock that a part takes is the one that the next part has; the last one's is the first's. */
struct vr_cycle {
	uint32_t parts;
	struct vr_cycle_part part[VR_CYCLE_MOST];
	uint64_t cycles; /* with it, those of the same locks, or of locks of the same blocks */
};

struct vr_cycles {
	struct vr_cycle *cycle; /* those of fewer parts first, then the more frequent */
	size_t count;
	int gave_up; /* there were too many to be looked through */
};

struct vr_cycles *vr_cycles_new(const struct vr_profile *profile);
void vr_cycles_free(struct vr_cycles *cycles);

/* Locks under others that found no row in the table. */
uint64_t vr_orders_lost(const struct vr_file *file);

/* A lock of a row as the table of locks has them, for what it is called. */
struct vr_lock vr_order_lock(const struct vprof_order *row, const struct vprof_order_lock *lock);
const char *vr_order_mode_name(uint32_t mode);

#endif
