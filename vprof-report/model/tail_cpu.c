/* CPU time of units by function: by which functions is it to be told apart?
 *
 * The innermost one splits what belongs together: rebuild() that spends a third each in three
 * others is one cause.  The outermost keeps together what does not: every unit runs dispatch().
 * So the samples of slow units are looked at from the outermost frame inwards, and a function is
 * split into those it calls as long as each unit spends nearly all of its time there in one of
 * them. */
#include <stdlib.h>
#include <string.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
#include "model/tail_units.h"

#define ONE_OF_THEM 0.8	 /* of a unit's samples in a function, in one that it calls */
#define ITSELF	    0.5	 /* of all samples in it: it is not split */
#define DEPTH_MOST  512u /* frames, the outermost */

/* A function called by another, from the outermost in. */
struct spot {
	uint32_t function;
	size_t parent, child, next; /* 0: none; the root is 0 */
	double slow, ends;	    /* samples of slow units in it; in it alone */
	size_t component;	    /* + 1; 0: it is split */
	uint32_t node;
};

struct tree {
	struct vr_profile *profile;
	struct vr_tail *tail;
	struct spot *spot;
	size_t count, room;
	const struct vr_tail_hit *hit;
	size_t *at; /* the spot of each hit: its innermost */
	size_t hits;
};

static const struct vr_function *function_of(const struct tree *tree, size_t spot)
{
	return &tree->profile->stacks->function[tree->spot[spot].function];
}

static size_t child_of(struct tree *tree, size_t parent, uint32_t function)
{
	size_t at = tree->spot[parent].child;

	while (at && tree->spot[at].function != function)
		at = tree->spot[at].next;
	if (at)
		return at;
	tree->spot = vr_xgrow(tree->spot, tree->count, &tree->room, sizeof(*tree->spot));
	tree->spot[tree->count] =
	    (struct spot){.function = function, .parent = parent, .next = tree->spot[parent].child};
	tree->spot[parent].child = tree->count;
	return tree->count++;
}

/* Enters the functions of one frame and those inlined into it below `at`. */
static size_t put_frame(struct tree *tree, size_t at, uint32_t node)
{
	struct vr_stacks *stacks = tree->profile->stacks;
	struct vr_places places = vr_stacks_at(stacks, node);

	for (uint32_t i = places.count; i-- > 0;) {
		uint32_t function = stacks->place[places.first + i].function;

		/* What libc and the kernel do is done by whoever called them. */
		if (at && vr_module_is_system(stacks->function[function].module))
			continue;
		at = child_of(tree, at, function);
		tree->spot[at].node = node;
	}
	return at;
}

/* Functions of the stack from the outermost in.  Returns the innermost spot. */
static size_t put(struct tree *tree, uint32_t node)
{
	uint32_t path[DEPTH_MOST], depth = 0;
	size_t at = 0;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(tree->profile->stacks, node))
		path[depth++ % DEPTH_MOST] = node;
	for (uint32_t i = 0; i < depth && i < DEPTH_MOST; i++)
		at = put_frame(tree, at, path[(depth - 1 - i) % DEPTH_MOST]);
	return at;
}

static int is_slow(const struct tree *tree, size_t hit)
{
	return tree->tail->accounts.unit[tree->hit[hit].unit].group == VR_TAIL_SLOW;
}

/* The child of `above` that leads to `at`; `above` itself; VPROF_NONE: it is elsewhere. */
static size_t step_to(const struct tree *tree, size_t above, size_t at)
{
	size_t from = above;

	for (; at != above; at = tree->spot[at].parent) {
		if (!at)
			return VPROF_NONE;
		from = at;
	}
	return from;
}

static int by_value(const void *a, const void *b)
{
	return vr_smaller_first(*(const size_t *)a, *(const size_t *)b);
}

/* Of one unit's samples in `spot`, those in the function called that has most of them. */
static double most_in_one(const struct tree *tree, size_t spot, size_t from, size_t to, double *all)
{
	size_t *step = vr_xcalloc(to - from + 1, sizeof(*step)), n = 0;
	double most = 0, count = 0;

	*all = 0;
	for (size_t i = from; i < to; i++) {
		size_t at = step_to(tree, spot, tree->at[i]);

		for (uint32_t k = 0; k < tree->hit[i].count && at != VPROF_NONE && k < 64; k++) {
			step = vr_xrealloc(step, n + 2, sizeof(*step));
			step[n++] = at;
		}
	}
	qsort(step, n, sizeof(*step), by_value);
	for (size_t i = 0; i < n; i++) {
		count = i && step[i] == step[i - 1] ? count + 1 : 1;
		most = count > most ? count : most;
	}
	*all = (double)n;
	free(step);
	return most;
}

