#include "text/sites.h"

#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/responsible.h"
#include "text/names.h"

/* The places of a path in the order in which they tell it from others: the one its row names,
 * its callers outwards, a mark, and from the named one inwards. */
struct path {
	size_t row;
	uint32_t *place; /* each plus 1; 0 is the mark */
	size_t count, room;
	size_t mark;
	size_t deep; /* where it differs from all others; 0: nobody names the same place */
	int by_line; /* and does so by the line only */
};

static void add(struct path *path, uint32_t place)
{
	path->place = vr_xgrow(path->place, path->count, &path->room, sizeof(*path->place));
	path->place[path->count++] = place;
}

/* Puts what is before the named place behind the mark, the nearest first. */
static void turn(struct path *path, size_t named)
{
	uint32_t *turned = vr_xcalloc(path->count + 1, sizeof(*turned));
	size_t n = path->count - named;

	memcpy(turned, path->place + named, n * sizeof(*turned));
	path->mark = n++;
	for (size_t i = named; i > 0; i--)
		turned[n++] = path->place[i - 1];
	free(path->place);
	path->place = turned;
	path->count = n;
}

static void read_path(struct vr_stacks *stacks, uint32_t node, struct path *path)
{
	const struct vr_place *place = vr_responsible_frame(stacks, node);
	size_t of = place ? (size_t)(place - stacks->place) : 0, named = SIZE_MAX;

	for (; place && node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = places.first; i < places.first + places.count; i++) {
			if (named == SIZE_MAX && i == of)
				named = path->count;
			add(path, i + 1);
		}
	}
	if (named != SIZE_MAX)
		turn(path, named);
}

static const struct vr_place *place_at(const struct vr_stacks *stacks, const struct path *path,
				       size_t at)
{
	return at < path->count && path->place[at] ? &stacks->place[path->place[at] - 1] : NULL;
}

static int compare_places(const struct vr_place *x, const struct vr_place *y)
{
	if (!x || !y)
		return !!x - !!y;
	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Places at the start that two paths share. */
static size_t shared(const struct vr_stacks *stacks, const struct path *x, const struct path *y)
{
	size_t n = 0;

	while (n < x->count && n < y->count &&
	       !compare_places(place_at(stacks, x, n), place_at(stacks, y, n)))
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
		return compare_places(place_at(stacks, x, n), place_at(stacks, y, n));
	return x->count < y->count ? -1 : x->count > y->count;
}

static void part(const struct vr_stacks *stacks, struct path *x, const struct path *y)
{
	size_t n = shared(stacks, x, y);
	const struct vr_place *mine = place_at(stacks, x, n), *other = place_at(stacks, y, n);

	if (n < x->deep || !n)
		return;
	x->by_line = mine && other && mine->function == other->function;
	x->deep = n;
}

/* Where the path differs from others of the same named place. */
static void show_difference(const struct vr_stacks *stacks, const struct path *path,
			    struct vr_caption *caption)
{
	const struct vr_place *place = path->deep ? place_at(stacks, path, path->deep) : NULL;
	size_t away = path->deep > path->mark ? path->deep - path->mark : path->deep;

	if (!place)
		return;
	caption->other = vr_xstrdup(vr_place_function(stacks, place)->name);
	caption->other_line = path->by_line ? place->line : 0;
	if (path->deep > path->mark)
		caption->link = away > 1 ? VR_LINK_FAR_CALLEE : VR_LINK_CALLEE;
	else
		caption->link = away > 1 ? VR_LINK_FAR_CALLER : VR_LINK_CALLER;
}

struct vr_caption *vr_sites_captions(const struct vr_profile *profile, const uint32_t *node,
				     size_t count, int strip_dirs)
{
	struct vr_stacks *stacks = profile->stacks;
	struct vr_caption *caption = vr_xcalloc(count + 1, sizeof(*caption));
	struct path *path = vr_xcalloc(count + 1, sizeof(*path));

	for (size_t i = 0; i < count; i++) {
		caption[i] = vr_responsible_caption(stacks, node[i], strip_dirs);
		caption[i].whole = profile->select.full_names;
		path[i].row = i;
		read_path(stacks, node[i], &path[i]);
	}
	qsort_r(path, count, sizeof(*path), compare_paths, stacks);
	for (size_t i = 0; i < count; i++) {
		if (i)
			part(stacks, &path[i], &path[i - 1]);
		if (i + 1 < count)
			part(stacks, &path[i], &path[i + 1]);
		show_difference(stacks, &path[i], &caption[path[i].row]);
	}
	for (size_t i = 0; i < count; i++)
		free(path[i].place);
	free(path);
	return caption;
}

void vr_sites_free(struct vr_caption *caption, size_t count)
{
	for (size_t i = 0; i < count; i++)
		vr_caption_done(&caption[i]);
	free(caption);
}

/* The nearest caller that is no inside of a library, for a path that is told from no other. */
static void show_caller(const struct vr_stacks *stacks, const struct path *path,
			struct vr_caption *caption)
{
	for (size_t i = 1; i < path->mark; i++) {
		const char *name = vr_place_function(stacks, place_at(stacks, path, i))->name;

		if (vr_is_wrapper(name))
			continue;
		caption->other = vr_xstrdup(name);
		caption->link = i > 1 ? VR_LINK_FAR_CALLER : VR_LINK_CALLER;
		return;
	}
}

char **vr_sites_texts(const struct vr_profile *profile, const uint32_t *node, size_t count,
		      int room)
{
	struct vr_caption *caption = vr_sites_captions(profile, node, count, 1);
	const struct vr_caption **all = vr_xcalloc(count + 1, sizeof(struct vr_caption *));
	char **text;

	for (size_t i = 0; i < count; i++) {
		struct path path = {0};

		all[i] = &caption[i];
		if (caption[i].other)
			continue;
		read_path(profile->stacks, node[i], &path);
		show_caller(profile->stacks, &path, &caption[i]);
		free(path.place);
	}
	text = vr_captions_fit(all, count, room);
	vr_sites_free(caption, count);
	free(all);
	return text;
}

void vr_sites_print(const struct vr_rows *rows, const struct vr_field *fields, size_t n_fields,
		    const struct vr_site_row *site, size_t count)
{
	uint32_t *node = vr_xcalloc(count + 1, sizeof(*node));
	struct vr_rows told = *rows;
	struct vr_caption *caption;
	struct vr_sheet *sheet;

	for (size_t i = 0; i < count; i++)
		node[i] = site[i].node;
	caption = vr_sites_captions(rows->ctx->profile, node, count, rows->ctx->strip_dirs);
	told.site = caption;
	sheet = vr_sheet_new(&told, fields, n_fields);
	for (size_t i = 0; i < count; i++)
		vr_sheet_row(sheet, site[i].row);
	vr_sheet_print(sheet);
	vr_sites_free(caption, count);
	free(node);
}
