/* Budgets of spans, and of what was allocated within them. */
#include "base/order.h"
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
static int value_of(const struct vr_span_sum *span, const struct vr_metric *metric, double *low,
		    double *high)
{
	switch (metric->quantity) {
	case VR_Q_PERCENTILE:
		*low = (double)vr_histogram_quantile(&span->histogram, metric->share).ns;
		break;
	case VR_Q_MAX:
		return vr_found_longest(&span->histogram, span->sum.max_ns, low, high);
	case VR_Q_COUNT:
		*low = *high = (double)span->sum.count;
		return 1;
	case VR_Q_TIME:
		*low = (double)span->sum.time_ns;
		break;
	case VR_Q_ALLOCS:
		*low = (double)span->sum.allocs;
		break;
	default:
		*low = (double)span->sum.alloc_bytes;
	}
	*high = *low;
	return span->sum.count != 0;
}

/* Of several names the one that is nearest to breaking it. */
static int is_worse(enum vr_budget_op op, double value, double than)
{
	return op == VR_OP_BELOW || op == VR_OP_AT_MOST ? value < than : value > than;
}

/* What is allocated in one is counted when it ends. */
static void look_for_open(struct vr_judging *judging, const struct vr_spans *spans)
{
	const struct vr_file *file = judging->file;
	uint64_t open = 0, async = 0;

	for (size_t i = 0; i < spans->n_spans; i++) {
		open += spans->span[i].sum.left;
		async += spans->span[i].async ? spans->span[i].sum.count : 0;
	}
	/* Of the whole record: those that were open at the mark may be over since. */
	for (uint32_t i = 1; i < file->n_spans; i++) {
		const struct vprof_span *row = &file->span[i];

		if (row->flags && !(row->flags & VPROF_SPAN_ASYNC) && is_meant(judging, row))
			open += vr_less(vr_less(row->begun, row->count), row->left);
	}
	if (async)
		vr_found_unknown(judging->found,
				 "what is allocated in spans across threads is not counted");
	if (open)
		vr_found_doubt(judging->found,
			       "what was allocated in %llu that never ended is not known",
			       (unsigned long long)open);
}

static void look_for_gaps(struct vr_judging *judging, const struct vr_spans *spans)
{
	const struct vprof_header *h = &judging->file->header;
	enum vr_quantity quantity = judging->condition->metric.quantity;

	if (h->lost[VPROF_LOST_SPANS])
		vr_found_doubt(judging->found,
			       "%llu spans were not seen, or found no row of their own",
			       (unsigned long long)h->lost[VPROF_LOST_SPANS]);
	if (quantity != VR_Q_ALLOCS && quantity != VR_Q_ALLOC_BYTES)
		return;
	if (h->heap_mode != VPROF_HEAP_EXACT)
		vr_found_unknown(judging->found, "allocations within spans were not counted: "
						 "heap=exact counts them");
	look_for_open(judging, spans);
}

static void blame(struct vr_judging *judging, const struct vr_span_sum *span, double value)
{
	vr_found_add(judging->found, &(struct vr_culprit){.node = span->sum.node,
							  .thread = span->sum.thread,
							  .value = value,
							  .lock.kind = VR_LOCK_KINDS});
}

void vr_judge_spans(struct vr_judging *judging)
{
	const struct vr_condition *c = judging->condition;
	struct vr_spans *spans = vr_spans_where(judging->profile, is_meant, judging);
	struct vr_found *found = judging->found;
	const struct vr_span_sum *worst = NULL;

	for (size_t i = 0; i < spans->n_spans; i++) {
		double low, high;

		if (!value_of(&spans->span[i], &c->metric, &low, &high) ||
		    (worst && !is_worse(c->op, low, found->low)))
			continue;
		worst = &spans->span[i];
		found->low = low;
		found->high = high;
	}
	if (worst && found->high > found->low)
		vr_found_between(found, VR_LONGEST_BEFORE);
	if (worst)
		blame(judging, worst, found->low);
	if (!vr_judging_unseen(judging) && !worst)
		vr_found_unseen(found, "no such span has ended");
	look_for_gaps(judging, spans);
	vr_spans_free(spans);
}

/* "NAME?": there may be none. */
static int need_not_be(const struct vr_condition *c)
{
	for (size_t i = 0; i < c->filters; i++)
		if (c->filter[i].key == VR_KEY_SPAN && c->filter[i].maybe)
			return 1;
	return 0;
}

/* Spans of several names may lie in each other, and then have the same allocations. */
void vr_judge_allocs_in_spans(struct vr_judging *judging)
{
	const struct vr_metric *metric = &judging->condition->metric;
	struct vr_spans *spans = vr_spans_where(judging->profile, is_meant, judging);
	struct vr_found *found = judging->found;
	size_t ended = 0;

	for (size_t i = 0; i < spans->n_spans; i++) {
		double low, high;

		if (!value_of(&spans->span[i], metric, &low, &high))
			continue;
		ended++;
		found->low = low > found->low ? low : found->low;
		found->high += high;
		blame(judging, &spans->span[i], low);
	}
	if (found->high > found->low)
		vr_found_between(found, "of spans of several names it is not known which lie in "
					"each other");
	if (!vr_judging_unseen(judging) && !ended && !need_not_be(judging->condition))
		vr_found_unseen(found, "no such span has ended");
	look_for_gaps(judging, spans);
	vr_spans_free(spans);
}
