/* Rows of calls that were counted: ids, and sums that cannot be.  A row that was being written
 * when it was read is ahead of itself by a call or two, more where the file was being read. */
#include <string.h>

#include "input/check_parts.h"

#define HALF_WRITTEN  2u
#define READ_MEANTIME 100000u /* calls of one function while a file is read */
#define AFTER_END_NS  10000000000u

static uint64_t calls_ahead(const struct vr_layout *layout)
{
	return vr_layout_unfinished(layout) ? READ_MEANTIME : HALF_WRITTEN;
}

/* A module's number, or that of no module. */
static int where_ok(const struct vr_file *file, uint64_t where)
{
	uint64_t module = where >> VPROF_WHERE_MODULE_SHIFT;

	return module < file->n_modules || module >= VPROF_MODULE_KERNEL;
}

/* Of all calls together a thread's time is no longer than its life, but for recursion. */
static int time_ok(const struct vr_layout *layout, uint64_t time_ns)
{
	const struct vprof_header *h = &layout->header;

	return vr_layout_unfinished(layout) ||
	       time_ns <= (h->end_ns < UINT64_MAX / 8 ? h->end_ns + AFTER_END_NS : h->end_ns);
}

static const char *count_fault(const struct vr_file *file, const struct vr_layout *layout,
			       const struct vprof_count *row)
{
	if (row->thread >= file->n_threads)
		return "thread id out of range";
	if (!where_ok(file, row->where) || !where_ok(file, row->caller))
		return "module id out of range";
	if (row->how >= VPROF_COUNT_END)
		return "unknown way of counting";
	if (row->how == VPROF_COUNT_HOOKED && !vr_check_string(file, row->name))
		return "string id out of range";
	if (row->calls > UINT64_MAX / 4 || row->recursive > row->calls + calls_ahead(layout))
		return "sums do not add";
	/* Threads without a row of their own share row 0. */
	if (row->thread && (!time_ok(layout, row->time_ns) || !time_ok(layout, row->self_ns)))
		return "times make no sense";
	return NULL;
}

static const char *duration_fault(const struct vr_file *file, const struct vr_layout *layout,
				  struct vprof_duration *row)
{
	uint64_t sum = 0, off = calls_ahead(layout);

	if (row->thread >= file->n_threads)
		return "thread id out of range";
	if (!where_ok(file, row->where))
		return "module id out of range";
	for (size_t i = 0; i < VPROF_DURATION_BUCKETS; i++)
		if (__builtin_add_overflow(sum, row->histogram[i], &sum))
			return "sums do not add";
	if (row->calls > UINT64_MAX / 4 || sum > row->calls + off || row->calls > sum + off)
		return "sums do not add";
	if (row->max_ns > row->time_ns)
		row->max_ns = row->time_ns;
	return time_ok(layout, row->max_ns) ? NULL : "times make no sense";
}

void vr_check_counts(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally counts = {.kind = VPROF_SEC_COUNTS},
			durations = {.kind = VPROF_SEC_DURATIONS};

	for (uint32_t i = 0; i < file->n_counts; i++) {
		struct vprof_count *row = &file->count[i];
		const char *fault = row->where ? count_fault(file, layout, row) : NULL;

		if (fault)
			vr_tally_hit(&counts, i, fault);
		if (fault || !row->where)
			memset(row, 0, sizeof(*row));
		else if (row->recursive > row->calls)
			row->recursive = row->calls;
	}
	for (uint32_t i = 0; i < file->n_durations; i++) {
		struct vprof_duration *row = &file->duration[i];
		const char *fault = row->where ? duration_fault(file, layout, row) : NULL;

		if (fault)
			vr_tally_hit(&durations, i, fault);
		if (fault || !row->where)
			memset(row, 0, sizeof(*row));
	}
	vr_tally_report(&counts, file, layout);
	vr_tally_report(&durations, file, layout);
}
