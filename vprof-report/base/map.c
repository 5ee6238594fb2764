#include "base/map.h"

#include <stdlib.h>

#include "cli/xalloc.h"

uint64_t vr_hash(uint64_t seed, uint64_t value)
{
	/* The finalizer of splitmix64: full avalanche in three steps. */
	uint64_t x = seed * 0x9e3779b97f4a7c15ull + value + 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

uint64_t vr_hash_text(uint64_t seed, const char *text)
{
	uint64_t hash = seed ^ 0xcbf29ce484222325ull;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
	return vr_hash(seed, hash);
}

/* The slot of the key, or the free slot where it belongs. */
static struct vr_map_slot *probe(const struct vr_map *map, uint64_t key)
{
	size_t mask = map->capacity - 1;
	size_t i = (size_t)vr_hash(1, key) & mask;

	while (map->slot[i].used && map->slot[i].key != key)
		i = (i + 1) & mask;
	return &map->slot[i];
}

static void grow(struct vr_map *map)
{
	struct vr_map bigger = {.capacity = map->capacity ? map->capacity * 2 : 256,
				.count = map->count};

	bigger.slot = vr_xcalloc(bigger.capacity, sizeof(*bigger.slot));
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slot[i].used)
			*probe(&bigger, map->slot[i].key) = map->slot[i];
	free(map->slot);
	*map = bigger;
}

uint32_t *vr_map_at(struct vr_map *map, uint64_t key, int *added)
{
	struct vr_map_slot *slot;

	if (map->count * 4 >= map->capacity * 3)
		grow(map);
	slot = probe(map, key);
	*added = !slot->used;
	if (!slot->used) {
		slot->used = 1;
		slot->key = key;
		map->count++;
	}
	return &slot->value;
}

uint32_t *vr_map_find(const struct vr_map *map, uint64_t key)
{
	struct vr_map_slot *slot;

	if (!map->capacity)
		return NULL;
	slot = probe(map, key);
	return slot->used ? &slot->value : NULL;
}

void vr_map_free(struct vr_map *map)
{
	free(map->slot);
	*map = (struct vr_map){0};
}
