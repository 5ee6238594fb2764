/* Ranges of addresses that do not overlap, in their order: what is mapped, and whose it is.
 *
 * A skip list: finding, cutting and taking out cost the logarithm of their number, and no
 * step needs more stack than the last.  Its memory comes from the kernel and is used
 * again, never given back.  Nothing here takes a lock: the caller has one. */
#ifndef VP_TRACK_RANGES_H
#define VP_TRACK_RANGES_H

#include <stdint.h>

#define VP_RANGE_LEVELS 8u /* of a quarter each: 65,536 ranges */

struct vp_range {
	uint64_t lo, hi; /* [lo, hi) */
	uint32_t row;	 /* the caller's, as the next two */
	uint16_t flags, life;
	struct vp_range *next[VP_RANGE_LEVELS]; /* of taken ones next[0] alone counts */
};

/* All zero: none. */
struct vp_ranges {
	struct vp_range head; /* before the first */
	struct vp_range *spare;
	uint32_t spares, count;
	uint64_t random;
};

/* Makes sure of room for `count` more ranges; taking and putting need two each at most.
 * Returns 0 where there is no memory. */
int vp_ranges_reserve(struct vp_ranges *ranges, uint32_t count);

/* Takes out all that lies in [lo, hi), cutting what lies there in part: a list in the order
 * of addresses, which is the caller's until vp_ranges_recycle(). */
struct vp_range *vp_ranges_take(struct vp_ranges *ranges, uint64_t lo, uint64_t hi);

/* Puts in a range where nothing lies, as vp_ranges_take() left it. */
void vp_ranges_put(struct vp_ranges *ranges, const struct vp_range *range);

/* Gives a list of taken ones back. */
void vp_ranges_recycle(struct vp_ranges *ranges, struct vp_range *list);

/* The first that ends behind the address; NULL: there is none.  next[0] leads on. */
const struct vp_range *vp_ranges_from(const struct vp_ranges *ranges, uint64_t address);

#endif
