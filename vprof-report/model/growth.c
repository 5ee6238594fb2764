#include "model/growth.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/xalloc.h"

/* Of all sites called growing, at most this part may be wrong. */
#define FALSE_DISCOVERIES 0.005
/* Fewer points say nothing.  Iterations repeat themselves and need less. */
#define POINTS_MIN     30u
#define ITERATIONS_MIN 12u
/* A site seen first in the last part of a run has no past to compare. */
#define SHARE_OF_RUN 3u
/* What rises on at less than this part of its speed is levelling off. */
#define STILL_RISING 0.3
/* Growth that would not reach this in an hour, or in 100,000 iterations, at the
 * lower bound of its slope is not worth a word. */
#define WORTH_BYTES	   65536.0
#define HORIZON_S	   3600.0
#define HORIZON_ITERATIONS 100000.0
/* Of the blocks that got old, this part must still live. */
#define OLD_STAY	   0.8
#define CONFIDENCE_NO_AGES 0.9

static const struct {
	const char *name, *reason;
} word[VR_GROWTH_COUNT] = {
    [VR_GROWTH_GROWING] = {"growing", "live bytes rise steadily, and old blocks stay"},
    [VR_GROWTH_FLAT] = {"flat", "no rise that chance would not explain"},
    [VR_GROWTH_LEVELS] = {"levels", "rose, and has levelled off"},
    [VR_GROWTH_RENEWED] = {"renewed", "rises, but its old blocks are freed"},
    [VR_GROWTH_SMALL] = {"small", "rises by too little to matter"},
    [VR_GROWTH_TOO_SHORT] = {"too short", "too few readings to judge"},
};

const char *vr_growth_name(enum vr_growth_verdict verdict)
{
	return word[verdict].name;
}

const char *vr_growth_reason(enum vr_growth_verdict verdict)
{
	return word[verdict].reason;
}

/* Seconds or iterations from one point to the next, from `first` on. */
static double step_of(const struct vr_growth_facts *facts)
{
	uint32_t last = facts->points - 1;

	return (facts->at[last] - facts->at[facts->first]) / (double)(last - facts->first);
}

static double never_below(const uint32_t *blocks, uint32_t from, uint32_t last)
{
	double least = blocks[from];

	while (++from <= last)
		least = fmin(least, blocks[from]);
	return least;
}

/* Compares blocks that got old: how many live, how many were freed then.
 * Returns how sure an old block is to stay (Laplace's rule), or -1 when the
 * ages say nothing of this growth. */
static double compare_ages(const struct vr_growth_facts *facts, struct vr_growth_site *site)
{
	uint32_t last = facts->points - 1, then = last, bucket = 0;
	uint64_t quarter_us = (facts->t_ns[last] - site->since_ns) / 4000;
	double stay, risen, least = INFINITY;

	while (bucket + 1 < VPROF_LIFETIME_BUCKETS && 1ull << bucket <= quarter_us / 2)
		bucket++;
	if (!facts->age || bucket < 4)
		return -1;
	site->old_ns = 1000ull << bucket;
	for (uint32_t i = bucket + 1; i < VPROF_LIFETIME_BUCKETS; i++) {
		site->old_blocks += facts->age[i];
		site->old_freed += facts->lifetime[i];
	}
	while (then > facts->first && facts->t_ns[then] + site->old_ns > facts->t_ns[last])
		then--;
	risen = never_below(facts->blocks, then, last);
	for (uint32_t i = facts->first; i <= then; i++)
		if (facts->t_ns[i] >= site->since_ns)
			least = fmin(least, facts->blocks[i]);
	/* A few blocks that get larger say nothing by their ages. */
	if (risen < 4 * facts->weight)
		return -1;
	site->ages_known = 1;
	stay = ((double)site->old_blocks / facts->weight + 1) /
	       ((double)(site->old_blocks + site->old_freed) / facts->weight + 2);
	/* What was gained up to then must be among the old ones. */
	return (double)site->old_blocks < (risen - least) / 2 ? 0 : stay;
}

