#include "track/ranges.h"
#include "base/sys.h"

#include <stddef.h>

#define CHUNK_BYTES (64u << 10)
#define CHUNK	    (CHUNK_BYTES / sizeof(struct vp_range))

int vp_ranges_reserve(struct vp_ranges *ranges, uint32_t count)
{
	struct vp_range *chunk;

	if (ranges->spares >= count)
		return 1;
	chunk = vp_sys_map(CHUNK_BYTES);
	if (!chunk)
		return 0;
	for (uint32_t i = 0; i < CHUNK; i++) {
		chunk[i].next[0] = ranges->spare;
		ranges->spare = &chunk[i];
	}
	ranges->spares += CHUNK;
	return 1;
}

/* Of each level the last one that begins before the address. */
static void find(struct vp_ranges *ranges, uint64_t address,
		 struct vp_range *before[VP_RANGE_LEVELS])
{
	struct vp_range *at = &ranges->head;

	for (uint32_t level = VP_RANGE_LEVELS; level-- > 0;) {
		while (at->next[level] && at->next[level]->lo < address)
			at = at->next[level];
		before[level] = at;
	}
}

/* A quarter of all ranges stands on each next level. */
static uint32_t height(struct vp_ranges *ranges)
{
	uint64_t x = ranges->random ? ranges->random : 0x9e3779b97f4a7c15u;
	uint32_t levels;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	ranges->random = x;
	levels = 1 + (uint32_t)__builtin_ctzll(x | 1ull << 62) / 2;
	return levels < VP_RANGE_LEVELS ? levels : VP_RANGE_LEVELS;
}

static void put_after(struct vp_ranges *ranges, struct vp_range *before[VP_RANGE_LEVELS],
		      const struct vp_range *range)
{
	struct vp_range *fresh = ranges->spare;
	uint32_t levels = height(ranges);

	ranges->spare = fresh->next[0];
	ranges->spares--;
	ranges->count++;
	fresh->lo = range->lo;
	fresh->hi = range->hi;
	fresh->row = range->row;
	fresh->flags = range->flags;
	fresh->life = range->life;
	for (uint32_t level = 0; level < VP_RANGE_LEVELS; level++) {
		fresh->next[level] = level < levels ? before[level]->next[level] : NULL;
		if (level < levels)
			before[level]->next[level] = fresh;
	}
}

void vp_ranges_put(struct vp_ranges *ranges, const struct vp_range *range)
{
	struct vp_range *before[VP_RANGE_LEVELS];

	find(ranges, range->lo, before);
	put_after(ranges, before, range);
}

/* Makes two of a range that goes across the address. */
static void cut(struct vp_ranges *ranges, uint64_t address)
{
	struct vp_range *before[VP_RANGE_LEVELS], rest;

	find(ranges, address, before);
	if (before[0] == &ranges->head || before[0]->hi <= address)
		return;
	rest = *before[0];
	rest.lo = address;
	before[0]->hi = address;
	put_after(ranges, before, &rest);
}

struct vp_range *vp_ranges_take(struct vp_ranges *ranges, uint64_t lo, uint64_t hi)
{
	struct vp_range *before[VP_RANGE_LEVELS], *taken = NULL, **end = &taken, *at;

	cut(ranges, lo);
	cut(ranges, hi);
	find(ranges, lo, before);
	while ((at = before[0]->next[0]) && at->lo < hi) {
		for (uint32_t level = 0; level < VP_RANGE_LEVELS; level++) {
			if (before[level]->next[level] == at)
				before[level]->next[level] = at->next[level];
		}
		ranges->count--;
		*end = at;
		end = &at->next[0];
	}
	*end = NULL;
	return taken;
}

void vp_ranges_recycle(struct vp_ranges *ranges, struct vp_range *list)
{
	while (list) {
		struct vp_range *next = list->next[0];

		list->next[0] = ranges->spare;
		ranges->spare = list;
		ranges->spares++;
		list = next;
	}
}

const struct vp_range *vp_ranges_from(const struct vp_ranges *ranges, uint64_t address)
{
	const struct vp_range *at = &ranges->head;

	for (uint32_t level = VP_RANGE_LEVELS; level-- > 0;) {
		while (at->next[level] && at->next[level]->hi <= address)
			at = at->next[level];
	}
	return at->next[0];
}
