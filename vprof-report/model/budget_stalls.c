/* Budgets of stalls. */
#include <string.h>

#include "base/order.h"
#include "model/budget_rows.h"
#include "model/calls.h"
#include "model/loops.h"

/* --- spans --------------------------------------------------------------------- */

/* A stall is of a span that took half of it or more. */
struct stretch {
	uint64_t begin_ns, end_ns, half_ns;
};

static int has_half(const struct stretch *stall, uint64_t begin_ns, uint64_t ns)
{
	uint64_t end_ns = begin_ns + ns < stall->end_ns ? begin_ns + ns : stall->end_ns;

	begin_ns = begin_ns > stall->begin_ns ? begin_ns : stall->begin_ns;
	return end_ns > begin_ns && end_ns - begin_ns >= stall->half_ns;
}

/* Looks at the spans of a row that are kept whole. */
static enum vr_match kept_match(const struct vr_file *file, uint32_t id,
				const struct stretch *stall)
{
	const struct vprof_span *row = &file->span[id];
	const struct vprof_unit_sums *sums = NULL;
	uint64_t first_end_ns = UINT64_MAX;

	for (uint32_t i = 0; i < file->n_units; i++) {
		const struct vprof_unit *unit = &file->unit[i].kept;

		if (unit->kind == VPROF_UNIT_SUMS && file->unit[i].sums.span == id)
			sums = &file->unit[i].sums;
		if (unit->kind != VPROF_UNIT_KEPT || unit->span != id)
			continue;
		if (has_half(stall, unit->begin_ns, unit->duration_ns))
			return VR_YES;
		if (unit->begin_ns + unit->duration_ns < first_end_ns)
			first_end_ns = unit->begin_ns + unit->duration_ns;
	}
	/* All that were longer than worst_ns are kept, but for those before it was begun with. */
	if (!sums || sums->worst_ns >= stall->half_ns)
		return VR_MAYBE;
	return sums->units < row->count && stall->begin_ns < first_end_ns ? VR_MAYBE : VR_NO;
}

static enum vr_match row_match(const struct vr_file *file, uint32_t id, const struct stretch *stall)
{
	const struct vprof_span *row = &file->span[id];
	uint64_t open =
	    row->begun > row->count + row->left ? row->begun - row->count - row->left : 0;

	if (open && has_half(stall, row->since_ns, UINT64_MAX - row->since_ns))
		return VR_YES;
	if (open > 1) /* since when the outer ones are is not known */
		return VR_MAYBE;
	if (row->first_ns >= stall->end_ns || row->last_ns <= stall->begin_ns)
		return VR_NO;
	/* Three are known of any row: the longest, the last, and of two the first. */
	if (has_half(stall, row->max_at_ns, row->max_ns) ||
	    has_half(stall, row->since_ns, vr_less(row->last_ns, row->since_ns)) ||
	    (row->count == 2 && has_half(stall, row->first_ns, vr_less(row->time_ns, row->max_ns))))
		return VR_YES;
	if (row->count == 2 && row->begun == 2)
		return VR_NO;
	if (row->count == 1 || row->max_ns < stall->half_ns)
		return VR_NO;
	return kept_match(file, id, stall);
}

static enum vr_match span_match(struct vr_judging *judging, const struct vprof_stall *row)
{
	const struct vr_file *file = judging->file;
	const struct stretch stall = {.begin_ns = row->begin_ns,
				      .end_ns = row->begin_ns + row->duration_ns + row->frozen_ns,
				      .half_ns = row->duration_ns / 2};
	enum vr_match found = VR_NO;

	if (!vr_matches_any(judging, 1u << VR_KEY_SPAN))
		return VR_YES;
	for (uint32_t i = 1; i < file->n_spans && found != VR_YES; i++) {
		const struct vprof_span *span = &file->span[i];
		enum vr_match one;

		if (!span->flags || span->flags & VPROF_SPAN_ASYNC || span->thread != row->thread ||
		    vr_match_name(judging, VR_KEY_SPAN, vr_file_string(file, span->name)) != VR_YES)
			continue;
		one = row_match(file, i, &stall);
		found = one > found ? one : found;
	}
	return found;
}

/* --- stalls -------------------------------------------------------------------- */

/* The label is that of an iteration, known when it is over. */
static enum vr_match label_match(struct vr_judging *judging, const struct vprof_stall *row)
{
	if (!vr_matches_any(judging, 1u << VR_KEY_LABEL))
		return VR_YES;
	if (!(row->flags & VPROF_STALL_OVER) || row->loop == VPROF_NONE)
		return VR_MAYBE;
	return vr_match_label(judging, row->label);
}

