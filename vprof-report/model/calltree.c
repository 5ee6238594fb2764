#include "model/calltree.h"

#include <stdlib.h>

#include "base/order.h"
#include "cli/text.h"
#include "cli/xalloc.h"

static struct vr_tree *tree_empty(void)
{
	struct vr_tree *tree = vr_xcalloc(1, sizeof(*tree));

	tree->node = vr_xgrow(NULL, 0, &tree->room, sizeof(*tree->node));
	tree->node[0] = (struct vr_tree_node){.function = VPROF_NONE};
	tree->n_nodes = 1;
	return tree;
}

/* The child of `parent` with this function, made when there is none. */
static uint32_t child_of(struct vr_tree *tree, uint32_t parent, uint32_t function)
{
	int added;
	uint32_t *at = vr_map_at(&tree->by_edge, (uint64_t)parent << 32 | function, &added);

	if (!added)
		return *at;
	tree->node = vr_xgrow(tree->node, tree->n_nodes, &tree->room, sizeof(*tree->node));
	tree->node[tree->n_nodes] = (struct vr_tree_node){.function = function, .parent = parent};
	*at = (uint32_t)tree->n_nodes++;
	return *at;
}

/* Marks the nodes on the way from each counted stack to the root. */
static uint8_t *mark_counted(struct vr_stacks *stacks, const struct vr_cpu *cpu)
{
	uint8_t *counted = vr_xcalloc(stacks->n_nodes, 1);

	for (uint32_t i = stacks->n_nodes; i-- > 1;) {
		if (cpu->self_ns[i] || cpu->self_samples[i])
			counted[i] = 1;
		if (counted[i])
			counted[vr_stacks_parent(stacks, i)] = 1;
	}
	return counted;
}

static int places_touch(const struct vr_stacks *stacks, struct vr_places places, const char *glob)
{
	for (uint32_t i = 0; i < places.count; i++) {
		const struct vr_place *place = &stacks->place[places.first + i];

		if (vr_text_glob(glob, vr_place_function(stacks, place)->module))
			return 1;
	}
	return 0;
}

static struct vr_tree *build_top_down(struct vr_profile *profile, const struct vr_cpu *cpu)
{
	struct vr_stacks *stacks = profile->stacks;
	const char *glob = profile->select.module;
	struct vr_tree *tree = tree_empty();
	uint8_t *counted = mark_counted(stacks, cpu);
	uint32_t *at = vr_xcalloc(stacks->n_nodes, sizeof(*at)); /* trie node -> tree node */
	uint8_t *touches = vr_xcalloc(stacks->n_nodes, 1);

	for (uint32_t i = 1; i < stacks->n_nodes; i++) {
		uint32_t parent = vr_stacks_parent(stacks, i);
		struct vr_places places;

		if (!counted[i])
			continue;
		places = vr_stacks_at(stacks, i);
		touches[i] = !glob || touches[parent] || places_touch(stacks, places, glob);
		at[i] = at[parent];
		for (uint32_t k = places.count; k-- > 0;)
			at[i] = child_of(tree, at[i], stacks->place[places.first + k].function);
		if (touches[i]) {
			tree->node[at[i]].self_ns += cpu->self_ns[i];
			tree->node[at[i]].self_samples += cpu->self_samples[i];
		}
	}
	free(counted);
	free(at);
	free(touches);
	return tree;
}

static void sum_up(struct vr_tree *tree)
{
	for (size_t i = tree->n_nodes; i-- > 0;) {
		struct vr_tree_node *node = &tree->node[i];

		node->total_ns += node->self_ns;
		node->total_samples += node->self_samples;
		if (i == 0)
			break;
		tree->node[node->parent].total_ns += node->total_ns;
		tree->node[node->parent].total_samples += node->total_samples;
	}
}

/* Turns a top-down tree around: each place where time was spent becomes a
 * path from the function that ran to the outermost one. */
static struct vr_tree *turn_around(const struct vr_tree *down)
{
	struct vr_tree *tree = tree_empty();

	for (size_t i = 1; i < down->n_nodes; i++) {
		const struct vr_tree_node *leaf = &down->node[i];
		uint32_t at = 0;

		if (!leaf->self_ns && !leaf->self_samples)
			continue;
		tree->node[0].total_ns += leaf->self_ns;
		tree->node[0].total_samples += leaf->self_samples;
		for (uint32_t k = (uint32_t)i; k != 0; k = down->node[k].parent) {
			at = child_of(tree, at, down->node[k].function);
			tree->node[at].total_ns += leaf->self_ns;
			tree->node[at].total_samples += leaf->self_samples;
		}
		tree->node[at].self_ns += leaf->self_ns;
		tree->node[at].self_samples += leaf->self_samples;
	}
	return tree;
}

static int by_total(const void *a, const void *b, void *arg)
{
	const struct vr_tree *tree = arg;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	int order = vr_smaller_first(tree->node[i].total_ns, tree->node[k].total_ns);

	/* Equal ones in the order they were met. */
	return order ? order : vr_larger_first(i, k);
}

/* Links every node to its parent; pushing the smallest first leaves each
 * list with the largest in front. */
static void link_children(struct vr_tree *tree)
{
	size_t count = tree->n_nodes - 1;
	uint32_t *order = vr_xcalloc(count, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = (uint32_t)i + 1;
	qsort_r(order, count, sizeof(*order), by_total, tree);
	for (size_t i = 0; i < count; i++) {
		struct vr_tree_node *node = &tree->node[order[i]];

		node->next = tree->node[node->parent].child;
		tree->node[node->parent].child = order[i];
	}
	free(order);
}

struct vr_tree *vr_tree_new(struct vr_profile *profile, const struct vr_cpu *cpu, int bottom_up)
{
	struct vr_tree *tree = build_top_down(profile, cpu);

	if (bottom_up) {
		struct vr_tree *down = tree;

		tree = turn_around(down);
		vr_tree_free(down);
	} else {
		sum_up(tree);
	}
	link_children(tree);
	return tree;
}

void vr_tree_free(struct vr_tree *tree)
{
	if (!tree)
		return;
	free(tree->node);
	vr_map_free(&tree->by_edge);
	free(tree);
}
