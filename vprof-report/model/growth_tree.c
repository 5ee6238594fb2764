/* What grows in several processes, as one. */
#include "model/growth.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "cli/xalloc.h"

/* A site that was judged, with the readings behind it. */
struct judged {
	struct vr_growth_site site;
	uint64_t t_ns[VPROF_SERIES_POINTS], bytes[VPROF_SERIES_POINTS];
	uint32_t points;
	int pending; /* its node is still that of its own record */
};

struct vr_growth_tree {
	struct judged *site;
	size_t sites, room;
	uint64_t t_ns[VPROF_SERIES_POINTS]; /* the common clock */
	int by_iteration;
	uint64_t readings, iterations;
	uint32_t left_out;
	double more;
	const char *note; /* of the first that could not be judged */
	size_t judged;	  /* records that said something */
};

struct vr_growth_tree *vr_growth_tree_new(void)
{
	return vr_xcalloc(1, sizeof(struct vr_growth_tree));
}

void vr_growth_tree_free(struct vr_growth_tree *tree)
{
	if (!tree)
		return;
	free(tree->site);
	free(tree);
}

static void add_site(struct vr_growth_tree *tree, const struct vr_growth *growth,
		     const struct vr_growth_site *from, uint64_t shift_ns)
{
	struct judged *to;

	tree->site = vr_xgrow(tree->site, tree->sites, &tree->room, sizeof(*tree->site));
	to = &tree->site[tree->sites++];
	*to = (struct judged){.site = *from, .pending = 1, .points = growth->points};
	to->site.since_ns += shift_ns;
	for (uint32_t i = 0; i < growth->points; i++) {
		to->t_ns[i] = growth->t_ns[i] + shift_ns;
		to->bytes[i] = from->bytes[i];
	}
}

void vr_growth_tree_judge(struct vr_growth_tree *tree, struct vr_profile *profile,
			  uint64_t shift_ns)
{
	struct vr_heap *heap = vr_heap_new(profile);
	struct vr_growth *growth = vr_growth_judge(profile, heap);

	if (growth->note && !tree->note)
		tree->note = growth->note;
	if (!growth->note && !tree->judged++)
		tree->by_iteration = growth->by_iteration;
	tree->readings += growth->readings;
	tree->iterations += growth->iterations;
	tree->left_out += growth->left_out;
	if (growth->more > tree->more)
		tree->more = growth->more;
	for (size_t i = 0; i < growth->n_sites && !growth->note; i++)
		if (growth->site[i].node < profile->file->n_nodes)
			add_site(tree, growth, &growth->site[i], shift_ns);
	vr_growth_free(growth);
	vr_heap_free(heap);
}

/* Its readings at the moments of the common clock; the last one stays. */
static void resample(const struct vr_growth_tree *tree, struct judged *one)
{
	uint64_t bytes[VPROF_SERIES_POINTS] = {0}, from_ns = one->t_ns[one->site.first];
	uint32_t at = 0, first = VPROF_SERIES_POINTS - 1;

	for (uint32_t i = 0; i < VPROF_SERIES_POINTS; i++) {
		while (at + 1 < one->points && one->t_ns[at + 1] <= tree->t_ns[i])
			at++;
		bytes[i] = one->t_ns[at] <= tree->t_ns[i] ? one->bytes[at] : 0;
		if (tree->t_ns[i] >= from_ns && i < first)
			first = i;
	}
	memcpy(one->bytes, bytes, sizeof(bytes));
	one->site.first = first;
}

void vr_growth_tree_finish(struct vr_growth_tree *tree, uint64_t end_ns)
{
	for (uint32_t i = 0; i < VPROF_SERIES_POINTS; i++)
		tree->t_ns[i] = (uint64_t)((double)end_ns * (double)(i + 1) / VPROF_SERIES_POINTS);
	for (size_t i = 0; i < tree->sites; i++)
		resample(tree, &tree->site[i]);
}

void vr_growth_tree_map(struct vr_growth_tree *tree, const uint32_t *node)
{
	for (size_t i = 0; i < tree->sites; i++) {
		if (!tree->site[i].pending)
			continue;
		tree->site[i].site.node = node[tree->site[i].site.node];
		tree->site[i].pending = 0;
	}
}

/* The weightier of two judgements on one call path: what grows, and the faster of those. */
static int weightier(const struct vr_growth_site *a, const struct vr_growth_site *b)
{
	if (a->verdict != b->verdict)
		return a->verdict < b->verdict;
	return a->slope > b->slope;
}

static int by_verdict(const void *a, const void *b)
{
	const struct vr_growth_site *x = a, *y = b;

	if (weightier(x, y))
		return -1;
	if (weightier(y, x))
		return 1;
	return x->node < y->node ? -1 : x->node > y->node;
}

static void add_up(struct vr_growth *growth)
{
	for (size_t i = 0; i < growth->n_sites; i++) {
		const struct vr_growth_site *site = &growth->site[i];

		if (site->verdict == VR_GROWTH_GROWING) {
			growth->growing++;
			growth->growing_blocks += site->site->live_blocks;
			growth->growing_bytes += site->site->live_bytes;
			growth->slope += site->slope;
		} else if (vr_growth_open(growth, site)) {
			growth->undecided++;
			growth->undecided_bytes += site->site->live_bytes;
		}
	}
}

struct vr_growth *vr_growth_tree_sum(const struct vr_growth_tree *tree, const struct vr_heap *heap)
{
	struct vr_growth *growth = vr_xcalloc(1, sizeof(*growth));
	struct vr_map of_node = {0}, seen = {0};
	int added;

	growth->by_iteration = tree->by_iteration;
	growth->points = tree->judged ? VPROF_SERIES_POINTS : 0;
	growth->t_ns = tree->judged ? tree->t_ns : NULL;
	growth->readings = tree->readings;
	growth->iterations = tree->iterations;
	growth->left_out = tree->left_out;
	growth->more = tree->more;
	growth->note = tree->judged ? NULL : tree->note;
	growth->site = vr_xcalloc(tree->sites + 1, sizeof(*growth->site));
	for (size_t i = 0; i < heap->n_sites; i++)
		*vr_map_at(&of_node, heap->site[i].node, &added) = (uint32_t)i;
	for (size_t i = 0; i < tree->sites; i++) {
		struct vr_growth_site site = tree->site[i].site;
		const uint32_t *of = vr_map_find(&of_node, site.node);
		uint32_t *at;

		if (!of)
			continue;
		site.site = &heap->site[*of];
		site.bytes = tree->site[i].bytes;
		at = vr_map_at(&seen, site.node, &added);
		if (added)
			*at = (uint32_t)growth->n_sites++;
		if (added || weightier(&site, &growth->site[*at]))
			growth->site[*at] = site;
	}
	if (growth->n_sites)
		qsort(growth->site, growth->n_sites, sizeof(*growth->site), by_verdict);
	add_up(growth);
	vr_map_free(&of_node);
	vr_map_free(&seen);
	return growth;
}
