#include "base/symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Objects that are searched before libc; with more of them dlsym is asked. */
#define MOST_OBJECTS 16u
#define HIDDEN	     0x8000u /* of a version: not the one that a new program gets */

struct object {
	uintptr_t base;
	const uint32_t *hash; /* of DT_GNU_HASH */
	const ElfW(Sym) * symbol;
	const char *string;
	const ElfW(Half) * version; /* NULL: it has none */
};
static struct object objects[MOST_OBJECTS]; /* the last is libc */
static uint32_t count;

/* The loader has made most of these addresses, but not in objects that it may not write to. */
static const void *at(const struct link_map *map, ElfW(Addr) address)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
	return (const void *)(address < map->l_addr ? address + map->l_addr : address);
}

static int read_object(const struct link_map *map, struct object *out)
{
	*out = (struct object){.base = map->l_addr};
	for (const ElfW(Dyn) *entry = map->l_ld; entry && entry->d_tag != DT_NULL; entry++) {
		switch (entry->d_tag) {
		case DT_GNU_HASH:
			out->hash = at(map, entry->d_un.d_ptr);
			break;
		case DT_SYMTAB:
			out->symbol = at(map, entry->d_un.d_ptr);
			break;
		case DT_STRTAB:
			out->string = at(map, entry->d_un.d_ptr);
			break;
		case DT_VERSYM:
			out->version = at(map, entry->d_un.d_ptr);
			break;
		default:
			break;
		}
	}
	return out->hash && out->symbol && out->string;
}

static int is_libc(const struct link_map *map)
{
	static const char name[] = "/libc.so.6";
	size_t len = strlen(map->l_name);

	return len >= sizeof(name) - 1 && !strcmp(map->l_name + len - (sizeof(name) - 1), name);
}

void vp_symbols_begin(void)
{
	struct dl_find_object ours;
	const struct link_map *map;

	count = 0;
	if (_dl_find_object((void *)(uintptr_t)vp_symbols_begin, &ours) != 0)
		return;
	for (map = ours.dlfo_link_map->l_next; map && count < MOST_OBJECTS; map = map->l_next) {
		if (!read_object(map, &objects[count]))
			break;
		count++;
		if (is_libc(map))
			return;
	}
	count = 0;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	while (*name)
		hash = hash * 33 + (unsigned char)*name++;
	return hash;
}

/* The definition that a program without versions gets; NULL. */
static const ElfW(Sym) * find(const struct object *object, const char *name, uint32_t hash)
{
	const uint32_t buckets = object->hash[0], first = object->hash[1], words = object->hash[2];
	const uint64_t *bloom = (const uint64_t *)(object->hash + 4);
	const uint32_t *bucket = (const uint32_t *)(bloom + words), *chain = bucket + buckets;
	uint64_t word = bloom[hash / 64 % words];
	uint32_t i;

	if (!(word >> hash % 64 & word >> (hash >> object->hash[3]) % 64 & 1))
		return NULL;
	for (i = bucket[hash % buckets]; i >= first; i++) {
		const ElfW(Sym) *symbol = &object->symbol[i];

		if ((chain[i - first] | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
		    !(object->version && object->version[i] & HIDDEN) &&
		    !strcmp(object->string + symbol->st_name, name))
			return symbol;
		if (chain[i - first] & 1)
			break;
	}
	return NULL;
}

void *vp_symbols_next(const char *name)
{
	const uint32_t hash = hash_of(name);
	const ElfW(Sym) * symbol;

	for (uint32_t i = 0; i < count; i++) {
		symbol = find(&objects[i], name, hash);
		if (!symbol)
			continue;
		/* Another library's, or one that chooses its code when it is asked for. */
		if (i + 1 < count || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC)
			return NULL;
		/* NOLINTNEXTLINE(performance-no-int-to-ptr) */
		return (void *)(objects[i].base + symbol->st_value);
	}
	return NULL;
}
