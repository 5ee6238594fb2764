/* The heap over time of several processes. */
#include "input/merge_parts.h"

static void add_head(struct vr_merge *merge, const struct vprof_heap_times_head *from)
{
	struct vprof_heap_times_head *to = (void *)merge->sum->heap_time;

	if (from->step_ns > to->step_ns)
		to->step_ns = from->step_ns;
	if (from->until_ns + merge->shift_ns > to->until_ns)
		to->until_ns = from->until_ns + merge->shift_ns;
	to->readings += from->readings;
	to->cost_ns += from->cost_ns;
	to->nameless += from->nameless;
}

void vr_merge_heap_times(struct vr_merge *merge, uint32_t site0)
{
	const struct vr_file *file = merge->file;

	if (!file->n_heap_times)
		return;
	if (!merge->sum->n_heap_times)
		VR_MERGE_APPEND(merge, heap_time, n_heap_times, heap_time_room,
				(struct vprof_heap_time){0});
	add_head(merge, (const void *)file->heap_time);
	for (uint32_t i = 1; i < file->n_heap_times; i++) {
		struct vprof_heap_time row = file->heap_time[i];

		if (!row.to_ns)
			continue;
		row.from_ns += merge->shift_ns;
		row.to_ns += merge->shift_ns;
		row.site = row.site ? site0 + row.site - 1 : 0;
		VR_MERGE_APPEND(merge, heap_time, n_heap_times, heap_time_room, row);
	}
}
