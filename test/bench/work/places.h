/* How often each address was met, and which file it belongs to. */
#ifndef PLACES_H
#define PLACES_H

#include "bench.h"

#include <sys/types.h>

#define PLACES (1u << 18)

struct place {
	uint64_t address, count;
};

static struct place place[PLACES];

static inline void place_count(uint64_t address)
{
	size_t at = address * 0x9e3779b97f4a7c15u >> 46;

	while (place[at].count && place[at].address != address)
		at = (at + 1) % PLACES;
	place[at].address = address;
	place[at].count++;
}

/* Writes "FILE OFFSET COUNT" for the places of a mapping, and forgets them. */
static inline void place_write_mapping(FILE *out, const char *name, uint64_t from, uint64_t to,
				       uint64_t offset)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (!place[i].count || place[i].address < from || place[i].address >= to)
			continue;
		fprintf(out, "%s %#lx %lu\n", name,
			(unsigned long)(place[i].address - from + offset),
			(unsigned long)place[i].count);
		place[i].count = 0;
	}
}

/* While `pid` still lives: all places by its mappings.  Returns 0 or -1. */
static inline int place_write(const char *path, pid_t pid)
{
	char line[4096], name[4096], maps[64];
	unsigned long from, to, offset;
	FILE *out = fopen(path, "w"), *in;

	snprintf(maps, sizeof(maps), "/proc/%d/maps", (int)pid);
	in = fopen(maps, "r");
	while (in && out && fgets(line, sizeof(line), in)) {
		int got = sscanf(line, "%lx-%lx %*s %lx %*s %*s %4095s", &from, &to, &offset, name);

		if (got >= 3)
			place_write_mapping(out, got == 4 ? name : "[none]", from, to, offset);
	}
	if (in)
		fclose(in);
	return out && fclose(out) == 0 && in ? 0 : -1;
}

#endif
