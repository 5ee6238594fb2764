/* Budgets of event loops. */
#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/budget_rows.h"
#include "model/loops.h"

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

/* Loops as they would be if there were the iterations of the labels that are meant alone. */
static struct vr_loops *loops_of_labels(struct vr_judging *judging)
{
	struct vr_profile *profile = judging->profile;
	const struct vr_file *file = judging->file;
	uint8_t *wanted = profile->keep_label;
	struct vr_loops *loops;

	profile->keep_label = vr_xcalloc(vr_file_string_ids(file), 1);
	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		uint32_t label = file->label_loop[i].label;

		if (label)
			profile->keep_label[label] = vr_match_label(judging, label) == VR_YES;
	}
	loops = vr_loops_new(profile, NULL);
	free(profile->keep_label);
	profile->keep_label = wanted;
	return loops;
}

/* What is not kept of iterations by span, or by label. */
static void look_for_parts(struct vr_judging *judging)
{
	enum vr_quantity quantity = judging->condition->metric.quantity;
	struct vr_found *found = judging->found;

	if (vr_matches_any(judging, 1u << VR_KEY_SPAN))
		vr_found_unknown(found, "iterations are not told apart by span: span(NAME) and "
					"stalls(span:NAME) are");
	if (!vr_matches_any(judging, 1u << VR_KEY_LABEL))
		return;
	if (judging->between)
		vr_found_unknown(found, "iterations by label are counted over the whole run, not "
					"after a mark or until one");
	if (quantity == VR_Q_EVENTS || quantity == VR_Q_IDLE || quantity == VR_Q_SPIN)
		vr_found_unknown(found, "what a loop does between iterations is of no label");
	if (quantity == VR_Q_STALLS)
		vr_found_unknown(found, "stalls by label: stalls(label:...)");
	if (judging->file->header.lost[VPROF_LOST_LABELS])
		vr_found_doubt(found, "%llu labels were lost, or found no room",
			       (unsigned long long)judging->file->header.lost[VPROF_LOST_LABELS]);
}

/* Some loop is called so, whether it has iterations of that label or not. */
static void see_loops(struct vr_judging *judging)
{
	struct vr_loops *loops = vr_loops_new(judging->profile, NULL);

	for (size_t i = 0; i < loops->n_loops; i++)
		vr_match_name(judging, VR_KEY_LOOP, loops->loop[i].name);
	vr_loops_free(loops);
}

void vr_judge_loops(struct vr_judging *judging)
{
	const struct vr_condition *c = judging->condition;
	struct vr_loops *loops = vr_matches_any(judging, 1u << VR_KEY_LABEL)
				     ? loops_of_labels(judging)
				     : vr_loops_new(judging->profile, NULL);
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
	see_loops(judging);
	if (vr_judging_unseen(judging)) {
		vr_loops_free(loops);
		return;
	}
	look_for_parts(judging);
	if (!worst)
		vr_found_unseen(found, "no iteration of such a loop was recorded");
	if (judging->file->header.lost[VPROF_LOST_LOOPS])
		vr_found_doubt(found, "%llu loops found no room in the record",
			       (unsigned long long)judging->file->header.lost[VPROF_LOST_LOOPS]);
	vr_loops_free(loops);
}
