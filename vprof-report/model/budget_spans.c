/* Budgets of spans: of the whole run, as no counter of theirs is copied at a mark. */
#include "model/budget_rows.h"
#include "model/spans.h"

static int is_meant(void *arg, const struct vprof_span *row)
{
	struct vr_judging *judging = arg;
	/* Each filter is looked at, and so is seen. */
	enum vr_match name =
	    vr_match_name(judging, VR_KEY_SPAN, vr_file_string(judging->file, row->name));
	enum vr_match thread = vr_match_thread(judging, row->thread);
	enum vr_match label = vr_match_label(judging, row->label);

	return name == VR_YES && thread == VR_YES && label == VR_YES;
}

/* Returns 0 where it is not known: none has ended. */
static int value_of(const struct vr_span_sum *span, const struct vr_metric *metric, double *value)
{
	struct vr_quantile quantile;

	switch (metric->quantity) {
	case VR_Q_PERCENTILE:
		quantile = vr_histogram_quantile(&span->histogram, metric->share);
		*value = (double)quantile.ns;
		return quantile.known;
	case VR_Q_MAX:
		*value = (double)span->sum.max_ns;
		return span->sum.count != 0;
	case VR_Q_COUNT:
		*value = (double)span->sum.count;
		return 1;
	case VR_Q_TIME:
		*value = (double)span->sum.time_ns;
		return 1;
	case VR_Q_ALLOCS:
		*value = (double)span->sum.allocs;
		return 1;
	default:
		*value = (double)span->sum.alloc_bytes;
		return 1;
	}
}

/* Of several names the one that is nearest to breaking it. */
static int is_worse(enum vr_budget_op op, double value, double than)
{
	return op == VR_OP_BELOW || op == VR_OP_AT_MOST ? value < than : value > than;
}

static void look_for_gaps(struct vr_judging *judging)
{
	const struct vprof_header *h = &judging->file->header;
	enum vr_quantity quantity = judging->condition->metric.quantity;

	if (h->lost[VPROF_LOST_SPANS])
		vr_found_doubt(judging->found,
			       "%llu spans were not seen, or found no row of their own",
			       (unsigned long long)h->lost[VPROF_LOST_SPANS]);
	if ((quantity == VR_Q_ALLOCS || quantity == VR_Q_ALLOC_BYTES) &&
	    h->heap_mode != VPROF_HEAP_EXACT)
		vr_found_unknown(judging->found, "allocations within spans were not counted: "
						 "heap=exact counts them");
}

void vr_judge_spans(struct vr_judging *judging)
{
	const struct vr_condition *c = judging->condition;
	struct vr_spans *spans = vr_spans_where(judging->profile, is_meant, judging);
	struct vr_found *found = judging->found;
	const struct vr_span_sum *worst = NULL;

	for (size_t i = 0; i < spans->n_spans; i++) {
		double value;

		if (!value_of(&spans->span[i], &c->metric, &value) ||
		    (worst && !is_worse(c->op, value, found->low)))
			continue;
		worst = &spans->span[i];
		found->low = found->high = value;
	}
	if (worst)
		vr_found_add(found, &(struct vr_culprit){.node = worst->sum.node,
							 .thread = worst->sum.thread,
							 .value = found->low,
							 .lock.kind = VR_LOCK_KINDS});
	if (!vr_judging_unseen(judging) && !worst)
		vr_found_unseen(found, "no such span has ended");
	look_for_gaps(judging);
	vr_spans_free(spans);
}
