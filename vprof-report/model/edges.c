#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/calltree.h"

struct edges {
	const struct vr_tree *tree;
	const uint8_t *wanted;
	int callers;
	struct vr_map index; /* caller << 32 | callee -> edge */
	struct vr_edge *edge;
	uint32_t *on_path; /* by edge: how often it is in the current stack */
	size_t count, room, path_room;
};

/* The edge that leads to this node, NULL when nobody asked for it. */
static uint32_t *edge_to(struct edges *edges, const struct vr_tree_node *node)
{
	uint32_t caller = edges->tree->node[node->parent].function;
	uint32_t asked = edges->callers ? node->function : caller;
	uint32_t *at;
	int added;

	if (asked == VPROF_NONE || !edges->wanted[asked])
		return NULL;
	at = vr_map_at(&edges->index, (uint64_t)caller << 32 | node->function, &added);
	if (added) {
		edges->edge =
		    vr_xgrow(edges->edge, edges->count, &edges->room, sizeof(*edges->edge));
		edges->on_path = vr_xgrow(edges->on_path, edges->count, &edges->path_room,
					  sizeof(*edges->on_path));
		edges->edge[edges->count] = (struct vr_edge){caller, node->function, 0, 0, 0};
		edges->on_path[edges->count] = 0;
		*at = (uint32_t)edges->count++;
	}
	return at;
}

static void enter(struct edges *edges, uint32_t index)
{
	const struct vr_tree_node *node = &edges->tree->node[index];
	uint32_t *at = edge_to(edges, node);

	if (!at)
		return;
	edges->edge[*at].self_ns += node->self_ns;
	if (edges->on_path[*at]++)
		return;
	edges->edge[*at].total_ns += node->total_ns;
	edges->edge[*at].total_samples += node->total_samples;
}

static void leave(struct edges *edges, uint32_t index)
{
	uint32_t *at = edge_to(edges, &edges->tree->node[index]);

	if (at)
		edges->on_path[*at]--;
}

static int edge_order(const struct vr_edge *x, const struct vr_edge *y, uint32_t fx, uint32_t fy)
{
	if (fx != fy)
		return fx < fy ? -1 : 1;
	if (x->total_ns != y->total_ns)
		return x->total_ns > y->total_ns ? -1 : 1;
	return x->caller < y->caller || (x->caller == y->caller && x->callee < y->callee) ? -1 : 1;
}

static int by_callee(const void *a, const void *b)
{
	const struct vr_edge *x = a;
	const struct vr_edge *y = b;

	return edge_order(x, y, x->callee, y->callee);
}

static int by_caller(const void *a, const void *b)
{
	const struct vr_edge *x = a;
	const struct vr_edge *y = b;

	return edge_order(x, y, x->caller, y->caller);
}

struct vr_edge *vr_tree_edges(const struct vr_tree *tree, const uint8_t *wanted, int callers,
			      size_t *count)
{
	struct edges edges = {.tree = tree, .wanted = wanted, .callers = callers};
	uint32_t at = tree->node[0].child;

	while (at) {
		enter(&edges, at);
		if (tree->node[at].child) {
			at = tree->node[at].child;
			continue;
		}
		leave(&edges, at);
		while (at && !tree->node[at].next) {
			at = tree->node[at].parent;
			if (at)
				leave(&edges, at);
		}
		if (at)
			at = tree->node[at].next;
	}
	if (edges.count)
		qsort(edges.edge, edges.count, sizeof(*edges.edge),
		      callers ? by_callee : by_caller);
	vr_map_free(&edges.index);
	free(edges.on_path);
	*count = edges.count;
	return edges.edge;
}
