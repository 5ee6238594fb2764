/* Budgets of event loops, and of their stalls. */
#include <math.h>
#include <string.h>

#include "model/budget_rows.h"
#include "model/calls.h"
#include "model/loops.h"

/* --- loops --------------------------------------------------------------------- */

/* A value and, where it comes from a bucket of a histogram, how far it may be off. */
struct range {
	double low, high;
	int known;
};

static struct range largest_of(const struct vr_loop *loop)
{
	struct range range;

	range.known =
	    vr_found_longest(&loop->iteration, loop->row->max_ns, &range.low, &range.high);
	return range;
}

static struct range exactly(uint64_t value)
{
	return (struct range){(double)value, (double)value, 1};
}

static struct range percent_of(uint64_t part_ns, uint64_t wall_ns)
{
	double percent = wall_ns ? 100 * (double)part_ns / (double)wall_ns : 0;

	return (struct range){percent, percent, wall_ns != 0};
}

static struct range value_of(const struct vr_loop *loop, const struct vr_metric *metric)
{
	struct vr_quantile quantile;

	switch (metric->quantity) {
	case VR_Q_PERCENTILE:
		quantile = vr_histogram_quantile(&loop->iteration, metric->share);
		return (struct range){(double)quantile.ns, (double)quantile.ns, quantile.known};
	case VR_Q_MAX:
		return largest_of(loop);
	case VR_Q_COUNT:
		return exactly(loop->row->iterations);
	case VR_Q_EVENTS:
		return exactly(loop->row->events);
	case VR_Q_STALLS:
		return exactly(loop->row->stalls);
	case VR_Q_TIME:
		return percent_of(loop->row->busy_ns, loop->wall_ns);
	case VR_Q_IDLE:
		return percent_of(loop->row->idle_ns, loop->wall_ns);
	case VR_Q_SPIN:
		return percent_of(loop->row->spin_ns, loop->wall_ns);
	default:
		return (struct range){0};
	}
}

static int is_meant(struct vr_judging *judging, const struct vr_loop *loop)
{
	/* Each filter is looked at, and so is seen. */
	enum vr_match name = vr_match_name(judging, VR_KEY_LOOP, loop->name);
	enum vr_match thread = vr_match_thread(judging, loop->row->thread);

	return name == VR_YES && thread == VR_YES;
}

/* Of several loops the one that is nearest to breaking it. */
static int is_worse(enum vr_budget_op op, double value, double than)
{
	return op == VR_OP_BELOW || op == VR_OP_AT_MOST ? value < than : value > than;
}

static void blame_loop(struct vr_judging *judging, const struct vr_loop *loop, double value)
{
	vr_found_add(judging->found, &(struct vr_culprit){.node = loop->row->node,
							  .thread = loop->row->thread,
							  .value = value,
							  .lock.kind = VR_LOCK_KINDS});
}

void vr_judge_loops(struct vr_judging *judging)
{
	const struct vr_condition *c = judging->condition;
	struct vr_loops *loops = vr_loops_new(judging->profile, NULL);
	struct vr_found *found = judging->found;
	const struct vr_loop *worst = NULL;

	for (size_t i = 0; i < loops->n_loops; i++) {
		struct range value = value_of(&loops->loop[i], &c->metric);

		if (!is_meant(judging, &loops->loop[i]) || !value.known ||
		    (worst && !is_worse(c->op, value.low, found->low)))
			continue;
		worst = &loops->loop[i];
		found->low = value.low;
		found->high = value.high;
	}
	if (worst && found->high > found->low)
		vr_found_between(found, VR_LONGEST_BEFORE);
	if (worst)
		blame_loop(judging, worst, found->low);
	if (!vr_judging_unseen(judging) && !worst)
		vr_found_unseen(found, "no iteration of such a loop was recorded");
	if (judging->file->header.lost[VPROF_LOST_LOOPS])
		vr_found_doubt(found, "%llu loops found no room in the record",
			       (unsigned long long)judging->file->header.lost[VPROF_LOST_LOOPS]);
	vr_loops_free(loops);
}

/* --- stalls -------------------------------------------------------------------- */

static int stall_is_meant(struct vr_judging *judging, const struct vr_stall *stall)
{
	const struct vr_file *file = judging->file;
	enum vr_match all = vr_match_thread(judging, stall->row->thread), stack;

	if (stall->row->begin_ns < judging->from_ns || stall->row->begin_ns >= judging->until_ns)
		return 0;
	if (vr_match_name(judging, VR_KEY_CLASS, vr_class_name(stall->class)) != VR_YES)
		all = VR_NO;
	if (vr_match_name(judging, VR_KEY_CALL, vr_file_string(file, stall->row->call)) != VR_YES)
		all = VR_NO;
	if (vr_match_name(judging, VR_KEY_LOOP, stall->loop ? stall->loop->name : "") != VR_YES)
		all = VR_NO;
	stack = vr_match_stack(judging, stall->row->node);
	/* That of a stall is a look at it: what it does not show it may have been all the same. */
	return all == VR_YES && stack == VR_YES;
}

static const char *string_or_none(const struct vr_file *file, uint32_t id)
{
	const char *text = vr_file_string(file, id);

	return *text ? text : NULL;
}

static void add_stall(struct vr_judging *judging, const struct vr_stall *stall)
{
	struct vr_found *found = judging->found;
	double ns = (double)stall->row->duration_ns;
	enum vr_quantity quantity = judging->condition->metric.quantity;

	if (quantity == VR_Q_MAX)
		found->low = ns > found->low ? ns : found->low;
	else
		found->low += quantity == VR_Q_COUNT ? 1 : ns;
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

	found->high = found->low;
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
	if (h->lost[VPROF_LOST_LOOPS])
		vr_found_doubt(found, "%llu loops found no room in the record",
			       (unsigned long long)h->lost[VPROF_LOST_LOOPS]);
}

/* All are needed, whichever thread or loop is meant: names are looked for among them. */
void vr_judge_stalls(struct vr_judging *judging)
{
	struct vr_loops *loops = vr_loops_new(judging->profile, NULL);

	for (size_t i = 0; i < loops->n_stalls; i++)
		if (stall_is_meant(judging, &loops->stall[i]))
			add_stall(judging, &loops->stall[i]);
	find_limits(judging, loops);
	vr_loops_free(loops);
}
