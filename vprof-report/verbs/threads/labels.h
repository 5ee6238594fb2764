/* `threads --label`: what each thread did under a label.  What its books tell is of no label. */
#ifndef VR_THREADS_LABELS_H
#define VR_THREADS_LABELS_H

#include "text/context.h"

/* Orders of the rows: those that a label has. */
enum vr_threads_label_key {
	VR_THREADS_LABEL_CPU,
	VR_THREADS_LABEL_TID,
	VR_THREADS_LABEL_NAME,
	VR_THREADS_LABEL_ALLOCS,
	VR_THREADS_LABEL_LIVE,
	VR_THREADS_LABEL_WAIT
};

/* Prints it, or makes ctx->json. */
void vr_threads_by_label(struct vr_context *ctx, enum vr_threads_label_key key);

#endif
