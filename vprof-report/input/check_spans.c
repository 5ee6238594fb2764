/* Rows of spans: ids, sums and times that cannot be.  A row that was being written when it was
 * read, or when its process was killed, is ahead of itself by a span: it is put right. */
#include <string.h>

#include "input/check_parts.h"

#define AHEAD	     2u	 /* of a record that is whole */
#define AHEAD_LIVE   64u /* its header was read earlier */
#define AFTER_END_NS 10000000000u

static uint64_t counted(const struct vprof_span *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VPROF_SPAN_BUCKETS; i++)
		if (__builtin_add_overflow(sum, row->histogram[i], &sum))
			return UINT64_MAX;
	return sum;
}

/* `count` and the histogram, of which one may be ahead.  Where both ends are in different
 * threads, and in row 0, more may end than began. */
static int counts_fit(struct vprof_span *row, uint32_t id, uint64_t off)
{
	uint64_t sum = counted(row);
	int one_thread = id && !(row->flags & VPROF_SPAN_ASYNC);

	if (sum > UINT64_MAX / 4 || row->begun > UINT64_MAX / 4 || row->left > UINT64_MAX / 4)
		return 0;
	if (sum > row->count ? sum - row->count > off : row->count - sum > off)
		return 0;
	row->count = sum;
	if (!one_thread)
		return 1;
	if (row->count + row->left > row->begun + off)
		return 0;
	if (row->count + row->left > row->begun)
		row->begun = row->count + row->left;
	return 1;
}

static int sums_fit(struct vprof_span *row)
{
	if (row->max_ns > row->time_ns)
		row->max_ns = row->time_ns;
	if (row->inner_ns > row->time_ns)
		row->inner_ns = row->time_ns;
	if (row->sized > row->count)
		row->sized = row->count;
	return row->size_min <= row->size_max && row->size_at_max <= row->size_max;
}

static const char *fault(const struct vr_file *file, struct vprof_span *row, uint32_t id,
			 const struct vr_layout *layout)
{
	const struct vprof_header *h = &layout->header;
	int live = vr_layout_unfinished(layout);
	uint64_t end_ns =
	    live || h->end_ns > UINT64_MAX / 8 ? UINT64_MAX / 4 : h->end_ns + AFTER_END_NS;

	if (row->node >= file->n_nodes)
		return "node id out of range";
	if (row->thread >= file->n_threads)
		return "thread id out of range";
	if (!vr_check_string(file, row->name) || row->label == VPROF_NONE ||
	    !vr_check_string(file, row->label))
		return "string id out of range";
	if (row->first_ns > end_ns || row->last_ns > end_ns || row->since_ns > end_ns ||
	    row->max_at_ns > end_ns || row->max_ns > end_ns)
		return "times make no sense";
	if (row->time_ns > UINT64_MAX / 4 || !counts_fit(row, id, live ? AHEAD_LIVE : AHEAD) ||
	    !sums_fit(row))
		return "sums do not add";
	return NULL;
}

void vr_check_spans(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_SPANS};

	for (uint32_t i = 0; i < file->n_spans; i++) {
		struct vprof_span *row = &file->span[i];
		const char *reason = NULL;

		/* Handed out, not filled in yet. */
		if (!i || row->flags & VPROF_SPAN_NAMED)
			reason = fault(file, row, i, layout);
		else
			memset(row, 0, sizeof(*row));
		if (!reason)
			continue;
		vr_tally_hit(&tally, i, reason);
		memset(row, 0, sizeof(*row));
	}
	vr_tally_report(&tally, file, layout);
}
