#include "ladder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void virt_ladder_init(struct virt_ladder *ladder, bool is_bid)
{
	*ladder = (struct virt_ladder){.is_bid = is_bid};
}

void virt_ladder_fini(struct virt_ladder *ladder)
{
	free(ladder->levels);
}

void virt_ladder_clear(struct virt_ladder *ladder)
{
	ladder->nr = 0;
}

static bool is_worse(const struct virt_ladder *ladder, double a, double b)
{
	return ladder->is_bid ? a < b : a > b;
}

/* Index of the first level that is not worse than price. */
static size_t find(const struct virt_ladder *ladder, double price)
{
	size_t low = 0, high = ladder->nr;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (is_worse(ladder, ladder->levels[mid].price, price))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int make_room(struct virt_ladder *ladder, size_t idx)
{
	if (ladder->nr == ladder->cap) {
		size_t cap = ladder->cap ? ladder->cap * 2 : 16;
		struct virt_level *levels = reallocarray(ladder->levels, cap, sizeof(*levels));

		if (!levels)
			return -ENOMEM;
		ladder->levels = levels;
		ladder->cap = cap;
	}
	memmove(&ladder->levels[idx + 1], &ladder->levels[idx],
		(ladder->nr - idx) * sizeof(ladder->levels[0]));
	ladder->nr++;
	return 0;
}

int virt_ladder_set(struct virt_ladder *ladder, double price, double size)
{
	size_t idx = find(ladder, price);
	bool present = idx < ladder->nr && !is_worse(ladder, price, ladder->levels[idx].price);

	if (size > 0) {
		if (!present && make_room(ladder, idx))
			return -ENOMEM;
		ladder->levels[idx] = (struct virt_level){price, size};
	} else if (present) {
		ladder->nr--;
		memmove(&ladder->levels[idx], &ladder->levels[idx + 1],
			(ladder->nr - idx) * sizeof(ladder->levels[0]));
	}
	return 0;
}

size_t virt_ladder_top(const struct virt_ladder *ladder, struct virt_level *out, size_t max)
{
	size_t nr = ladder->nr < max ? ladder->nr : max;

	for (size_t i = 0; i < nr; i++)
		out[i] = ladder->levels[ladder->nr - 1 - i];
	return nr;
}
