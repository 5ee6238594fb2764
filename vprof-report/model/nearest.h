/* Of many names the one that somebody may have meant who mistyped it. */
#ifndef VR_NEAREST_H
#define VR_NEAREST_H

#include <stddef.h>

struct vr_nearest {
	char *wanted, *found;
	size_t distance; /* of `found` */
};

/* Ends with vr_nearest_end(). */
void vr_nearest_begin(struct vr_nearest *near, const char *wanted, size_t length);
/* Keeps the name if it is nearer than those before. */
void vr_nearest_try(struct vr_nearest *near, const char *name);
/* The nearest of them, NULL where none is near: one letter in three may be wrong. */
const char *vr_nearest_found(const struct vr_nearest *near);
void vr_nearest_end(struct vr_nearest *near);

#endif
