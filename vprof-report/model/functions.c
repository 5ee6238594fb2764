#include <stdlib.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/cpu.h"

/* The trie as child lists, only where CPU time was spent. */
struct walk {
	struct vr_stacks *stacks;
	uint64_t *ns, *samples; /* of the node and all below it */
	uint32_t *child, *next;
	uint32_t *on_path; /* by function: how often it is in the current stack */
	struct vr_cpu_function *out;
};

static void sum_subtrees(struct walk *walk, const struct vr_cpu *cpu)
{
	struct vr_stacks *stacks = walk->stacks;
	uint32_t nodes = stacks->n_nodes;

	walk->ns = vr_xcalloc(nodes, sizeof(*walk->ns));
	walk->samples = vr_xcalloc(nodes, sizeof(*walk->samples));
	walk->child = vr_xcalloc(nodes, sizeof(*walk->child));
	walk->next = vr_xcalloc(nodes, sizeof(*walk->next));
	/* Parents have smaller ids, so one pass from the back sums up. */
	for (uint32_t i = nodes; i-- > 1;) {
		uint32_t parent = vr_stacks_parent(stacks, i);

		walk->ns[i] += cpu->self_ns[i];
		walk->samples[i] += cpu->self_samples[i];
		if (!walk->ns[i] && !walk->samples[i])
			continue;
		walk->ns[parent] += walk->ns[i];
		walk->samples[parent] += walk->samples[i];
		walk->next[i] = walk->child[parent];
		walk->child[parent] = i;
		vr_stacks_at(stacks, i);
	}
}

static void enter(struct walk *walk, const struct vr_cpu *cpu, uint32_t node)
{
	struct vr_places places = vr_stacks_at(walk->stacks, node);

	for (uint32_t i = places.count; i-- > 0;) {
		uint32_t function = walk->stacks->place[places.first + i].function;

		if (walk->on_path[function]++ == 0) {
			walk->out[function].total_ns += walk->ns[node];
			walk->out[function].total_samples += walk->samples[node];
		}
		if (i == 0) {
			walk->out[function].self_ns += cpu->self_ns[node];
			walk->out[function].self_samples += cpu->self_samples[node];
		}
	}
}

static void leave(struct walk *walk, uint32_t node)
{
	struct vr_places places = vr_stacks_at(walk->stacks, node);

	for (uint32_t i = 0; i < places.count; i++)
		walk->on_path[walk->stacks->place[places.first + i].function]--;
}

/* Depth first, without recursion: a stack may be thousands of frames deep. */
static void visit_all(struct walk *walk, const struct vr_cpu *cpu)
{
	uint32_t node = walk->child[VPROF_NODE_ROOT];

	while (node != VPROF_NODE_ROOT) {
		enter(walk, cpu, node);
		if (walk->child[node]) {
			node = walk->child[node];
			continue;
		}
		leave(walk, node);
		while (node != VPROF_NODE_ROOT && !walk->next[node]) {
			node = vr_stacks_parent(walk->stacks, node);
			if (node != VPROF_NODE_ROOT)
				leave(walk, node);
		}
		if (node != VPROF_NODE_ROOT)
			node = walk->next[node];
	}
}

/* Moves the functions that count to the front; returns how many. */
static size_t keep_counted(const struct vr_profile *profile, struct vr_cpu_function *all)
{
	const struct vr_stacks *stacks = profile->stacks;
	const char *module = profile->select.module;
	size_t kept = 0;

	for (size_t i = 0; i < stacks->n_functions; i++) {
		if (!all[i].total_ns && !all[i].total_samples)
			continue;
		if (module && !vr_text_glob(module, stacks->function[i].module))
			continue;
		all[kept] = all[i];
		all[kept++].function = (uint32_t)i;
	}
	return kept;
}

struct vr_cpu_function *vr_cpu_functions(struct vr_profile *profile, const struct vr_cpu *cpu,
					 size_t *count)
{
	struct walk walk = {.stacks = profile->stacks};

	sum_subtrees(&walk, cpu);
	walk.on_path = vr_xcalloc(profile->stacks->n_functions, sizeof(*walk.on_path));
	walk.out = vr_xcalloc(profile->stacks->n_functions, sizeof(*walk.out));
	visit_all(&walk, cpu);
	*count = keep_counted(profile, walk.out);
	free(walk.ns);
	free(walk.samples);
	free(walk.child);
	free(walk.next);
	free(walk.on_path);
	return walk.out;
}
