/* Of two amounts. */
#ifndef VP_BASE_AMOUNT_H
#define VP_BASE_AMOUNT_H

#include <stdint.h>

static inline uint64_t vp_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t vp_most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What is left of `from` without `part`; 0 where that is more. */
static inline uint64_t vp_less(uint64_t from, uint64_t part)
{
	return from > part ? from - part : 0;
}

#endif
