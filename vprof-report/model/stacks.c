#include "model/stacks.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/xalloc.h"
#include "model/own.h"

static const char *const pseudo_name[VR_PSEUDO_COUNT] = {
    [VR_PSEUDO_KERNEL] = "[kernel]",
    [VR_PSEUDO_NO_STACK] = "[no stack]",
    [VR_PSEUDO_CPU_FULL] = "[cpu table full]",
    [VR_PSEUDO_SITE_FULL] = "[site table full]",
    [VR_PSEUDO_LOCK_FULL] = "[lock table full]",
    [VR_PSEUDO_MAP_FULL] = "[mapping table full]",
    [VR_PSEUDO_INHERITED] = "[inherited at the fork]",
};

struct vr_stacks *vr_stacks_new(const struct vr_file *file, struct vr_sym *sym, int inlines)
{
	struct vr_stacks *stacks = vr_xcalloc(1, sizeof(*stacks));

	stacks->file = file;
	stacks->sym = sym;
	/* Without inline expansion the file of an address is that of the code
	 * inlined there, which would split one function into several. */
	stacks->merge_files = !inlines;
	/* Root and overflow node exist whatever the file says. */
	stacks->base = file->n_nodes > 2 ? file->n_nodes : 2;
	stacks->n_nodes = stacks->base + VR_PSEUDO_COUNT;
	stacks->node_room = stacks->n_nodes;
	stacks->node_places = vr_xcalloc(stacks->n_nodes, sizeof(*stacks->node_places));
	stacks->own = vr_own_nodes(file);
	return stacks;
}

void vr_stacks_free(struct vr_stacks *stacks)
{
	if (!stacks)
		return;
	free(stacks->function);
	free(stacks->function_next);
	free(stacks->place);
	free(stacks->places);
	free(stacks->node_places);
	free(stacks->added_parent);
	for (size_t i = 0; i < stacks->n_added_names; i++)
		free(stacks->added_name[i]);
	free(stacks->added_name);
	free(stacks->own);
	vr_map_free(&stacks->by_where);
	vr_map_free(&stacks->by_function);
	vr_map_free(&stacks->by_frame);
	free(stacks);
}

uint32_t vr_stacks_pseudo(const struct vr_stacks *stacks, enum vr_pseudo which)
{
	return stacks->base + (uint32_t)which;
}

int vr_stacks_own_work(const struct vr_stacks *stacks, uint32_t node)
{
	return node < stacks->file->n_nodes && stacks->own[node] & VR_OWN_WORK;
}

uint32_t vr_stacks_parent(const struct vr_stacks *stacks, uint32_t node)
{
	uint32_t parent;

	if (node >= stacks->base + VR_PSEUDO_COUNT)
		return stacks->added_parent[node - stacks->base - VR_PSEUDO_COUNT];
	if (node >= stacks->file->n_nodes)
		return VPROF_NODE_ROOT;
	parent = stacks->file->node[node].parent;
	return parent == VR_NODE_UNREADABLE ? VPROF_NODE_ROOT : parent;
}

static int same_function(const struct vr_stacks *stacks, const struct vr_function *a,
			 const struct vr_frame *b)
{
	return strcmp(a->name, b->function) == 0 && strcmp(a->module, b->module) == 0 &&
	       (stacks->merge_files || strcmp(a->file, b->file) == 0);
}

static uint32_t add_function(struct vr_stacks *stacks, const struct vr_frame *frame, uint32_t next)
{
	stacks->function = vr_xgrow(stacks->function, stacks->n_functions, &stacks->function_room,
				    sizeof(*stacks->function));
	stacks->function_next = vr_xgrow(stacks->function_next, stacks->n_functions,
					 &stacks->function_next_room, sizeof(uint32_t));
	stacks->function[stacks->n_functions] = (struct vr_function){
	    .name = frame->function,
	    .file = frame->file,
	    .module = frame->module,
	    .line = frame->line,
	};
	stacks->function_next[stacks->n_functions] = next;
	return (uint32_t)stacks->n_functions++;
}

/* Index of the function this frame belongs to. */
static uint32_t intern_function(struct vr_stacks *stacks, const struct vr_frame *frame)
{
	uint64_t hash = vr_hash_text(vr_hash_text(1, frame->function), frame->module);
	uint32_t *head;
	int added;

	if (!stacks->merge_files)
		hash = vr_hash_text(hash, frame->file);
	head = vr_map_at(&stacks->by_function, hash, &added);
	if (added)
		*head = VPROF_NONE;
	for (uint32_t i = *head; i != VPROF_NONE; i = stacks->function_next[i]) {
		struct vr_function *function = &stacks->function[i];

		if (!same_function(stacks, function, frame))
			continue;
		if (frame->line > 0 && (function->line <= 0 || frame->line < function->line))
			function->line = frame->line;
		return i;
	}
	*head = add_function(stacks, frame, *head);
	return *head;
}