static int is_small(const struct vr_growth_facts *facts, double low)
{
	double horizon = facts->by_iteration ? HORIZON_ITERATIONS : HORIZON_S;

	return low * fmax(horizon, facts->at[facts->points - 1]) < WORTH_BYTES;
}

static enum vr_growth_verdict weigh(const struct vr_growth_facts *facts,
				    const struct vr_trend *trend, struct vr_growth_site *site)
{
	double stay;

	if (trend->p > FALSE_DISCOVERIES || trend->low <= 0)
		return VR_GROWTH_FLAT;
	stay = compare_ages(facts, site);
	site->confidence = stay < 0 ? CONFIDENCE_NO_AGES : stay;
	if (trend->recent < STILL_RISING * trend->slope)
		return VR_GROWTH_LEVELS;
	if (stay >= 0 && stay < OLD_STAY)
		return VR_GROWTH_RENEWED;
	return is_small(facts, site->low) ? VR_GROWTH_SMALL : VR_GROWTH_GROWING;
}

void vr_growth_examine(const struct vr_growth_facts *facts, struct vr_growth_site *site)
{
	uint32_t own = facts->points - facts->first, last = facts->points - 1;
	double y[VR_TREND_POINTS_MAX];
	struct vr_trend trend;
	double step, grain = 0;

	site->bytes = facts->bytes;
	site->first = facts->first;
	site->p = 1;
	site->verdict = VR_GROWTH_TOO_SHORT;
	if (own < (facts->by_iteration ? ITERATIONS_MIN : POINTS_MIN) ||
	    own < facts->points / SHARE_OF_RUN)
		return;
	for (uint32_t i = 0; i < own; i++)
		y[i] = (double)facts->bytes[facts->first + i];
	if (facts->blocks[last])
		grain = y[own - 1] / facts->blocks[last];
	step = step_of(facts);
	site->verdict = VR_GROWTH_FLAT;
	if (!(step > 0) || vr_trend_of(y, own, grain, &trend) != 0)
		return;
	site->p = trend.p;
	site->slope = trend.slope / step;
	site->low = trend.low / step;
	site->high = trend.high / step;
	site->since_ns = facts->t_ns[facts->first + trend.from];
	site->floor_bytes = facts->bytes[last];
	for (uint32_t i = (uint32_t)(last + 1 - trend.fold); i <= last; i++)
		if (facts->bytes[i] < site->floor_bytes)
			site->floor_bytes = facts->bytes[i];
	site->verdict = weigh(facts, &trend, site);
	if (site->slope > 0)
		site->doubling = (double)site->floor_bytes / site->slope;
}

void vr_growth_conclude(struct vr_growth_site *site, size_t sites)
{
	double *p = vr_xcalloc(sites ? sites : 1, sizeof(*p));
	size_t judged = 0;

	for (size_t i = 0; i < sites; i++)
		if (site[i].verdict != VR_GROWTH_TOO_SHORT)
			p[judged++] = site[i].p;
	vr_fdr_adjust(p, judged);
	judged = 0;
	for (size_t i = 0; i < sites; i++) {
		struct vr_growth_site *s = &site[i];

		if (s->verdict == VR_GROWTH_TOO_SHORT)
			continue;
		s->p = p[judged++];
		if (s->p > FALSE_DISCOVERIES)
			s->verdict = VR_GROWTH_FLAT;
		s->confidence = s->verdict == VR_GROWTH_GROWING ? s->confidence * (1 - s->p) : 0;
		if (s->verdict == VR_GROWTH_FLAT)
			s->slope = s->low = s->high = s->doubling = 0;
	}
	free(p);
}

static int by_verdict(const void *a, const void *b)
{
	const struct vr_growth_site *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->slope < y->slope || x->slope > y->slope)
		return x->slope > y->slope ? -1 : 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

/* The stack of a row as the heap's sites have it. */
static uint32_t node_of_row(const struct vr_profile *profile, uint32_t node)
{
	if (node == VPROF_NODE_OVERFLOW)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_SITE_FULL);
	if (node == VPROF_NODE_ROOT)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);
	return node;
}

