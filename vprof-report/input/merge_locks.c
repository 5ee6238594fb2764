/* Waits of several processes. */
#include "input/merge_parts.h"

static void add_locks(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	merge->lock0 = merge->sum->n_locks;
	for (uint32_t i = 0; i < file->n_locks; i++) {
		struct vprof_lock row = file->lock[i];
		struct vprof_lock *none = &merge->sum->lock[0];

		if (!i) {
			none->waits += row.waits;
			none->timeouts += row.timeouts;
			none->wait_ns += row.wait_ns;
			none->max_ns = row.max_ns > none->max_ns ? row.max_ns : none->max_ns;
			continue;
		}
		/* In static data each process has another lock of the same name. */
		row.address = vr_merge_address(merge, row.address);
		row.node = merge->node[row.node];
		row.site = merge->node[row.site];
		row.thread = vr_merge_thread(merge, row.thread);
		row.label = row.label ? vr_merge_string(merge, row.label) : 0;
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		VR_MERGE_APPEND(merge, lock, n_locks, lock_room, row);
	}
}

static void add_blame(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_blames; i++) {
		struct vprof_blame row = file->blame[i];

		if (!row.what)
			continue;
		row.address = vr_merge_address(merge, row.address);
		row.node = merge->node[row.node];
		row.site = merge->node[row.site];
		row.thread =
		    row.thread == VPROF_NONE ? VPROF_NONE : vr_merge_thread(merge, row.thread);
		row.cause = vr_merge_string(merge, row.cause);
		row.cause_node = merge->node[row.cause_node];
		row.cause_object = vr_merge_address(merge, row.cause_object);
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		VR_MERGE_APPEND(merge, blame, n_blames, blame_room, row);
	}
}

static struct vprof_order_lock lock_in_sum(const struct vr_merge *merge,
					   struct vprof_order_lock lock)
{
	lock.address = vr_merge_address(merge, lock.address);
	lock.node = merge->node[lock.node];
	lock.site = merge->node[lock.site];
	if (lock.born_ns)
		lock.born_ns += merge->shift_ns;
	return lock;
}

/* Locks of equal addresses are not the same in two processes: each has its number. */
static void add_orders(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_orders; i++) {
		struct vprof_order row = file->order[i];

		row.reserved = (uint32_t)merge->sum->n_members;
		row.thread = vr_merge_thread(merge, row.thread);
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		row.taken = lock_in_sum(merge, row.taken);
		for (size_t k = 0; k < VPROF_ORDER_HELD && row.held[k].address; k++)
			row.held[k] = lock_in_sum(merge, row.held[k]);
		VR_MERGE_APPEND(merge, order, n_orders, order_room, row);
	}
}

void vr_merge_locks(struct vr_merge *merge)
{
	add_locks(merge);
	add_blame(merge);
	add_orders(merge);
}
