/* Units of several processes, which keep their places. */
#include "input/merge_parts.h"

static void move_calls(struct vr_merge *merge, struct vprof_unit_call *call, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!call[i].ns)
			continue;
		call[i].node = merge->node[call[i].node];
		call[i].name = vr_merge_string(merge, call[i].name);
	}
}

static void move_samples(const struct vr_merge *merge, struct vprof_unit_sample *sample,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (sample[i].count)
			sample[i].node = merge->node[sample[i].node];
}

static void move_unit(struct vr_merge *merge, uint32_t unit0, struct vprof_unit *row)
{
	row->thread = vr_merge_thread(merge, row->thread);
	row->loop += row->loop == VPROF_NONE ? 0 : merge->loop0;
	row->span += row->span == VPROF_NONE ? 0 : merge->span0;
	row->label = row->label ? vr_merge_string(merge, row->label) : 0;
	row->begin_ns += merge->shift_ns;
	row->more += row->more == VPROF_NONE ? 0 : unit0;
	move_calls(merge, row->call, VPROF_UNIT_CALLS);
	move_samples(merge, row->sample, VPROF_UNIT_SAMPLES);
}

static void move_others(struct vr_merge *merge, uint32_t unit0, struct vprof_unit_others *row)
{
	row->unit += row->unit == VPROF_NONE ? 0 : unit0;
	row->begin_ns += merge->shift_ns;
	for (uint32_t i = 0; i < VPROF_UNIT_OTHER_THREADS && row->other[i].thread; i++) {
		struct vprof_unit_other *other = &row->other[i];

		other->thread = vr_merge_thread(merge, other->thread);
		other->node = merge->node[other->node];
		other->call_node = merge->node[other->call_node];
		if (other->call_name != VPROF_NONE)
			other->call_name = vr_merge_string(merge, other->call_name);
	}
}

void vr_merge_units(struct vr_merge *merge)
{
	uint32_t unit0 = merge->sum->n_units;

	for (uint32_t i = 0; i < merge->file->n_units; i++) {
		union vr_unit_row row = merge->file->unit[i];

		if (row.kind == VPROF_UNIT_KEPT) {
			move_unit(merge, unit0, &row.kept);
		} else if (row.kind == VPROF_UNIT_MORE) {
			row.more.unit += unit0;
			move_calls(merge, row.more.call, VPROF_UNIT_MORE_CALLS);
			move_samples(merge, row.more.sample, VPROF_UNIT_MORE_SAMPLES);
		} else if (row.kind == VPROF_UNIT_SUMS) {
			row.sums.thread = vr_merge_thread(merge, row.sums.thread);
			row.sums.loop += row.sums.loop == VPROF_NONE ? 0 : merge->loop0;
			row.sums.span += row.sums.span == VPROF_NONE ? 0 : merge->span0;
		} else if (row.kind == VPROF_UNIT_OTHERS && row.others.unit != VPROF_NONE) {
			move_others(merge, unit0, &row.others);
		}
		VR_MERGE_APPEND(merge, unit, n_units, unit_room, row);
	}
}
