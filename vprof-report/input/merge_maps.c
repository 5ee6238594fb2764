/* What several processes mapped themselves, by call path. */
#include "input/merge_parts.h"

/* Row 0 collects what found no row; what a child had from its parent is of no call path. */
#define INHERITED UINT64_MAX

static void add_row(struct vprof_map *to, const struct vprof_map *row)
{
	to->flags |= row->flags;
	to->maps += row->maps;
	to->mapped_bytes += row->mapped_bytes;
	to->unmapped_bytes += row->unmapped_bytes;
	to->peak_bytes += row->peak_bytes;
	to->unmaps += row->unmaps;
	to->released_bytes += row->released_bytes;
	for (unsigned i = 0; i < VPROF_ADVICE_COUNT; i++) {
		to->advised[i] += row->advised[i];
		to->advised_bytes[i] += row->advised_bytes[i];
	}
	if (row->maps && (!to->first_ns || row->first_ns < to->first_ns))
		to->first_ns = row->first_ns;
	if (row->last_ns > to->last_ns)
		to->last_ns = row->last_ns;
}

/* The row of the sum for that call path. */
static struct vprof_map *row_of(struct vr_merge *merge, uint64_t key, uint32_t node)
{
	int added;
	uint32_t *at = vr_map_at(&merge->map_at, key, &added);

	if (added) {
		*at = merge->sum->n_maps;
		VR_MERGE_APPEND(merge, map, n_maps, map_room,
				((struct vprof_map){.node = node, .peak_epoch = 1}));
	}
	return &merge->sum->map[*at];
}

void vr_merge_maps(struct vr_merge *merge)
{
	const struct vr_file *file = merge->file;
	struct vprof_header *to = &merge->sum->header;

	to->map_live_bytes += file->header.map_live_bytes;
	to->map_peak_bytes += file->header.map_peak_bytes;
	if (file->n_maps) /* row 0 of the sum is that of the others */
		(void)row_of(merge, 0, VPROF_NODE_ROOT);
	for (uint32_t i = 0; i < file->n_maps; i++) {
		struct vprof_map row = file->map[i];
		int inherited = (row.flags & VPROF_MAP_INHERITED) != 0;

		if (row.peak_epoch < file->header.map_peak_epoch)
			row.peak_bytes = row.mapped_bytes > row.unmapped_bytes
					     ? row.mapped_bytes - row.unmapped_bytes
					     : 0;
		row.first_ns += merge->shift_ns;
		row.last_ns += merge->shift_ns;
		row.node = i && !inherited ? merge->node[row.node] : VPROF_NODE_ROOT;
		add_row(row_of(merge,
			       inherited ? INHERITED
			       : i	 ? row.node + 1ull
					 : 0,
			       row.node),
			&row);
	}
}
