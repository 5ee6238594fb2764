#include "export/paths.h"

#include <stdlib.h>

#include "cli/xalloc.h"

struct build {
	struct vr_paths *paths;
	struct vr_map by_place; /* function << 32 | line -> place */
	struct vr_map by_edge;	/* parent << 32 | place -> path */
	int by_line;
};

/* The child of `parent` for this frame, made when there is none. */
static uint32_t child_of(struct build *build, uint32_t parent, const struct vr_dump_line *frame)
{
	struct vr_paths *paths = build->paths;
	int line = build->by_line ? frame->line : 0;
	int added;
	uint32_t *place =
	    vr_map_at(&build->by_place, (uint64_t)frame->function << 32 | (uint32_t)line, &added);
	uint32_t *at;

	if (added)
		*place = (uint32_t)build->by_place.count;
	at = vr_map_at(&build->by_edge, (uint64_t)parent << 32 | *place, &added);
	if (!added)
		return *at;
	paths->path = vr_xgrow(paths->path, paths->count, &paths->room, sizeof(*paths->path));
	paths->path[paths->count] = (struct vr_path){
	    .function = frame->function,
	    .line = line,
	    .parent = parent,
	};
	*at = (uint32_t)paths->count++;
	return *at;
}

/* Marks the nodes on the way from each sample that counts to the root. */
static uint8_t *mark_counted(const struct vr_dump *dump, uint32_t thread)
{
	uint8_t *counted = vr_xcalloc(dump->nodes, 1);

	for (size_t i = 0; i < dump->samples; i++)
		if (thread == VR_DUMP_NONE || dump->sample[i].thread == thread)
			counted[dump->sample[i].node] = 1;
	for (size_t i = dump->nodes; i-- > 1;)
		if (counted[i])
			counted[dump->node[i].parent] = 1;
	return counted;
}

static void add_samples(const struct vr_dump *dump, struct vr_paths *paths, const uint32_t *at,
			uint32_t thread)
{
	for (size_t i = 0; i < dump->samples; i++) {
		const struct vr_dump_sample *sample = &dump->sample[i];

		if (thread != VR_DUMP_NONE && sample->thread != thread)
			continue;
		for (int v = 0; v < VR_VALUES; v++)
			paths->path[at[sample->node]].self[v] += sample->value[v];
	}
}

/* Parents come first, so one pass from the back sums up and links. */
static void sum_up(struct vr_paths *paths)
{
	for (size_t i = paths->count; i-- > 0;) {
		struct vr_path *path = &paths->path[i];
		struct vr_path *parent = &paths->path[path->parent];

		for (int v = 0; v < VR_VALUES; v++) {
			path->total[v] += path->self[v];
			if (i)
				parent->total[v] += path->total[v];
		}
		if (i) {
			path->next = parent->child;
			parent->child = (uint32_t)i;
		}
	}
}

struct vr_paths *vr_paths_new(const struct vr_dump *dump, int by_line, uint32_t thread)
{
	struct vr_paths *paths = vr_xcalloc(1, sizeof(*paths));
	struct build build = {.paths = paths, .by_line = by_line};
	uint8_t *counted = mark_counted(dump, thread);
	uint32_t *at = vr_xcalloc(dump->nodes, sizeof(*at)); /* node -> path */

	paths->path = vr_xgrow(NULL, 0, &paths->room, sizeof(*paths->path));
	paths->path[0] = (struct vr_path){.function = VR_DUMP_NONE};
	paths->count = 1;
	for (size_t i = 1; i < dump->nodes; i++) {
		const struct vr_dump_frame *frame = &dump->frame[dump->node[i].frame];

		if (!counted[i])
			continue;
		at[i] = at[dump->node[i].parent];
		for (uint32_t k = frame->count; k-- > 0;)
			at[i] = child_of(&build, at[i], &dump->line[frame->first + k]);
	}
	add_samples(dump, paths, at, thread);
	sum_up(paths);
	vr_map_free(&build.by_place);
	vr_map_free(&build.by_edge);
	free(counted);
	free(at);
	return paths;
}

void vr_paths_free(struct vr_paths *paths)
{
	if (!paths)
		return;
	free(paths->path);
	free(paths);
}

uint32_t vr_paths_step(const struct vr_paths *paths, uint32_t at,
		       void (*left)(void *arg, uint32_t path), void *arg)
{
	if (paths->path[at].child)
		return paths->path[at].child;
	while (at) {
		if (left)
			left(arg, at);
		if (paths->path[at].next)
			return paths->path[at].next;
		at = paths->path[at].parent;
	}
	return 0;
}
