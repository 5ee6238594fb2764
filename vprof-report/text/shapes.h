/* The shapes of memory in words and as JSON, for summary, timeline and the
 * pictures. */
#ifndef VR_SHAPES_H
#define VR_SHAPES_H

#include "model/memory.h"
#include "text/context.h"

#define VR_SHAPES_LINES 8u

/* What was found, in words. */
struct vr_shapes {
	char *line[VR_SHAPES_LINES];
	int alarm[VR_SHAPES_LINES]; /* 1: memory goes on rising */
	size_t count;
};
/* One line for each shape, or one that says that there is none or that the
 * run was too short; for vr_shapes_free(). */
struct vr_shapes vr_shapes_text(struct vr_profile *profile, const struct vr_memory *memory);
void vr_shapes_free(struct vr_shapes *shapes);

/* "shape" of docs/json.md. */
json_t *vr_shapes_json(struct vr_context *ctx, const struct vr_memory *memory);

#endif
