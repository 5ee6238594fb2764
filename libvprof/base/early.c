#include "base/early.h"

#include <stdint.h>

#define EARLY_ALIGN 16u /* what malloc promises on x86-64 */

_Alignas(4096) unsigned char vp_early_heap[VP_EARLY_BYTES];
static size_t early_used;

/* Each block is preceded by its size in an EARLY_ALIGN-sized cell. */
void *vp_early_alloc(size_t align, size_t size)
{
	size_t old = __atomic_load_n(&early_used, __ATOMIC_RELAXED);
	size_t start, end;

	if (align < EARLY_ALIGN)
		align = EARLY_ALIGN;
	if (align > 4096 || size > VP_EARLY_BYTES)
		return NULL;
	do {
		start = (old + EARLY_ALIGN + align - 1) & ~(align - 1);
		end = (start + size + EARLY_ALIGN - 1) & ~(size_t)(EARLY_ALIGN - 1);
		if (end > VP_EARLY_BYTES)
			return NULL;
	} while (!__atomic_compare_exchange_n(&early_used, &old, end, 0, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	*(size_t *)(void *)(vp_early_heap + start - sizeof(size_t)) = size;
	return vp_early_heap + start;
}

size_t vp_early_size(const void *ptr)
{
	return ((const size_t *)ptr)[-1];
}

void vp_early_range(uint64_t *lo, uint64_t *hi)
{
	*lo = (uint64_t)(uintptr_t)vp_early_heap;
	*hi = *lo + __atomic_load_n(&early_used, __ATOMIC_RELAXED);
}