static enum vr_match stall_match(struct vr_judging *judging, const struct vr_stall *stall)
{
	const struct vr_file *file = judging->file;
	enum vr_match all = vr_match_thread(judging, stall->row->thread), stack, label, span;

	if (stall->row->begin_ns < judging->from_ns || stall->row->begin_ns >= judging->until_ns)
		return VR_NO;
	if (vr_match_name(judging, VR_KEY_CLASS, vr_class_name(stall->class)) != VR_YES)
		all = VR_NO;
	if (vr_match_name(judging, VR_KEY_CALL, vr_file_string(file, stall->row->call)) != VR_YES)
		all = VR_NO;
	if (vr_match_name(judging, VR_KEY_LOOP, stall->loop ? stall->loop->name : "") != VR_YES)
		all = VR_NO;
	stack = vr_match_stack(judging, stall->row->node);
	label = label_match(judging, stall->row);
	span = span_match(judging, stall->row);
	/* That of a stall is a look at it: what it does not show it may have been all the same. */
	if (all != VR_YES || stack != VR_YES)
		return VR_NO;
	return label < span ? label : span;
}

static const char *string_or_none(const struct vr_file *file, uint32_t id)
{
	const char *text = vr_file_string(file, id);

	return *text ? text : NULL;
}

static double more(enum vr_quantity quantity, double value, double ns)
{
	if (quantity == VR_Q_MAX)
		return ns > value ? ns : value;
	return value + (quantity == VR_Q_COUNT ? 1 : ns);
}

static void add_stall(struct vr_judging *judging, const struct vr_stall *stall, enum vr_match match)
{
	struct vr_found *found = judging->found;
	double ns = (double)stall->row->duration_ns;
	enum vr_quantity quantity = judging->condition->metric.quantity;

	found->high = more(quantity, found->high, ns);
	if (match != VR_YES) {
		vr_found_between(found,
				 vr_matches_any(judging, 1u << VR_KEY_SPAN)
				     ? "of some stalls it is not known which spans they were in: "
				       "not all that long are kept"
				     : "of stalls that wait for a lock, or are not over, the "
				       "label is not known");
		return;
	}
	found->low = more(quantity, found->low, ns);
	vr_found_add(found, &(struct vr_culprit){
				.node = stall->row->node,
				.thread = stall->row->thread,
				.value = quantity == VR_Q_COUNT ? 1 : ns,
				.call = stall->class == VPROF_CLASS_BLOCKED
					    ? string_or_none(judging->file, stall->row->call)
					    : vr_class_name(stall->class),
				.target = string_or_none(judging->file, stall->row->target),
				.lock.kind = VR_LOCK_KINDS});
}

static void find_limits(struct vr_judging *judging, const struct vr_loops *loops)
{
	const struct vprof_header *h = &judging->file->header;
	struct vr_found *found = judging->found;

	for (size_t i = 0; i < loops->n_loops; i++)
		vr_match_name(judging, VR_KEY_LOOP, loops->loop[i].name);
	if (vr_judging_unseen(judging))
		return;
	if (!h->stall_ns)
		vr_found_unknown(found, "stalls were not looked for: stall= says from when on");
	else if (!loops->n_loops && !loops->n_stalls)
		vr_found_unseen(found, "no loop was seen: nothing could stall");
	if (h->lost[VPROF_LOST_STALLS])
		vr_found_doubt(found, "%llu stalls found no room in the record",
			       (unsigned long long)h->lost[VPROF_LOST_STALLS]);
	if (h->lost[VPROF_LOST_SPANS] && vr_matches_any(judging, 1u << VR_KEY_SPAN))
		vr_found_doubt(found, "%llu spans were not seen, or found no row of their own",
			       (unsigned long long)h->lost[VPROF_LOST_SPANS]);
	if (h->lost[VPROF_LOST_LOOPS])
		vr_found_doubt(found, "%llu loops found no room in the record",
			       (unsigned long long)h->lost[VPROF_LOST_LOOPS]);
}

/* All are needed, whichever thread or loop is meant: names are looked for among them. */
void vr_judge_stalls(struct vr_judging *judging)
{
	struct vr_loops *loops = vr_loops_new(judging->profile, NULL);

	for (size_t i = 0; i < loops->n_stalls; i++) {
		enum vr_match match = stall_match(judging, &loops->stall[i]);

		if (match != VR_NO)
			add_stall(judging, &loops->stall[i], match);
	}
	find_limits(judging, loops);
	vr_loops_free(loops);
}
