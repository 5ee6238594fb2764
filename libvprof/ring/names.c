#include "ring/names.h"
#include "ring/tables.h"

#include <string.h>

#define NAMES 256u /* power of two */

static struct {
	uint64_t hash; /* 0: free */
	uint32_t id;
} name[NAMES];

int vp_names_init(void)
{
	memset(name, 0, sizeof(name));
	return 0;
}

/* FNV-1a */
static uint64_t hash_of(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
	return hash | 1;
}

uint32_t vp_name_id(const char *text, size_t len)
{
	uint64_t hash = hash_of(text, len);
	size_t at = (hash >> 32) % NAMES;

	if (!len)
		return VPROF_NONE;
	if (name[at].hash != hash) {
		uint32_t id = vp_string_add(text, len);

		if (id == VPROF_NONE)
			return id;
		name[at].hash = hash;
		name[at].id = id;
	}
	return name[at].id;
}
