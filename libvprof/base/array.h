/* Arrays that grow, in the private heap. */
#ifndef VP_BASE_ARRAY_H
#define VP_BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Makes room for `wanted` elements.
 *   array  what it points to is moved, and what is new is zeroed
 *   used   elements to be kept
 *   room   [in, out] elements there is room for
 *   size   of an element, bytes
 * Returns 0 without memory: then all is as it was.  Context: one thread. */
int vp_array_room(void **array, uint32_t used, uint32_t *room, uint32_t wanted, size_t size);

#endif
