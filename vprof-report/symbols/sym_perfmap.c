/* Perf maps.  Entries may overlap in any way, so they are painted over each
 * other once, in file order, into disjoint pieces; look-ups are then a plain
 * binary search even for a hostile file. */
#include "symbols/sym_perfmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_text.h"

#define FILE_MAX (256u << 20)

struct entry {
	uint64_t lo, hi;
	uint32_t name;	/* offset in the text */
	uint32_t order; /* line number: the highest wins */
};

struct entries {
	struct entry *entry;
	size_t count, room;
};

static int add_entry(struct entries *all, const struct entry *entry)
{
	if (all->count == all->room) {
		size_t room = all->room ? all->room * 2 : 256;
		struct entry *grown = reallocarray(all->entry, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		all->entry = grown;
		all->room = room;
	}
	all->entry[all->count++] = *entry;
	return 0;
}

/* Returns 1 when `line` is an entry. */
static int parse_line(const char *text, const char *line, struct entry *entry)
{
	uint64_t size;

	if (vr_text_hex(&line, &entry->lo) || *line++ != ' ')
		return 0;
	if (vr_text_hex(&line, &size) || *line++ != ' ')
		return 0;
	if (!*line || !size)
		return 0;
	entry->hi = size > UINT64_MAX - entry->lo ? UINT64_MAX : entry->lo + size;
	entry->name = (uint32_t)(line - text);
	return 1;
}

static int parse_lines(char *text, size_t length, struct entries *all)
{
	char *line = text, *end = text + length;
	struct entry entry;
	int ret;

	while (line < end) {
		char *stop = memchr(line, '\n', (size_t)(end - line));

		if (!stop)
			stop = end;
		*stop = '\0';
		if (stop > line && stop[-1] == '\r')
			stop[-1] = '\0';
		if (parse_line(text, line, &entry)) {
			entry.order = (uint32_t)all->count;
			ret = add_entry(all, &entry);
			if (ret)
				return ret;
		}
		line = stop + 1;
	}
	return 0;
}

static int compare_start(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* A binary heap of entries, the latest line on top. */
struct heap {
	const struct entry **at;
	size_t count;
};

static void heap_push(struct heap *heap, const struct entry *entry)
{
	size_t i = heap->count++;

	while (i && heap->at[(i - 1) / 2]->order < entry->order) {
		heap->at[i] = heap->at[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap->at[i] = entry;
}

static void heap_pop(struct heap *heap)
{
	const struct entry *last = heap->at[--heap->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < heap->count) {
		if (child + 1 < heap->count && heap->at[child + 1]->order > heap->at[child]->order)
			child++;
		if (heap->at[child]->order < last->order)
			break;
		heap->at[i] = heap->at[child];
		i = child;
	}
	heap->at[i] = last;
}

/* Sweeps over the entries by start; at each point the latest line that is
 * still open owns the addresses up to the next start or its own end. */
static int paint(struct vr_ranges *ranges, const struct entries *all, struct heap *open)
{
	size_t next = 0;
	uint64_t at = 0;
	int ret = 0;

	while (!ret && (next < all->count || open->count)) {
		const struct entry *top;
		uint64_t stop;

		while (open->count && open->at[0]->hi <= at)
			heap_pop(open);
		if (!open->count) {
			if (next == all->count)
				break;
			at = all->entry[next].lo;
		}
		while (next < all->count && all->entry[next].lo <= at)
			heap_push(open, &all->entry[next++]);
		top = open->at[0];
		stop = top->hi;
		if (next < all->count && all->entry[next].lo < stop)
			stop = all->entry[next].lo;
		ret = vr_ranges_add(ranges, at, stop, top->name);
		at = stop;
	}
	return ret;
}

int vr_perfmap_parse(struct vr_perfmap *map, char *text, size_t length)
{
	struct entries all = {NULL, 0, 0};
	struct heap open = {NULL, 0};
	int ret;

	map->text = text;
	map->length = length;
	ret = parse_lines(text, length, &all);
	if (!ret && all.count) {
		qsort(all.entry, all.count, sizeof(*all.entry), compare_start);
		open.at = calloc(all.count, sizeof(*open.at));
		ret = open.at ? paint(&map->ranges, &all, &open) : -ENOMEM;
		vr_ranges_sort(&map->ranges);
	}
	free(open.at);
	free(all.entry);
	if (ret)
		vr_perfmap_free(map);
	return ret;
}

int vr_perfmap_load(struct vr_perfmap *map, const char *path)
{
	size_t length;
	char *text;
	int ret = vr_text_read(path, FILE_MAX, &text, &length);

	return ret ? ret : vr_perfmap_parse(map, text, length);
}

const char *vr_perfmap_find(const struct vr_perfmap *map, uint64_t address)
{
	const struct vr_range *range = vr_ranges_find(&map->ranges, address);

	return range ? map->text + range->what : NULL;
}

void vr_perfmap_free(struct vr_perfmap *map)
{
	free(map->text);
	vr_ranges_free(&map->ranges);
	memset(map, 0, sizeof(*map));
}
