/* Address ranges that carry a number: fill, sort once, look up often. */
#ifndef VR_SYM_RANGE_H
#define VR_SYM_RANGE_H

#include <stddef.h>
#include <stdint.h>

struct vr_range {
	uint64_t lo, hi; /* [lo, hi) */
	uint64_t reach;	 /* highest hi of this and all earlier ranges; set by sort */
	uint32_t what;	 /* the caller's number */
};

/* Zeroed: empty. */
struct vr_ranges {
	struct vr_range *range;
	size_t count, room;
};

/* Adds [lo, hi); an empty or reversed range is dropped silently.
 * Returns 0 or -ENOMEM. */
int vr_ranges_add(struct vr_ranges *ranges, uint64_t lo, uint64_t hi, uint32_t what);

/* Call once after the last vr_ranges_add(), before the first find. */
void vr_ranges_sort(struct vr_ranges *ranges);

/* Call after vr_ranges_sort() to end each range where the next begins: nothing
 * overlaps then, whatever the file said. */
void vr_ranges_cut(struct vr_ranges *ranges);

/* The range with the greatest `lo` that holds `address` (of equal ones the
 * shortest), or NULL.  O(log n) unless ranges overlap. */
const struct vr_range *vr_ranges_find(const struct vr_ranges *ranges, uint64_t address);

void vr_ranges_free(struct vr_ranges *ranges);

#endif