/* Appends the frames of one address; returns the index of their row. */
static uint32_t add_places(struct vr_stacks *stacks, const struct vr_frame *frame, size_t count)
{
	struct vr_places places = {(uint32_t)stacks->n_places, (uint32_t)count};

	for (size_t i = 0; i < count; i++) {
		struct vr_place place = {.function = intern_function(stacks, &frame[i]),
					 .line = frame[i].line,
					 .inlined = frame[i].inlined,
					 .offset = frame[i].offset};

		stacks->place = vr_xgrow(stacks->place, stacks->n_places, &stacks->place_room,
					 sizeof(*stacks->place));
		stacks->place[stacks->n_places++] = place;
	}
	stacks->places = vr_xgrow(stacks->places, stacks->n_addresses, &stacks->address_room,
				  sizeof(*stacks->places));
	stacks->places[stacks->n_addresses] = places;
	return (uint32_t)stacks->n_addresses++;
}

static uint32_t add_named(struct vr_stacks *stacks, const char *name)
{
	struct vr_frame frame = {.function = name, .linkage = "", .file = "", .module = ""};

	if (strcmp(name, pseudo_name[VR_PSEUDO_KERNEL]) == 0)
		frame.module = name;
	return add_places(stacks, &frame, 1);
}

static const char *keep_name(struct vr_stacks *stacks, const char *name)
{
	stacks->added_name = vr_xgrow(stacks->added_name, stacks->n_added_names, &stacks->name_room,
				      sizeof(*stacks->added_name));
	return stacks->added_name[stacks->n_added_names++] = vr_xstrdup(name);
}

uint32_t vr_stacks_add(struct vr_stacks *stacks, uint32_t parent, const char *name,
		       const char *module)
{
	struct vr_frame frame = {.function = name, .linkage = "", .file = "", .module = module};
	size_t functions = stacks->n_functions;
	uint32_t function = intern_function(stacks, &frame);
	size_t added = stacks->n_nodes - stacks->base - VR_PSEUDO_COUNT;
	int is_new;
	uint32_t *at = vr_map_at(&stacks->by_frame, (uint64_t)parent << 32 | function, &is_new);

	if (stacks->n_functions > functions)
		stacks->function[function].name = keep_name(stacks, name);
	if (!is_new)
		return *at;
	frame.function = stacks->function[function].name;
	*at = stacks->n_nodes;
	stacks->node_places = vr_xgrow(stacks->node_places, stacks->n_nodes, &stacks->node_room,
				       sizeof(*stacks->node_places));
	stacks->added_parent = vr_xgrow(stacks->added_parent, added, &stacks->added_room,
					sizeof(*stacks->added_parent));
	stacks->added_parent[added] = parent;
	stacks->node_places[stacks->n_nodes] = add_places(stacks, &frame, 1) + 1;
	return stacks->n_nodes++;
}

static uint32_t resolve_address(struct vr_stacks *stacks, uint64_t where)
{
	uint32_t module = (uint32_t)(where >> VPROF_WHERE_MODULE_SHIFT);
	uint64_t address = where & VPROF_WHERE_ADDRESS;
	int exact = (where & VPROF_WHERE_EXACT) != 0;
	struct vr_frames frames;

	/* A kernel address is stored without its sign bits. */
	if (module == VPROF_MODULE_KERNEL)
		address |= ~VPROF_WHERE_ADDRESS;
	frames = vr_sym_resolve(stacks->sym, module, address, exact);
	return add_places(stacks, frames.frame, frames.count);
}

/* Each address is resolved once. */
static uint32_t places_of(struct vr_stacks *stacks, uint64_t where)
{
	int added;
	uint32_t *known = vr_map_at(&stacks->by_where, where, &added);
	uint32_t places;

	if (!added)
		return *known;
	places = resolve_address(stacks, where);
	*vr_map_at(&stacks->by_where, where, &added) = places;
	return places;
}

uint32_t vr_stacks_function_at(struct vr_stacks *stacks, uint64_t where)
{
	uint32_t at = places_of(stacks, where); /* may move them */
	struct vr_places places = stacks->places[at];

	return stacks->place[places.first + places.count - 1].function;
}

static uint32_t resolve(struct vr_stacks *stacks, uint32_t node)
{
	const struct vprof_node *trie = stacks->file->node;

	if (node >= stacks->base)
		return add_named(stacks, pseudo_name[node - stacks->base]);
	if (node == VPROF_NODE_OVERFLOW)
		return add_named(stacks, "[stack table full]");
	if (trie[node].parent == VR_NODE_UNREADABLE)
		return add_named(stacks, "[unreadable stack]");
	if (trie[node].where >= VPROF_WHERE_CUT(0) &&
	    trie[node].where < VPROF_WHERE_CUT(VPROF_WHERE_CUT_MOST))
		return add_named(stacks, "[stack cut]");
	return places_of(stacks, trie[node].where);
}

struct vr_places vr_stacks_at(struct vr_stacks *stacks, uint32_t node)
{
	if (node == VPROF_NODE_ROOT || node >= stacks->n_nodes)
		return (struct vr_places){0, 0};
	if (node < stacks->file->n_nodes && stacks->own[node] & VR_OWN_HIDDEN)
		return (struct vr_places){0, 0};
	if (!stacks->node_places[node])
		stacks->node_places[node] = resolve(stacks, node) + 1;
	return stacks->places[stacks->node_places[node] - 1];
}

int vr_stacks_touches(struct vr_stacks *stacks, uint32_t node, const char *module_glob)
{
	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];

			if (vr_text_glob(module_glob, vr_place_function(stacks, place)->module))
				return 1;
		}
	}
	return 0;
}
