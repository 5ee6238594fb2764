/* Call trees: stacks merged by function, top down or bottom up, and the
 * edges between callers and callees. */
#ifndef VR_CALLTREE_H
#define VR_CALLTREE_H

#include "model/cpu.h"

struct vr_tree_node {
	uint32_t function;    /* VPROF_NONE for the root */
	uint32_t parent;      /* index; smaller than the node's own */
	uint32_t child, next; /* 0: none; in the order of total_ns, largest first */
	uint64_t self_ns, total_ns;
	uint64_t self_samples, total_samples;
};

/* node[0] is the root and holds the totals of the tree. */
struct vr_tree {
	struct vr_tree_node *node;
	size_t n_nodes, room;
	struct vr_map by_edge; /* parent << 32 | function */
};

/* bottom_up: the children of the root are the functions that ran, theirs are
 * their callers; total_ns is then the time of the leaf reached that way.
 * Stacks that do not touch select.module are left out. */
struct vr_tree *vr_tree_new(struct vr_profile *profile, const struct vr_cpu *cpu, int bottom_up);
void vr_tree_free(struct vr_tree *tree);

/* Time that one function spent on behalf of, or inside, another. */
struct vr_edge {
	uint32_t caller, callee;    /* functions; caller VPROF_NONE: outermost */
	uint64_t self_ns, total_ns; /* of the callee under that caller */
	uint64_t total_samples;
};

/* Edges of a top-down tree whose callee (callers = 1) or caller (callers = 0)
 * has its flag set in wanted[function].  A stack counts once for each edge.
 * Sorted by the wanted function, then by total_ns; free() the result. */
struct vr_edge *vr_tree_edges(const struct vr_tree *tree, const uint8_t *wanted, int callers,
			      size_t *count);

#endif
