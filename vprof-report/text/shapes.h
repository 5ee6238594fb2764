/* The shapes of memory in words and as JSON, for summary, timeline and the
 * pictures. */
#ifndef VR_SHAPES_H
#define VR_SHAPES_H

#include "model/memory.h"
#include "text/context.h"

/* One line for each shape, or one that says that there is none or that the
 * run was too short.  free() each and the array; *count is how many. */
char **vr_shapes_text(struct vr_profile *profile, const struct vr_memory *memory, size_t *count);
void vr_shapes_free(char **text, size_t count);

/* "function (file:line) < caller" of the one who asked for the memory, in so many columns;
 * free() it. */
char *vr_shapes_site(const struct vr_profile *profile, uint32_t node, int room);

/* "shape" of docs/json.md. */
json_t *vr_shapes_json(struct vr_context *ctx, const struct vr_memory *memory);

#endif
