/* The parts of `summary` that a label has, too. */
#ifndef VR_VERB_SUMMARY_H
#define VR_VERB_SUMMARY_H

#include "findings/rules.h"
#include "text/context.h"

#define VR_SUMMARY_SCREEN 100 /* columns of one screen where the width is not known */

void vr_summary_title(struct vr_context *ctx, const char *text);
/* The program, and how it ended. */
void vr_summary_run(struct vr_context *ctx);
/* seen->cpu and seen->work are there. */
void vr_summary_cpu(struct vr_context *ctx, const struct vr_seen *seen);
void vr_summary_heap(struct vr_context *ctx, const struct vr_heap *heap);

/* summary_label.c: `summary --label`, or its ctx->json. */
void vr_summary_of_label(struct vr_context *ctx);

#endif
