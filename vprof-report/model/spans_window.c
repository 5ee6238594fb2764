/* Spans that began in a window.  A row of SPANS is of the whole run: where all of its spans lie in
 * the window, or none does, that is exact.  Of the others those spans tell that are kept whole,
 * the longest of the run and some by chance, which stand for as many as were not kept. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/spans.h"
#include "model/tail_units.h"

#define SURE 1.96 /* standard deviations of 95 % */
/* Fewer spans that are kept say nothing of a percentile: as many have to be above it. */
#define ABOVE_LEAST 5u

enum where { OUTSIDE, INSIDE, PARTLY };

static enum where where_is(const struct vr_profile *profile, const struct vprof_span *row)
{
	const struct vr_select *select = &profile->select;

	if (!row->count || row->last_ns < select->since_ns || row->first_ns >= select->until_ns)
		return OUTSIDE;
	if (row->first_ns >= select->since_ns && row->last_ns <= select->until_ns)
		return INSIDE;
	/* One alone began when the first did. */
	if (row->count == 1 && row->begun <= 1)
		return vr_profile_in_window(profile, row->first_ns) ? INSIDE : OUTSIDE;
	return PARTLY;
}

/* What the spans of one name say that are kept. */
struct estimate {
	struct vr_span_sum *span;
	const struct vr_tail *tail;
	double count, time_ns, variance;
	double histogram[VPROF_SPAN_BUCKETS];
	uint64_t known[VPROF_SPAN_BUCKETS]; /* of those, spans that are known one by one */
	uint64_t unseen_ns;		    /* one that is not kept is as long as this at most */
};

static const struct vprof_unit_sums *sums_of(const struct vr_file *file, uint32_t row)
{
	for (uint32_t i = 0; i < file->n_units; i++)
		if (file->unit[i].kind == VPROF_UNIT_SUMS && file->unit[i].sums.span == row)
			return &file->unit[i].sums;
	return NULL;
}

static void take_longest(struct vr_span_sum *span, const struct vprof_span *longest)
{
	if (longest->max_ns <= span->sum.max_ns)
		return;
	span->sum.max_ns = longest->max_ns;
	span->sum.max_at_ns = longest->max_at_ns;
	span->sum.size_at_max = longest->size_at_max;
	span->sum.thread = longest->thread;
	span->sum.node = longest->node;
}

static void take_unit(struct estimate *e, size_t at)
{
	const struct vprof_unit *unit = e->tail->unit[at];
	double weight = e->tail->accounts.unit[at].weight;
	uint32_t bucket = vprof_histogram_bucket(unit->duration_ns, VPROF_SPAN_UNIT_BITS,
						 VPROF_SPAN_SUB_BITS, VPROF_SPAN_BUCKETS);
	const struct vprof_span longest = {.max_ns = unit->duration_ns,
					   .max_at_ns = unit->begin_ns,
					   .size_at_max = unit->size,
					   .thread = unit->thread};

	take_longest(e->span, &longest);
	e->span->window.kept++;
	e->count += weight;
	e->time_ns += weight * (double)unit->duration_ns;
	e->histogram[bucket] += weight;
	e->known[bucket] += weight > 0;
}

/* Of those taken by chance, the share that is in the window. */
static void add_variance(struct estimate *e, double each, size_t chosen, size_t in_window)
{
	double n = (double)chosen, p = n > 0 ? (double)in_window / n : 0;

	/* None of so few, or all: as if half of one were otherwise. */
	p = fmin(fmax(p, 0.5 / (n + 1)), 1 - 0.5 / (n + 1));
	if (each > 1)
		e->variance += each * each * n * p * (1 - p) * (1 - 1 / each);
}

/* Takes those of a row that are in the window.  Returns when the first of the row that is kept had
 * ended; UINT64_MAX: none is. */
static uint64_t take_units(const struct vr_profile *profile, struct estimate *e, uint32_t id)
{
	size_t chosen = 0, in_window = 0;
	uint64_t first_end = UINT64_MAX;
	double each = 1;

	for (size_t i = 0; i < e->tail->accounts.units; i++) {
		const struct vprof_unit *unit = e->tail->unit[i];
		double weight = e->tail->accounts.unit[i].weight;
		int in = vr_profile_in_window(profile, unit->begin_ns);

		if (unit->span != id)
			continue;
		if (unit->begin_ns + unit->duration_ns < first_end)
			first_end = unit->begin_ns + unit->duration_ns;
		if (weight > 1) {
			each = weight;
			chosen++;
			in_window += in != 0;
		}
		if (in)
			take_unit(e, i);
	}
	add_variance(e, each, chosen, in_window);
	return first_end;
}

