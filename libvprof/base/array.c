#include "base/array.h"
#include "base/private_heap.h"

#include <string.h>

int vp_array_room(void **array, uint32_t used, uint32_t *room, uint32_t wanted, size_t size)
{
	uint32_t grown = *room ? *room : 64;
	void *more;

	if (wanted <= *room)
		return 1;
	while (grown < wanted)
		grown *= 2;
	more = vp_private_get(grown * size);
	if (!more)
		return 0;
	memset(more, 0, grown * size);
	if (used)
		memcpy(more, *array, used * size);
	vp_private_put(*array);
	*array = more;
	*room = grown;
	return 1;
}
