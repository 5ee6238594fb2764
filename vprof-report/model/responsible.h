/* Which frame of a stack is to blame. */
#ifndef VR_RESPONSIBLE_H
#define VR_RESPONSIBLE_H

#include "model/stacks.h"

/* The responsible frame of an allocation or a wait: the innermost one that is not an
 * allocator, a wrapper of one (operator new, g_malloc, strdup) or a container's inside.
 * The innermost frame when all are; NULL for a stack without any. */
const struct vr_place *vr_responsible_frame(struct vr_stacks *stacks, uint32_t node);

/* 1 for a function that allocates or locks for others: its callers are asked. */
int vr_is_wrapper(const char *name);

#endif
