/* Calls of the program's own functions, of several processes. */
#include "input/merge_parts.h"

void vr_merge_counts(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	for (uint32_t i = 0; i < file->n_counts; i++) {
		struct vprof_count row = file->count[i];

		if (!row.where)
			continue;
		row.where = vr_merge_where(merge, row.where);
		row.caller = row.caller ? vr_merge_where(merge, row.caller) : 0;
		row.thread = vr_merge_thread(merge, row.thread);
		if (row.how == VPROF_COUNT_HOOKED)
			row.name = vr_merge_string(merge, row.name);
		VR_MERGE_APPEND(merge, count, n_counts, count_room, row);
	}
	for (uint32_t i = 0; i < file->n_durations; i++) {
		struct vprof_duration row = file->duration[i];

		if (!row.where)
			continue;
		row.where = vr_merge_where(merge, row.where);
		row.thread = vr_merge_thread(merge, row.thread);
		VR_MERGE_APPEND(merge, duration, n_durations, duration_room, row);
	}
}
