/* The other kinds of memory that `heap --kind` shows. */
#ifndef VR_HEAP_VERB_H
#define VR_HEAP_VERB_H

#include "text/context.h"

/* Memory that the program mapped itself, and what was resident.  As a verb's run(). */
int vr_heap_maps(struct vr_context *ctx);
int vr_heap_resident(struct vr_context *ctx);

#endif
