/* The possible deadlocks of `locks`. */
#ifndef VR_DEADLOCKS_H
#define VR_DEADLOCKS_H

#include "model/lock_order.h"
#include "text/context.h"
#include "text/json.h"

/* Before any file is opened.  Returns 0, or VR_EXIT_USAGE after a line on stderr. */
int vr_deadlocks_begin(struct vr_context *ctx);

/* For people, among others: nothing where there is none. */
void vr_deadlocks_print(struct vr_context *ctx, const struct vr_cycles *cycles);
json_t *vr_deadlocks_json(struct vr_context *ctx, const struct vr_cycles *cycles);

/* Those alone, in the context's format; of CSV a row for each thread of each. */
void vr_deadlocks_alone(struct vr_context *ctx, const struct vr_cycles *cycles);

/* What makes the list less than it could be. */
void vr_deadlocks_warn(const struct vr_context *ctx, const struct vr_cycles *cycles);

#endif
