/* The order of an array's elements, without moving them: who reads a model does not change it;
 * and of two numbers. */
#ifndef VR_ORDER_H
#define VR_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* Negative: a comes before b; `arg` is the caller's. */
typedef int vr_compare(const void *a, const void *b, void *arg);

/* Indices of the elements, the first in the order in front; equal ones in theirs.
 * free() it. */
size_t *vr_order(const void *array, size_t count, size_t size, vr_compare *compare, void *arg);

/* The first in the order; NULL: there is none. */
const void *vr_order_first(const void *array, size_t count, size_t size, vr_compare *compare,
			   void *arg);

static inline uint64_t vr_least(uint64_t x, uint64_t y)
{
	return x < y ? x : y;
}

static inline uint64_t vr_most(uint64_t x, uint64_t y)
{
	return x > y ? x : y;
}

/* What is left of `from` without `part`; 0 where that is more. */
static inline uint64_t vr_less(uint64_t from, uint64_t part)
{
	return from > part ? from - part : 0;
}

/* For comparisons: the larger first, and the smaller first. */
static inline int vr_larger_first(uint64_t x, uint64_t y)
{
	return x > y ? -1 : x < y;
}

static inline int vr_smaller_first(uint64_t x, uint64_t y)
{
	return x < y ? -1 : x > y;
}

#endif
