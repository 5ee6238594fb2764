#include "text/sites.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/responsible.h"
#include "text/names.h"

/* The places of a path, from the one its row names outwards. */
struct path {
	size_t row;
	uint32_t *place;
	size_t count, room;
	size_t deep; /* where it differs from all others; 0: nobody names the same place */
	int by_line; /* and does so by the line only */
};

/*   most  places to read, 0: all */
static void read_path(struct vr_stacks *stacks, uint32_t node, size_t most, struct path *path)
{
	const struct vr_place *first = vr_responsible_frame(stacks, node);
	size_t from = first ? (size_t)(first - stacks->place) : 0;

	if (!first)
		return;
	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_span span = vr_stacks_at(stacks, node);

		for (uint32_t i = span.first; i < span.first + span.count; i++) {
			if (!path->count && i != from)
				continue;
			path->place =
			    vr_xgrow(path->place, path->count, &path->room, sizeof(*path->place));
			path->place[path->count++] = i;
			if (path->count == most)
				return;
		}
	}
}

static int compare_places(const struct vr_place *x, const struct vr_place *y)
{
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Places at the start that two paths share. */
static size_t shared(const struct vr_stacks *stacks, const struct path *x, const struct path *y)
{
	size_t n = 0;

	while (n < x->count && n < y->count &&
	       !compare_places(&stacks->place[x->place[n]], &stacks->place[y->place[n]]))
		n++;
	return n;
}

static int compare_paths(const void *a, const void *b, void *arg)
{
	const struct vr_stacks *stacks = arg;
	const struct path *x = a;
	const struct path *y = b;
	size_t n = shared(stacks, x, y);

	if (n < x->count && n < y->count)
		return compare_places(&stacks->place[x->place[n]], &stacks->place[y->place[n]]);
	return x->count < y->count ? -1 : x->count > y->count;
}

static void part(const struct vr_stacks *stacks, struct path *x, const struct path *y)
{
	size_t n = shared(stacks, x, y);

	if (n < x->deep || !n)
		return;
	x->by_line = n < x->count && n < y->count &&
		     stacks->place[x->place[n]].function == stacks->place[y->place[n]].function;
	x->deep = n;
}

static char *caller_text(const struct vr_stacks *stacks, const struct path *path)
{
	const struct vr_place *place;
	const char *name;

	if (!path->deep || path->deep >= path->count)
		return NULL;
	place = &stacks->place[path->place[path->deep]];
	name = vr_place_function(stacks, place)->name;
	return path->by_line ? vr_xprintf("%s:%d", name, place->line) : vr_xstrdup(name);
}

struct vr_caption *vr_sites_captions(const struct vr_profile *profile, const uint32_t *node,
				     size_t count, int strip_dirs)
{
	struct vr_stacks *stacks = profile->stacks;
	struct vr_caption *label = vr_xcalloc(count + 1, sizeof(*label));
	struct path *path = vr_xcalloc(count + 1, sizeof(*path));

	for (size_t i = 0; i < count; i++) {
		label[i] = vr_responsible_caption(stacks, node[i], strip_dirs);
		label[i].whole = profile->select.full_names;
		path[i].row = i;
		read_path(stacks, node[i], 0, &path[i]);
	}
	qsort_r(path, count, sizeof(*path), compare_paths, stacks);
	for (size_t i = 0; i < count; i++) {
		if (i)
			part(stacks, &path[i], &path[i - 1]);
		if (i + 1 < count)
			part(stacks, &path[i], &path[i + 1]);
		label[path[i].row].caller = caller_text(stacks, &path[i]);
		label[path[i].row].far = path[i].deep > 1;
	}
	for (size_t i = 0; i < count; i++)
		free(path[i].place);
	free(path);
	return label;
}

void vr_sites_free(struct vr_caption *label, size_t count)
{
	for (size_t i = 0; i < count; i++)
		vr_caption_done(&label[i]);
	free(label);
}

const char *vr_sites_caller(struct vr_stacks *stacks, uint32_t node)
{
	struct path path = {0};
	const char *name = NULL;

	read_path(stacks, node, 2, &path);
	if (path.count == 2)
		name = vr_place_function(stacks, &stacks->place[path.place[1]])->name;
	free(path.place);
	return name;
}
