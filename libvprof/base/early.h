/* Memory for the moments before the next malloc is known: dlsym may
 * allocate while we ask it for malloc.  A static, bounded bump heap. */
#ifndef VP_BASE_EARLY_H
#define VP_BASE_EARLY_H

#include <stddef.h>
#include <stdint.h>

#define VP_EARLY_BYTES (64u << 10)
extern unsigned char vp_early_heap[VP_EARLY_BYTES] __attribute__((visibility("hidden")));

static inline int vp_early_owns(const void *ptr)
{
	return (uintptr_t)ptr - (uintptr_t)vp_early_heap < VP_EARLY_BYTES;
}

void *vp_early_alloc(size_t align, size_t size); /* zeroed; NULL when used up */
size_t vp_early_size(const void *ptr);
void vp_early_range(uint64_t *lo, uint64_t *hi); /* what was handed out lies there */

#endif
