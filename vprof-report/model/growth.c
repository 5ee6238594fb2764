#include "model/growth.h"

#include <math.h>
#include <stdlib.h>

#include "base/map.h"
#include "cli/xalloc.h"

static const struct {
	const char *name, *reason;
} word[VR_GROWTH_COUNT] = {
    [VR_GROWTH_GROWING] = {"growing", "live bytes rise steadily, and old blocks stay"},
    [VR_GROWTH_FLAT] = {"flat", "no rise that chance would not explain"},
    [VR_GROWTH_LEVELS] = {"levels", "rose, and has levelled off"},
    [VR_GROWTH_RENEWED] = {"renewed", "rises, but its old blocks are freed"},
    [VR_GROWTH_SMALL] = {"small", "rises by too little to matter"},
    [VR_GROWTH_UNDECIDED] = {"not decided yet", "rises, but it is too early to say for how long"},
    [VR_GROWTH_TOO_SHORT] = {"too short", "too few readings to judge"},
};

const char *vr_growth_name(enum vr_growth_verdict verdict)
{
	return word[verdict].name;
}

const char *vr_growth_reason(const struct vr_growth_site *site)
{
	return site->why ? site->why : word[site->verdict].reason;
}

/* Seconds or iterations from one point to the next, from `first` on. */
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

	for (size_t i = 0; i < heap->n_sites; i++)
		*vr_map_at(&by_node, heap->site[i].node, &added) = (uint32_t)i;
	for (uint32_t i = 1; i < file->series_rows; i++) {
		const struct vprof_series *row = &file->series[i];
		uint32_t node = node_of_row(profile, row->node);
		const uint32_t *of = vr_map_find(&by_node, node);
		struct vr_growth_site *site;

		if (!of || row->first >= growth->points)
			continue;
		growth->site =
		    vr_xgrow(growth->site, growth->n_sites, &room, sizeof(*growth->site));
		site = &growth->site[growth->n_sites++];
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
			.checkpoint = row->allocs,
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
	if (growth->by_iteration && growth->points < VR_GROWTH_ITERATIONS_MIN)
		return "too few iterations";
	if (!growth->by_iteration && growth->points < VR_GROWTH_POINTS_MIN)
		return "the run was too short";
	return NULL;
}

int vr_growth_open(const struct vr_growth *growth, const struct vr_growth_site *site)
{
	if (!site->site->live_blocks || growth->note)
		return 0;
	if (site->verdict == VR_GROWTH_TOO_SHORT)
		return site->more > 0 && growth->points &&
		       (double)site->bytes[growth->points - 1] >=
			   (double)site->bytes[site->first] + VR_GROWTH_WORTH_BYTES;
	return site->verdict == VR_GROWTH_UNDECIDED;
}

/* What is not decided, and when it may be. */
static void sum_undecided(struct vr_growth *growth)
{
	double step, least = growth->by_iteration ? VR_GROWTH_ITERATIONS_MIN : VR_GROWTH_POINTS_MIN;

	if (growth->note && growth->points > 1 && growth->points < least) {
		step = growth->by_iteration
			   ? 1
			   : (double)growth->t_ns[growth->points - 1] / growth->points / 1e9;
		growth->more = (least - growth->points) * step;
	}
	for (size_t i = 0; i < growth->n_sites; i++) {
		const struct vr_growth_site *site = &growth->site[i];

		if (!vr_growth_open(growth, site))
			continue;
		growth->undecided++;
		growth->undecided_bytes += site->site->live_bytes;
		growth->more = fmax(growth->more, site->more);
	}
}

struct vr_growth *vr_growth_judge(const struct vr_profile *profile, const struct vr_heap *heap)
{
	const struct vr_file *file = profile->file;
	struct vr_growth *growth;
	double at[VPROF_SERIES_POINTS];

	if (profile->growth)
		return vr_growth_tree_sum(profile->growth, heap);
	growth = vr_xcalloc(1, sizeof(*growth));
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
	vr_growth_conclude(growth->site, growth->n_sites);
	if (growth->n_sites)
		qsort(growth->site, growth->n_sites, sizeof(*growth->site), by_verdict);
	sum_undecided(growth);
	while (growth->growing < growth->n_sites &&
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
	for (size_t i = 0; i < growth->n_sites; i++)
		if (growth->site[i].node == node)
			return &growth->site[i];
	return NULL;
}
