#include "symbols/sym_cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbols/sym_server.h"
#include "symbols/sym_shared.h"

struct vr_symcache_entry {
	uint64_t address;
	uint32_t owner;
	uint16_t exact;
	uint16_t count; /* 0: free slot */
	const struct vr_frame *frame;
};

static const struct vr_frame no_memory = {.function = "?", .linkage = "", .file = "", .module = ""};

struct vr_symcache *vr_symcache_new(int inlines)
{
	struct vr_symcache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->inlines = inlines;
	vr_search_init(&cache->search);
	return cache;
}

int vr_symcache_look(struct vr_symcache *cache, const char *directory, int debuginfod)
{
	if (!debuginfod)
		vr_server_forbid();
	return directory ? vr_search_directory(&cache->search, directory) : 0;
}

void vr_symcache_free(struct vr_symcache *cache)
{
	if (!cache)
		return;
	for (uint32_t i = 0; i < cache->objects; i++)
		vr_object_free(cache->object[i]);
	free(cache->object);
	free(cache->slot);
	vr_names_free(&cache->names);
	vr_kernel_free(&cache->kernel);
	vr_search_free(&cache->search);
	free(cache);
}

int64_t vr_symcache_object(struct vr_symcache *cache, const struct vr_sym_module *module)
{
	for (uint32_t i = 0; i < cache->objects; i++)
		if (vr_object_is(cache->object[i], module))
			return i;
	if (cache->objects == cache->room) {
		uint32_t room = cache->room ? 2 * cache->room : 16;
		struct vr_object **grown =
		    reallocarray(cache->object, room, sizeof(struct vr_object *));

		if (!grown)
			return -ENOMEM;
		cache->object = grown;
		cache->room = room;
	}
	cache->object[cache->objects] = vr_object_new(module);
	return cache->object[cache->objects] ? (int64_t)cache->objects++ : -ENOMEM;
}

static struct vr_symcache_entry *probe(struct vr_symcache_entry *slot, size_t slots, uint32_t owner,
				       uint64_t address, uint16_t exact)
{
	uint64_t hash =
	    (address ^ (uint64_t)owner << 48 ^ (uint64_t)exact << 47) * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(hash >> 20) & (slots - 1);

	while (slot[i].count &&
	       (slot[i].address != address || slot[i].owner != owner || slot[i].exact != exact))
		i = (i + 1) & (slots - 1);
	return &slot[i];
}

static int grow_slots(struct vr_symcache *cache)
{
	size_t slots = cache->slots ? cache->slots * 2 : 4096;
	struct vr_symcache_entry *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (size_t i = 0; i < cache->slots; i++) {
		const struct vr_symcache_entry *old = &cache->slot[i];

		if (old->count)
			*probe(slot, slots, old->owner, old->address, old->exact) = *old;
	}
	free(cache->slot);
	cache->slot = slot;
	cache->slots = slots;
	return 0;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* Returns 0 or -ENOMEM. */
static int fill(struct vr_symcache *cache, struct vr_symcache_entry *entry, vr_symcache_find *find,
		void *arg)
{
	struct vr_frame frame[VR_PLACES_MAX], *copy;
	size_t count;

	memset(frame, 0, sizeof(frame[0]));
	count = find(arg, entry->address, frame);
	copy = vr_arena_alloc(&cache->names.arena, count * sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		copy[i] = frame[i];
		copy[i].linkage = or_empty(frame[i].linkage);
		copy[i].file = or_empty(frame[i].file);
		copy[i].module = or_empty(frame[i].module);
	}
	entry->frame = copy;
	entry->count = (uint16_t)count;
	return 0;
}

struct vr_frames vr_symcache_frames(struct vr_symcache *cache, uint32_t owner, uint64_t address,
				    int exact, vr_symcache_find *find, void *arg)
{
	const struct vr_frames failed = {&no_memory, 1};
	struct vr_symcache_entry *entry;

	if (cache->used * 2 >= cache->slots && grow_slots(cache))
		return failed;
	entry = probe(cache->slot, cache->slots, owner, address, exact != 0);
	if (!entry->count) {
		entry->address = address;
		entry->owner = owner;
		entry->exact = exact != 0;
		if (fill(cache, entry, find, arg))
			return failed;
		cache->used++;
	}
	return (struct vr_frames){entry->frame, entry->count};
}

const char *vr_symcache_numbered(struct vr_symcache *cache, const char *base, const char *format,
				 uint64_t value)
{
	char text[64 + VR_BASE_SHOWN];

	snprintf(text, sizeof(text), format, base, (unsigned long long)value);
	return vr_names_keep(&cache->names, text);
}
