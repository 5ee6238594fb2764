/* The parts of `loop`. */
#ifndef VR_VERB_LOOP_H
#define VR_VERB_LOOP_H

#include "model/loops.h"
#include "text/context.h"

/* Loops in an order. */
struct vr_loop_list {
	struct vr_loops *loops;
	const size_t *order;
	size_t count; /* that are printed */
};

/* fields.c: a row for each loop, as a table or CSV; all of it as JSON */
void vr_loop_rows(struct vr_context *ctx, const struct vr_loop_list *list);
json_t *vr_loop_json(struct vr_context *ctx, const struct vr_loop_list *list);
/* details.c: what is known of each loop besides, a paragraph each */
void vr_loop_details(struct vr_context *ctx, const struct vr_loop_list *list);
/* stalls.c: their causes, and the longest of them; as JSON those of `loop` (NULL: of none) */
void vr_loop_stalls(struct vr_context *ctx, const struct vr_loops *loops);
json_t *vr_loop_stalls_json(struct vr_context *ctx, const struct vr_loops *loops,
			    const struct vr_loop *loop);

#endif
