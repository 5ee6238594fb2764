/* Rows of the heap over time: each of a site that there is, and no more than that has. */
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "input/check_parts.h"

static const char *fault(const struct vr_file *file, const struct vprof_heap_time *row)
{
	if (row->site >= file->n_sites)
		return "site id out of range";
	return row->from_ns > row->to_ns ? "times make no sense" : NULL;
}

/* Adds a row; returns 0 where it is more than the site has. */
static int fits(struct vprof_heap_time *sum, const struct vprof_heap_time *row,
		const struct vprof_site *site)
{
	int over = __builtin_add_overflow(sum->allocs, row->allocs, &sum->allocs) |
		   __builtin_add_overflow(sum->alloc_bytes, row->alloc_bytes, &sum->alloc_bytes) |
		   __builtin_add_overflow(sum->frees, row->frees, &sum->frees) |
		   __builtin_add_overflow(sum->freed_bytes, row->freed_bytes, &sum->freed_bytes) |
		   __builtin_add_overflow(sum->temporary, row->temporary, &sum->temporary);

	/* Site 0 stands for others, too. */
	return !over && (!row->site || (sum->allocs <= site->allocs && sum->frees <= site->frees &&
					sum->alloc_bytes <= site->alloc_bytes &&
					sum->freed_bytes <= site->freed_bytes &&
					sum->temporary <= site->temporary));
}

/* Rows of a site that has less are left out, all of them: nobody knows which are wrong. */
static void check_sums(struct vr_file *file, struct vr_tally *tally, int unfinished)
{
	struct vprof_heap_time *sum = vr_xcalloc(file->n_sites + 1, sizeof(*sum));
	uint8_t *bad = vr_xcalloc(file->n_sites + 1, 1);

	for (uint32_t i = 1; i < file->n_heap_times; i++) {
		const struct vprof_heap_time *row = &file->heap_time[i];

		if (row->to_ns && !fits(&sum[row->site], row, &file->site[row->site]))
			bad[row->site] = 1;
	}
	for (uint32_t i = 1; i < file->n_heap_times; i++) {
		struct vprof_heap_time *row = &file->heap_time[i];

		if (!row->to_ns || !bad[row->site])
			continue;
		if (!unfinished) /* else merged while we read */
			vr_tally_hit(tally, i, "more than its site has");
		memset(row, 0, sizeof(*row));
	}
	free(bad);
	free(sum);
}

void vr_check_heap_times(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_HEAP_TIMES};
	int unfinished = vr_layout_unfinished(layout);
	const struct vprof_heap_times_head *head = (const void *)file->heap_time;

	if (file->n_heap_times && head->sequence & 1) /* killed, or read, in the midst of it */
		file->n_heap_times = 0;
	for (uint32_t i = 1; i < file->n_heap_times; i++) {
		struct vprof_heap_time *row = &file->heap_time[i];
		const char *reason = row->to_ns ? fault(file, row) : NULL;

		if (reason && !unfinished)
			vr_tally_hit(&tally, i, reason);
		if (reason || !row->to_ns)
			memset(row, 0, sizeof(*row));
	}
	check_sums(file, &tally, unfinished);
	vr_tally_report(&tally, file, layout);
}