/* 1: each unit is in one of the functions that it calls, as far as its samples tell. */
static int is_split(const struct tree *tree, size_t spot)
{
	double in_one = 0, all = 0, of_unit;

	if (tree->spot[spot].ends >= ITSELF * tree->spot[spot].slow)
		return 0;
	for (size_t i = 0, from = 0; i < tree->hits; i++) {
		double most;

		if (i + 1 < tree->hits && tree->hit[i + 1].unit == tree->hit[from].unit)
			continue;
		most = is_slow(tree, from) ? most_in_one(tree, spot, from, i + 1, &of_unit) : 0;
		if (is_slow(tree, from) && of_unit >= 2) {
			in_one += most;
			all += of_unit;
		}
		from = i + 1;
	}
	return in_one >= ONE_OF_THEM * all;
}

/* The callers of both are the same as far as both are known: one of the stacks was cut. */
static int is_same_place(const struct tree *tree, size_t a, size_t b)
{
	while (a && b && tree->spot[a].function == tree->spot[b].function) {
		a = tree->spot[a].parent;
		b = tree->spot[b].parent;
	}
	return !a || !b;
}

/* A name that other parts of the tree do not have: of two that end in one function, that of the
 * caller which tells them apart. */
static int is_elsewhere(const struct tree *tree, size_t spot)
{
	for (size_t i = 1; i < tree->count; i++) {
		size_t at = i;

		if (tree->spot[i].function != tree->spot[spot].function || i == spot ||
		    is_same_place(tree, i, spot))
			continue;
		/* Recursion is no other place. */
		while (at && at != spot)
			at = tree->spot[at].parent;
		if (!at && step_to(tree, i, spot) == VPROF_NONE)
			return 1;
	}
	return 0;
}

static size_t name_spot(struct tree *tree, size_t spot)
{
	struct vr_tail_what what = {
	    .kind = VR_TAIL_CPU, .call = VPROF_NONE, .function = {"[no stack]", "", "", 0}};
	size_t at = spot;

	if (!spot)
		return vr_tail_component_of(tree->profile->file, tree->tail, &what) + 1;
	while (tree->spot[at].parent && is_elsewhere(tree, at) &&
	       tree->spot[tree->spot[at].parent].parent)
		at = tree->spot[at].parent;
	if (is_elsewhere(tree, at))
		at = spot;
	what.function = *function_of(tree, at);
	what.node = tree->spot[at].node;
	return vr_tail_component_of(tree->profile->file, tree->tail, &what) + 1;
}

static void descend(struct tree *tree, size_t spot)
{
	if (spot && !is_split(tree, spot)) {
		tree->spot[spot].component = name_spot(tree, spot);
		return;
	}
	for (size_t at = tree->spot[spot].child; at; at = tree->spot[at].next)
		if (tree->spot[at].slow > 0)
			descend(tree, at);
}

/* What a sample is of: the outermost function on its stack that is not split, else where it
 * ended. */
static size_t component_at(struct tree *tree, size_t spot)
{
	size_t found = 0;

	for (size_t at = spot; at; at = tree->spot[at].parent)
		if (tree->spot[at].component)
			found = tree->spot[at].component;
	if (!found)
		found = tree->spot[spot].component = name_spot(tree, spot);
	return found - 1;
}

static void count_slow(struct tree *tree)
{
	for (size_t i = 0; i < tree->hits; i++) {
		if (!is_slow(tree, i))
			continue;
		tree->spot[tree->at[i]].ends += tree->hit[i].count;
		for (size_t at = tree->at[i]; at; at = tree->spot[at].parent)
			tree->spot[at].slow += tree->hit[i].count;
		tree->spot[0].slow += tree->hit[i].count;
	}
}

void vr_tail_name_hits(struct vr_profile *profile, struct vr_tail *tail, struct vr_tail_hit *hit,
		       size_t hits)
{
	struct tree tree = {.profile = profile,
			    .tail = tail,
			    .hit = hit,
			    .hits = hits,
			    .at = vr_xcalloc(hits + 1, sizeof(*tree.at))};

	tree.spot = vr_xgrow(NULL, 0, &tree.room, sizeof(*tree.spot));
	tree.spot[tree.count++] = (struct spot){0};
	for (size_t i = 0; i < hits; i++)
		tree.at[i] = put(&tree, hit[i].node);
	count_slow(&tree);
	descend(&tree, 0);
	for (size_t i = 0; i < hits; i++)
		hit[i].component = component_at(&tree, tree.at[i]);
	free(tree.spot);
	free(tree.at);
}
