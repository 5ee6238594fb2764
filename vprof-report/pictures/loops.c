#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "pictures/pictures.h"
#include "text/loops.h"

#define NAME_ROOM 60

static char *title_of(struct vr_context *ctx, const struct vr_loop *loop)
{
	const struct vr_file *file = ctx->profile->file;
	char *name = vr_loop_text(ctx->profile, loop, NAME_ROOM);
	char count[VR_UNIT_MAX], stalls[VR_UNIT_MAX];
	char *title = vr_xprintf(
	    "%s, %s, thread %s: %s iteration%s, %s stall%s", name,
	    vr_file_string(file, loop->row->name), file->thread[loop->row->thread].name,
	    vr_format_count(count, loop->row->iterations), vr_plural(loop->row->iterations),
	    vr_format_count(stalls, loop->row->stalls), vr_plural(loop->row->stalls));

	free(name);
	return title;
}

int vr_picture_loops(struct vr_context *ctx, const struct vr_loops *loops, const size_t *order,
		     size_t most)
{
	size_t count = loops->n_loops < most ? loops->n_loops : most;
	struct vr_latency *of = vr_xcalloc(count + 1, sizeof(*of));
	int ret;

	for (size_t i = 0; i < count; i++) {
		const struct vr_loop *loop = &loops->loop[order[i]];

		of[i] = (struct vr_latency){
		    .title = title_of(ctx, loop),
		    .unit = "iterations",
		    .empty = "no iteration ended",
		    .histogram = &loop->iteration,
		    .took = loop->took,
		    .stall_ns = loop->row->stalls ? ctx->profile->file->header.stall_ns : 0};
	}
	ret = vr_picture_latency(ctx, of, count, "no event loop was seen",
				 "Iterations of event loops");
	for (size_t i = 0; i < count; i++)
		free(of[i].title);
	free(of);
	return ret;
}