static double weight_of(const struct vr_heap *heap, const struct vr_site *site)
{
	double mean;

	if (!heap->sampled || !site->allocs)
		return 1;
	mean = (double)site->alloc_bytes / (double)site->allocs;
	return 1 / (1 - exp(-fmax(mean, 1) / (double)heap->sample_bytes));
}

static void examine_rows(const struct vr_profile *profile, const struct vr_heap *heap,
			 struct vr_growth *growth, const double *at)
{
	const struct vr_file *file = profile->file;
	struct vr_map by_node = {0};
	size_t room = 0;
	int added;

	for (size_t i = 0; i < heap->sites; i++)
		*vr_map_at(&by_node, heap->site[i].node, &added) = (uint32_t)i;
	for (uint32_t i = 1; i < file->series_rows; i++) {
		const struct vprof_series *row = &file->series[i];
		uint32_t node = node_of_row(profile, row->node);
		const uint32_t *of = vr_map_find(&by_node, node);
		struct vr_growth_site *site;

		if (!of || row->first >= growth->points)
			continue;
		growth->site = vr_xgrow(growth->site, growth->sites, &room, sizeof(*growth->site));
		site = &growth->site[growth->sites++];
		*site = (struct vr_growth_site){.node = node, .site = &heap->site[*of]};
		vr_growth_examine(
		    &(struct vr_growth_facts){
			.bytes = row->bytes,
			.blocks = row->blocks,
			.t_ns = growth->t_ns,
			.at = at,
			.first = row->first,
			.points = growth->points,
			.by_iteration = growth->by_iteration,
			.age = file->header.series_ages_ns ? row->age : NULL,
			.lifetime = site->site->lifetime,
			.weight = weight_of(heap, site->site),
		    },
		    site);
	}
	vr_map_free(&by_node);
}

static const char *note_of(const struct vr_profile *profile, const struct vr_growth *growth)
{
	if (profile->file->header.heap_mode == VPROF_HEAP_OFF)
		return "the heap was not recorded";
	if (!growth->points)
		return "no readings over time were recorded";
	if (growth->by_iteration && growth->points < ITERATIONS_MIN)
		return "too few iterations";
	if (!growth->by_iteration && growth->points < POINTS_MIN)
		return "the run was too short";
	return NULL;
}

struct vr_growth *vr_growth_judge(const struct vr_profile *profile, const struct vr_heap *heap)
{
	const struct vr_file *file = profile->file;
	struct vr_growth *growth = vr_xcalloc(1, sizeof(*growth));
	double at[VPROF_SERIES_POINTS];

	growth->by_iteration = file->header.series_clock == VPROF_SERIES_ITERATIONS;
	growth->points = file->series_rows ? file->series_points : 0;
	growth->t_ns = growth->points ? file->series[0].bytes : NULL;
	growth->readings = file->header.series_readings;
	growth->iterations = file->header.series_iterations;
	growth->left_out = file->header.series_left_out;
	growth->note = note_of(profile, growth);
	for (uint32_t i = 0; i < growth->points; i++)
		at[i] = growth->by_iteration ? file->series[0].blocks[i]
					     : (double)growth->t_ns[i] / 1e9;
	if (growth->points)
		examine_rows(profile, heap, growth, at);
	vr_growth_conclude(growth->site, growth->sites);
	if (growth->sites)
		qsort(growth->site, growth->sites, sizeof(*growth->site), by_verdict);
	while (growth->growing < growth->sites &&
	       growth->site[growth->growing].verdict == VR_GROWTH_GROWING) {
		const struct vr_growth_site *site = &growth->site[growth->growing++];

		growth->growing_blocks += site->site->live_blocks;
		growth->growing_bytes += site->site->live_bytes;
		growth->slope += site->slope;
	}
	return growth;
}

void vr_growth_free(struct vr_growth *growth)
{
	if (!growth)
		return;
	free(growth->site);
	free(growth);
}

const struct vr_growth_site *vr_growth_find(const struct vr_growth *growth, uint32_t node)
{
	for (size_t i = 0; i < growth->sites; i++)
		if (growth->site[i].node == node)
			return &growth->site[i];
	return NULL;
}
