/* Iterations by label: of loops that there are, and no more than those have. */
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "input/check_parts.h"

/* Iterations by which a row may be ahead of itself or of its loop, and time: of a record that
 * is whole, and of one that is being written. */
#define AHEAD	      2u
#define AHEAD_LIVE    1000000u
#define AHEAD_LIVE_NS 10000000000u

struct left {
	uint64_t iterations, busy_ns;
};

static uint64_t counted(const struct vprof_label_loop *row)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < VPROF_LABEL_BUCKETS; i++)
		if (__builtin_add_overflow(sum, row->histogram[i], &sum))
			return UINT64_MAX;
	return sum;
}

static int cut(uint64_t *part, uint64_t whole, uint64_t off)
{
	if (*part > whole && *part - whole > off)
		return 0;
	*part = *part < whole ? *part : whole;
	return 1;
}

/* What the histogram has is the number of them. */
static int sums_fit(struct vprof_label_loop *row, uint64_t off)
{
	uint64_t sum = counted(row);

	if (sum > UINT64_MAX / 4 || row->busy_ns > UINT64_MAX / 4 || row->max_ns > row->busy_ns ||
	    (sum > row->iterations ? sum - row->iterations : row->iterations - sum) > off)
		return 0;
	row->iterations = sum;
	return cut(&row->several, sum, off) & cut(&row->slept, sum, off) &
	       cut(&row->blocked_ns, row->busy_ns, off > AHEAD ? AHEAD_LIVE_NS : 0);
}

static const char *fault(const struct vr_file *file, struct vprof_label_loop *row,
			 struct left *left, uint64_t off)
{
	if (row->loop >= file->n_loops)
		return "loop id out of range";
	if (row->label == VPROF_NONE || !vr_check_string(file, row->label))
		return "string id out of range";
	if (!sums_fit(row, off))
		return "sums do not add";
	left += row->loop;
	if (!cut(&row->iterations, left->iterations, off) ||
	    !cut(&row->busy_ns, left->busy_ns, off > AHEAD ? AHEAD_LIVE_NS : AHEAD_LIVE))
		return "more than its loop has";
	left->iterations -= row->iterations;
	left->busy_ns -= row->busy_ns;
	return NULL;
}

void vr_check_labels(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_LABELS};
	uint64_t off = vr_layout_unfinished(layout) ? AHEAD_LIVE : AHEAD;
	struct left *left = vr_xcalloc((size_t)file->n_loops + 1, sizeof(*left));

	for (uint32_t i = 0; i < file->n_loops; i++)
		left[i] = (struct left){file->loop[i].iterations, file->loop[i].busy_ns};
	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		struct vprof_label_loop *row = &file->label_loop[i];
		/* Without a label it is handed out and not filled in yet. */
		const char *reason = row->label ? fault(file, row, left, off) : NULL;

		if (reason)
			vr_tally_hit(&tally, i, reason);
		if (reason || !row->label)
			memset(row, 0, sizeof(*row));
	}
	free(left);
	vr_tally_report(&tally, file, layout);
}
