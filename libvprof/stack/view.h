/* A stack to read: the live one, or a copy of it. */
#ifndef VP_STACK_VIEW_H
#define VP_STACK_VIEW_H

#include <stdint.h>
#include <string.h>

/* Words at target addresses [lo, hi) are found at `at + (address - lo)`. */
struct vp_view {
	uint64_t lo, hi;
	const uint8_t *at;
	int copied; /* hi is the end of the copy, not of the stack */
};

/* Returns 0 when the word is not in view. */
static inline int vp_view_read(const struct vp_view *view, uint64_t address, uint64_t *out)
{
	if (address < view->lo || view->hi - view->lo < 8 || address > view->hi - 8)
		return 0;
	memcpy(out, view->at + (address - view->lo), 8);
	return 1;
}

#endif