/* A row of which some spans are in the window, and some are not. */
static void take_partly(const struct vr_profile *profile, struct estimate *e, uint32_t id)
{
	const struct vprof_span *row = &profile->file->span[id];
	const struct vprof_unit_sums *sums = sums_of(profile->file, id);
	uint64_t first_end = take_units(profile, e, id), early = row->count, unseen_ns = 0;

	if (sums) {
		early = sums->units < row->count ? row->count - sums->units : 0;
		unseen_ns = sums->worst_ns;
	}
	/* Spans that ended before any was kept began before that one had ended. */
	if (first_end == UINT64_MAX || profile->select.since_ns < first_end) {
		e->span->window.unplaced += early;
		unseen_ns = early ? row->max_ns : unseen_ns;
	}
	if (vr_profile_in_window(profile, row->max_at_ns)) {
		take_longest(e->span, row);
		unseen_ns = 0;
	}
	e->span->window.estimated = 1;
	e->unseen_ns = unseen_ns > e->unseen_ns ? unseen_ns : e->unseen_ns;
}

/* Parts of spans become spans, in such a way that their sum is as many as were estimated. */
static void put_estimate(struct estimate *e)
{
	struct vprof_span *sum = &e->span->sum;
	double before = 0;

	for (size_t i = 0; i < VPROF_SPAN_BUCKETS; i++) {
		double with = before + e->histogram[i];

		sum->histogram[i] += (uint64_t)(llround(with) - llround(before));
		before = with;
	}
	sum->count += (uint64_t)llround(before);
	sum->time_ns += (uint64_t)llround(e->time_ns);
	e->span->window.off = SURE * sqrt(e->variance);
	e->span->window.at_least = e->unseen_ns > sum->max_ns;
}

/* A percentile is known where enough of the spans that are known lie above it, or all that do. */
static void keep_known(struct estimate *e)
{
	struct vr_span_sum *span = e->span;

	for (int i = 0; i < VR_LOOP_PERCENTILES; i++) {
		uint32_t bucket = vprof_histogram_bucket(span->took[i].ns, VPROF_SPAN_UNIT_BITS,
							 VPROF_SPAN_SUB_BITS, VPROF_SPAN_BUCKETS);
		uint64_t above = 0, all = 0;

		for (; bucket < VPROF_SPAN_BUCKETS; bucket++) {
			above += e->known[bucket];
			all += span->sum.histogram[bucket];
		}
		if (above < ABOVE_LEAST && above < all)
			span->took[i].known = 0;
	}
}

static void take_inside(struct estimate *e, const struct vprof_span *row)
{
	vr_span_add_row(e->span, row);
	e->span->window.kept += row->count;
	for (size_t i = 0; i < VPROF_SPAN_BUCKETS; i++)
		e->known[i] += row->histogram[i];
}

static void keep_window(struct vr_profile *profile, struct vr_spans *spans, size_t at)
{
	const struct vr_file *file = profile->file;
	struct vr_span_sum *span = &spans->span[at];
	struct vr_tail *tail = vr_tail_kept_of_span(profile, spans, at);
	struct estimate *e = vr_xcalloc(1, sizeof(*e));
	uint64_t of_run = span->sum.count;

	*e = (struct estimate){.span = span, .tail = tail};
	span->sum = (struct vprof_span){.first_ns = UINT64_MAX};
	span->threads = 0;
	span->open = 0;
	span->window.of_run = of_run;
	for (uint32_t i = 0; i < file->n_spans; i++) {
		enum where where;

		if (spans->of_row[i] != at + 1)
			continue;
		where = where_is(profile, &file->span[i]);
		span->window.narrowed |= where != INSIDE && file->span[i].begun;
		if (where == INSIDE)
			take_inside(e, &file->span[i]);
		else if (where == PARTLY)
			take_partly(profile, e, i);
	}
	put_estimate(e);
	vr_span_finish(profile, span);
	if (span->window.estimated)
		keep_known(e);
	free(e);
	vr_tail_free(tail);
}

void vr_spans_keep_window(struct vr_profile *profile, struct vr_spans *spans)
{
	size_t kept = 0;

	for (size_t i = 0; i < spans->n_spans; i++)
		keep_window(profile, spans, i);
	for (size_t i = 0; i < spans->n_spans; i++) {
		const struct vr_span_sum *span = &spans->span[i];

		if (!span->sum.count && !span->window.unplaced)
			continue;
		spans->span[kept] = *span;
		/* It is where it was made in. */
		spans->span[kept].histogram.count = spans->span[kept].sum.histogram;
		kept++;
	}
	spans->n_spans = kept;
	free(spans->of_row); /* places have moved */
	spans->of_row = NULL;
}
