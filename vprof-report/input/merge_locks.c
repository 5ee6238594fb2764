/* Waits of several processes. */
#include "input/merge_parts.h"

void vr_merge_locks(struct vr_merge *merge)
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
