/* Bump allocation in chunks: frames and names die together, with the struct vr_sym. */
#include "symbols/sym_arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 65536u
#define ALIGNMENT   16u

struct vr_arena_chunk {
	struct vr_arena_chunk *next;
	size_t used, size;
	_Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct vr_arena_chunk *add_chunk(struct vr_arena *arena, size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct vr_arena_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->used = 0;
	chunk->size = size;
	chunk->next = arena->head;
	arena->head = chunk;
	return chunk;
}

void *vr_arena_alloc(struct vr_arena *arena, size_t bytes)
{
	struct vr_arena_chunk *chunk = arena->head;
	void *room;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (!chunk || chunk->size - chunk->used < bytes)
		chunk = add_chunk(arena, bytes);
	if (!chunk)
		return NULL;
	room = chunk->bytes + chunk->used;
	chunk->used += bytes;
	return room;
}

char *vr_arena_text(struct vr_arena *arena, const char *text, size_t length)
{
	char *copy = vr_arena_alloc(arena, length + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

void vr_arena_free(struct vr_arena *arena)
{
	struct vr_arena_chunk *chunk = arena->head;

	while (chunk) {
		struct vr_arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	arena->head = NULL;
}
