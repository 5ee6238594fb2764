/* Rows of UNITS: ids, sums and times that cannot be.  One that was being written when it was
 * read is left out, and no damage. */
#include <math.h>
#include <string.h>

#include "input/check_parts.h"

#define AFTER_END_NS 10000000000u

/* Times beyond this are none; sums of them do not overflow. */
#define TIME_MOST (UINT64_MAX / 64)

static uint64_t end_of(const struct vr_layout *layout)
{
	const struct vprof_header *h = &layout->header;

	if (vr_layout_unfinished(layout) || h->end_ns > TIME_MOST)
		return TIME_MOST;
	return h->end_ns + AFTER_END_NS;
}

static void make_void(union vr_unit_row *row)
{
	memset(row, 0, sizeof(*row));
}

static const char *call_fault(const struct vr_file *file, const struct vprof_unit_call *call,
			      uint64_t *sum_ns)
{
	if (call->node >= file->n_nodes)
		return "node id out of range";
	if (!vr_check_string(file, call->name))
		return "string id out of range";
	if (call->class >= VPROF_CLASS_COUNT)
		return "class out of range";
	if (call->ns > TIME_MOST)
		return "times make no sense";
	*sum_ns += call->ns;
	return NULL;
}

static const char *parts_fault(const struct vr_file *file, const struct vprof_unit_call *call,
			       size_t calls, const struct vprof_unit_sample *sample, size_t samples,
			       uint64_t *sum_ns)
{
	const char *fault = NULL;

	for (size_t i = 0; i < calls && !fault; i++)
		fault = call_fault(file, &call[i], sum_ns);
	for (size_t i = 0; i < samples && !fault; i++)
		if (sample[i].node >= file->n_nodes)
			fault = "node id out of range";
	return fault;
}

static const char *owner_fault(const struct vr_file *file, uint32_t loop, uint32_t span,
			       uint32_t thread)
{
	if (span >= file->n_spans && span != VPROF_NONE)
		return "span id out of range";

	if (thread >= file->n_threads)
		return "thread id out of range";
	return loop >= file->n_loops && loop != VPROF_NONE ? "loop id out of range" : NULL;
}

/* What `more` leads to, where that is of this unit. */
static union vr_unit_row *more_of(struct vr_file *file, uint32_t unit)
{
	uint32_t more = file->unit[unit].kept.more;
	union vr_unit_row *row = more < file->n_units ? &file->unit[more] : NULL;

	return row && row->kind == VPROF_UNIT_MORE && row->more.unit == unit ? row : NULL;
}

static const char *unit_fault(struct vr_file *file, uint32_t id, uint64_t end_ns)
{
	struct vprof_unit *row = &file->unit[id].kept;
	const char *fault = owner_fault(file, row->loop, row->span, row->thread);
	union vr_unit_row *more = more_of(file, id);
	uint64_t sum_ns = 0, last_ns;

	if (!more)
		row->more = VPROF_NONE;
	if (fault)
		return fault;
	if (row->label && !vr_check_string(file, row->label))
		return "string id out of range";
	if (__builtin_add_overflow(row->begin_ns, row->duration_ns, &last_ns) || last_ns > end_ns ||
	    row->calls_left_ns > TIME_MOST)
		return "times make no sense";
	for (int i = 0; i < VPROF_CLASS_COUNT; i++) {
		if (row->ns[i] > TIME_MOST)
			return "times make no sense";
		sum_ns += row->ns[i];
	}
	fault = parts_fault(file, row->call, VPROF_UNIT_CALLS, row->sample, VPROF_UNIT_SAMPLES,
			    &sum_ns);
	if (!fault && more)
		fault = parts_fault(file, more->more.call, VPROF_UNIT_MORE_CALLS, more->more.sample,
				    VPROF_UNIT_MORE_SAMPLES, &sum_ns);
	if (fault)
		return fault;
	/* All of it is there, to the nanosecond. */
	return sum_ns + row->calls_left_ns == row->duration_ns ? NULL : "sums do not add";
}

static int is_sum(double value)
{
	return isfinite(value) && value >= 0;
}

static const char *sums_fault(const struct vr_file *file, const struct vprof_unit_sums *row)
{
	const char *fault = owner_fault(file, row->loop, row->span, row->thread);

	if (fault)
		return fault;
	if (row->units > TIME_MOST || !is_sum(row->ns) || !is_sum(row->square))
		return "sums do not add";
	for (int i = 0; i < VPROF_CLASS_COUNT; i++)
		if (!is_sum(row->part[i].ns) || !is_sum(row->part[i].product))
			return "sums do not add";
	return NULL;
}

/* Of what it is, another unit may have taken the place of. */
static void drop_stale(const struct vr_file *file, struct vprof_unit_others *row)
{
	const union vr_unit_row *unit = row->unit < file->n_units ? &file->unit[row->unit] : NULL;

	if (!unit || unit->kind != VPROF_UNIT_KEPT || unit->kept.begin_ns != row->begin_ns)
		row->unit = VPROF_NONE;
}

static const char *others_fault(const struct vr_file *file, struct vprof_unit_others *row)
{
	drop_stale(file, row);
	if (row->unit == VPROF_NONE)
		return NULL;
	for (uint32_t i = 0; i < VPROF_UNIT_OTHER_THREADS; i++) {
		const struct vprof_unit_other *other = &row->other[i];

		if (other->thread >= file->n_threads)
			return "thread id out of range";
		if (other->node >= file->n_nodes || other->call_node >= file->n_nodes)
			return "node id out of range";
		if (other->thread && other->call_name != VPROF_NONE &&
		    !vr_check_string(file, other->call_name))
			return "string id out of range";
		if (other->call_ns > TIME_MOST || other->held_ns > TIME_MOST)
			return "times make no sense";
	}
	return NULL;
}

void vr_check_units(struct vr_file *file, const struct vr_layout *layout)
{
	struct vr_tally tally = {.kind = VPROF_SEC_UNITS};
	uint64_t end_ns = end_of(layout);

	for (uint32_t i = 0; i < file->n_units; i++) {
		union vr_unit_row *row = &file->unit[i];
		const char *fault = NULL;

		if (row->kind == VPROF_UNIT_KEPT && row->kept.sequence & 1)
			make_void(row); /* being written */
		else if (row->kind == VPROF_UNIT_KEPT)
			fault = unit_fault(file, i, end_ns);
		else if (row->kind == VPROF_UNIT_SUMS)
			fault = sums_fault(file, &row->sums);
		else if (row->kind == VPROF_UNIT_OTHERS)
			fault = others_fault(file, &row->others);
		else if (row->kind != VPROF_UNIT_MORE)
			make_void(row); /* handed out, or a newer library's */
		if (!fault)
			continue;
		vr_tally_hit(&tally, i, fault);
		make_void(row);
	}
	vr_tally_report(&tally, file, layout);
}
