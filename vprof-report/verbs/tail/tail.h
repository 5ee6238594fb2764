/* `loop --tail` and `spans --tail`: what slow ones have in common. */
#ifndef VR_VERB_TAIL_H
#define VR_VERB_TAIL_H

#include "model/tail_units.h"
#include "text/context.h"

/* What the units are of: loops, or names of spans. */
struct vr_tail_list {
	const struct vr_loops *loops; /* NULL: spans */
	const struct vr_spans *spans;
	const size_t *order;
	size_t count, all;
};

/* 1: the user has asked for it. */
int vr_tail_is_asked(const struct vr_context *ctx);
/* Prints it, or makes ctx->json.  Returns 0 or VR_EXIT_*. */
int vr_tail_print(struct vr_context *ctx, const struct vr_tail_list *list);

/* fields.c: accounts as CSV, a line for each part of each unit; all of it as JSON */
struct vr_sheet;
struct vr_sheet *vr_tail_sheet(struct vr_context *ctx, int of_spans);
void vr_tail_sheet_add(struct vr_sheet *sheet, const struct vr_tail *tail);
json_t *vr_tail_json(struct vr_context *ctx, const struct vr_tail *tail);

#endif
