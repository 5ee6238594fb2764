/* The parts of `loop --tail`. */
#ifndef VR_VERB_LOOP_TAIL_H
#define VR_VERB_LOOP_TAIL_H

#include "model/tail_units.h"
#include "verbs/loop/loop.h"

/* tail_fields.c: accounts as CSV, a line for each part of each unit; all of it as JSON */
struct vr_sheet;
struct vr_sheet *vr_tail_sheet(struct vr_context *ctx);
void vr_tail_sheet_add(struct vr_sheet *sheet, const struct vr_tail *tail);
json_t *vr_tail_json(struct vr_context *ctx, const struct vr_tail *tail);

#endif
