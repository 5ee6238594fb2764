/* Waits of several processes. */
#include "input/merge_parts.h"

/* A lock in static data lies where the sum has its object: in each process it is another
 * lock of the same name. */
static void move_address(const struct vr_merge *merge, struct vprof_lock *row)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_modules; i++) {
		const struct vprof_module *m = &file->module[i];

		if (row->address < m->start || row->address >= m->end ||
		    merge->module[i] >= merge->sum->n_modules)
			continue;
		row->address += merge->sum->module[merge->module[i]].bias - m->bias;
		return;
	}
}

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
		move_address(merge, &row);
		row.node = merge->node[row.node];
		row.site = merge->node[row.site];
		row.thread = vr_merge_thread(merge, row.thread);
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		VR_MERGE_APPEND(merge, lock, n_locks, lock_room, row);
	}
}
