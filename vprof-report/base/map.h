/* A hash map from 64-bit keys to 32-bit values: open addressing, never
 * shrinks, no deletion.  Any key is allowed. */
#ifndef VR_MAP_H
#define VR_MAP_H

#include <stddef.h>
#include <stdint.h>

struct vr_map_slot {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

/* All zero is an empty map. */
struct vr_map {
	struct vr_map_slot *slot;
	size_t capacity; /* power of two */
	size_t count;
};

/* Finds or adds the key.  Returns where its value is kept, valid until the
 * next call; *added is 1 when the value is new (and 0). */
uint32_t *vr_map_at(struct vr_map *map, uint64_t key, int *added);
/* The value's place, or NULL. */
uint32_t *vr_map_find(const struct vr_map *map, uint64_t key);
void vr_map_free(struct vr_map *map);

/* Mixes `value` into `seed`: for keys made of several parts. */
uint64_t vr_hash(uint64_t seed, uint64_t value);
uint64_t vr_hash_text(uint64_t seed, const char *text);

#endif
