/* Sorted ranges.  They may nest and overlap: `reach` ends the backward search
 * as soon as no earlier range can hold the address. */
#include "symbols/sym_range.h"

#include <errno.h>
#include <stdlib.h>

int vr_ranges_add(struct vr_ranges *ranges, uint64_t lo, uint64_t hi, uint32_t what)
{
	struct vr_range *range;

	if (lo >= hi)
		return 0;
	if (ranges->count == ranges->room) {
		size_t room = ranges->room ? ranges->room * 2 : 64;

		range = reallocarray(ranges->range, room, sizeof(*range));
		if (!range)
			return -ENOMEM;
		ranges->range = range;
		ranges->room = room;
	}
	range = &ranges->range[ranges->count++];
	range->lo = lo;
	range->hi = hi;
	range->reach = hi;
	range->what = what;
	return 0;
}

/* Longer ranges first, so that of two with one start the inner one is found. */
static int compare(const void *left, const void *right)
{
	const struct vr_range *a = left, *b = right;

	if (a->lo != b->lo)
		return a->lo < b->lo ? -1 : 1;
	if (a->hi != b->hi)
		return a->hi > b->hi ? -1 : 1;
	if (a->what != b->what)
		return a->what < b->what ? -1 : 1;
	return 0;
}

void vr_ranges_sort(struct vr_ranges *ranges)
{
	uint64_t reach = 0;

	if (ranges->count)
		qsort(ranges->range, ranges->count, sizeof(*ranges->range), compare);
	for (size_t i = 0; i < ranges->count; i++) {
		if (ranges->range[i].hi > reach)
			reach = ranges->range[i].hi;
		ranges->range[i].reach = reach;
	}
}

void vr_ranges_cut(struct vr_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		struct vr_range *range = &ranges->range[i];

		if (i + 1 < ranges->count && range->hi > range[1].lo)
			range->hi = range[1].lo;
		range->reach = range->hi;
	}
}

const struct vr_range *vr_ranges_find(const struct vr_ranges *ranges, uint64_t address)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ranges->range[middle].lo <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low-- > 0) {
		const struct vr_range *range = &ranges->range[low];

		if (range->reach <= address)
			return NULL;
		if (range->hi > address)
			return range;
	}
	return NULL;
}

void vr_ranges_free(struct vr_ranges *ranges)
{
	free(ranges->range);
	ranges->range = NULL;
	ranges->count = ranges->room = 0;
}
