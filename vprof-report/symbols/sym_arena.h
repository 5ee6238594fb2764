/* Memory that is given back all at once.  Single thread. */
#ifndef VR_SYM_ARENA_H
#define VR_SYM_ARENA_H

#include <stddef.h>

struct vr_arena_chunk;

/* Zeroed: an empty arena. */
struct vr_arena {
	struct vr_arena_chunk *head;
};

/* Returns `bytes` bytes aligned to 16, not initialised, or NULL when memory
 * ran out.  They live until vr_arena_free(). */
void *vr_arena_alloc(struct vr_arena *arena, size_t bytes);

/* Copies text[0..length) and adds a terminator.  NULL when memory ran out. */
char *vr_arena_text(struct vr_arena *arena, const char *text, size_t length);

/* Frees everything; the arena is empty afterwards. */
void vr_arena_free(struct vr_arena *arena);

#endif
