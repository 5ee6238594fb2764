/* L0  Memory for the moments before the next malloc is known: dlsym may
 * allocate while we ask it for malloc.  A static, bounded bump heap. */
#ifndef VP_EARLY_H
#define VP_EARLY_H

#include <stddef.h>
#include <stdint.h>

void *vp_early_alloc(size_t align, size_t size); /* zeroed; NULL when used up */
int vp_early_owns(const void *ptr);
size_t vp_early_size(const void *ptr);
void vp_early_range(uint64_t *lo, uint64_t *hi); /* what was handed out lies there */

#endif
