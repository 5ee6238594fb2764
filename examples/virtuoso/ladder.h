/* One side of an order book. The best level is the last one, so that the busy top of
 * the book changes without moving the rest. */
#ifndef VIRT_LADDER_H
#define VIRT_LADDER_H

#include <stdbool.h>
#include <stddef.h>

struct virt_level {
	double price, size;
};

struct virt_ladder {
	bool is_bid;
	struct virt_level *levels; /* worst first */
	size_t nr, cap;
};

void virt_ladder_init(struct virt_ladder *ladder, bool is_bid);
void virt_ladder_fini(struct virt_ladder *ladder);
void virt_ladder_clear(struct virt_ladder *ladder);

/* Inserts or replaces a level; size 0 deletes it. Returns 0, or -ENOMEM. */
int virt_ladder_set(struct virt_ladder *ladder, double price, double size);

/* Copies the best levels, best first. Returns how many, max at most. */
size_t virt_ladder_top(const struct virt_ladder *ladder, struct virt_level *out, size_t max);

#endif
