/* Spans of several processes. */
#include "input/merge_parts.h"

/* Of what had no row of its own there is one row. */
static void add_others(struct vprof_span *to, const struct vprof_span *row)
{
	to->begun += row->begun;
	to->count += row->count;
	to->left += row->left;
	to->deep += row->deep;
	to->time_ns += row->time_ns;
	to->inner_ns += row->inner_ns;
	to->max_ns = row->max_ns > to->max_ns ? row->max_ns : to->max_ns;
	to->unmatched += row->unmatched;
	for (size_t i = 0; i < VPROF_SPAN_BUCKETS; i++)
		to->histogram[i] += row->histogram[i];
}

static uint64_t time_in_sum(const struct vr_merge *merge, uint64_t ns)
{
	return ns ? ns + merge->shift_ns : 0; /* 0: never */
}

void vr_merge_spans(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;

	/* Row 0 is already there, but in the first. */
	merge->span0 = merge->sum->n_spans ? merge->sum->n_spans - 1 : 0;
	for (uint32_t i = 0; i < file->n_spans; i++) {
		struct vprof_span row = file->span[i];

		if (!i && merge->sum->n_spans) {
			add_others(&merge->sum->span[0], &row);
			continue;
		}
		row.name = vr_merge_string(merge, row.name);
		row.thread = vr_merge_thread(merge, row.thread);
		row.label = row.label ? vr_merge_string(merge, row.label) : 0;
		row.node = merge->node[row.node];
		row.max_at_ns = time_in_sum(merge, row.max_at_ns);
		row.first_ns = time_in_sum(merge, row.first_ns);
		row.last_ns = time_in_sum(merge, row.last_ns);
		row.since_ns = time_in_sum(merge, row.since_ns);
		VR_MERGE_APPEND(merge, span, n_spans, span_room, row);
	}
}
