#include <stdlib.h>

#include "cli/xalloc.h"
#include "export/paths.h"

struct walk {
	const struct vr_paths *paths;
	struct vr_sums *sums;
	struct vr_map by_pair; /* caller << 32 | callee -> index of the pair */
	struct vr_map by_call; /* pair << 32 | line -> call */
	uint32_t *call_of;     /* by path: the call that led to it */
	uint32_t *on_path;     /* by function: how often it is in the current stack */
	uint32_t *open;	       /* by call: the same */
	size_t open_room;
};

static uint32_t find_call(struct walk *walk, const struct vr_path *path)
{
	struct vr_sums *sums = walk->sums;
	const struct vr_path *parent = &walk->paths->path[path->parent];
	int added;
	uint32_t *at =
	    vr_map_at(&walk->by_pair, (uint64_t)parent->function << 32 | path->function, &added);
	uint32_t pair;

	if (added)
		*at = (uint32_t)walk->by_pair.count;
	pair = *at;
	at = vr_map_at(&walk->by_call, (uint64_t)pair << 32 | (uint32_t)parent->line, &added);
	if (!added)
		return *at;
	sums->call = vr_xgrow(sums->call, sums->calls, &sums->call_room, sizeof(*sums->call));
	walk->open = vr_xgrow(walk->open, sums->calls, &walk->open_room, sizeof(*walk->open));
	sums->call[sums->calls] = (struct vr_call){
	    .caller = parent->function, .callee = path->function, .line = parent->line};
	walk->open[sums->calls] = 0;
	*at = (uint32_t)sums->calls++;
	return *at;
}

static void add(uint64_t *to, const uint64_t *value)
{
	for (int v = 0; v < VR_VALUES; v++)
		to[v] += value[v];
}

static void enter(struct walk *walk, uint32_t at)
{
	const struct vr_path *path = &walk->paths->path[at];
	struct vr_function_sum *function = &walk->sums->function[path->function];
	uint32_t index = find_call(walk, path);
	struct vr_call *call = &walk->sums->call[index];

	walk->call_of[at] = index;
	add(function->self, path->self);
	add(call->self, path->self);
	if (walk->open[index]++ == 0)
		add(call->total, path->total);
	if (walk->on_path[path->function]++ == 0) {
		add(function->total, path->total);
		add(call->first, path->total);
	}
}

static void leave(void *arg, uint32_t at)
{
	struct walk *walk = arg;

	walk->open[walk->call_of[at]]--;
	walk->on_path[walk->paths->path[at].function]--;
}

struct vr_sums *vr_sums_new(const struct vr_dump *dump, const struct vr_paths *paths)
{
	struct vr_sums *sums = vr_xcalloc(1, sizeof(*sums));
	struct walk walk = {.paths = paths, .sums = sums};

	sums->functions = dump->functions;
	sums->function = vr_xcalloc(dump->functions, sizeof(*sums->function));
	walk.on_path = vr_xcalloc(dump->functions, sizeof(*walk.on_path));
	walk.call_of = vr_xcalloc(paths->count, sizeof(*walk.call_of));
	for (uint32_t at = paths->path[0].child; at; at = vr_paths_step(paths, at, leave, &walk))
		enter(&walk, at);
	vr_map_free(&walk.by_pair);
	vr_map_free(&walk.by_call);
	free(walk.call_of);
	free(walk.on_path);
	free(walk.open);
	return sums;
}

void vr_sums_free(struct vr_sums *sums)
{
	if (!sums)
		return;
	free(sums->function);
	free(sums->call);
	free(sums);
}
