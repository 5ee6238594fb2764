/* --png and --svg: what timeline, flat, leaks, loop and spans have to draw. */
#ifndef VR_PICTURES_H
#define VR_PICTURES_H

#include "model/cpu.h"
#include "model/leaks.h"
#include "model/loops.h"
#include "model/memory.h"
#include "model/spans.h"
#include "text/context.h"

/* Before any file is opened: a picture is of one profile.  Returns 0, or VR_EXIT_USAGE after
 * a line on stderr. */
int vr_picture_begin(struct vr_context *ctx);

/* Each draws into the files that --png and --svg name and says so on stdout.
 * Returns 0, or VR_EXIT_USAGE after one line about a file that cannot be
 * written. */
int vr_picture_timeline(struct vr_context *ctx, const struct vr_memory *memory,
			const struct vr_growth *growth);
/* `function` is in the order of the bars, of which there are `most`. */
int vr_picture_flat(struct vr_context *ctx, const struct vr_cpu *cpu,
		    const struct vr_cpu_function *function, size_t count, size_t most);
/* order: indices of the leaks, in that of the bars. */
int vr_picture_leaks(struct vr_context *ctx, const struct vr_leaks *leaks, const size_t *order,
		     const struct vr_growth *growth);

/* order: indices of the loops, of which the first `most` are drawn. */
int vr_picture_loops(struct vr_context *ctx, const struct vr_loops *loops, const size_t *order,
		     size_t most);

/* The same of spans, as they are told apart `by`. */
int vr_picture_spans(struct vr_context *ctx, const struct vr_spans *spans, enum vr_spans_by by,
		     const size_t *order, size_t most);

/* --- latency.c: shared by loops and spans -------------------------------- */

struct vr_latency {
	char *title;
	const char *unit;  /* "iterations" */
	const char *empty; /* where there are none */
	const struct vr_histogram *histogram;
	const struct vr_quantile *took; /* by enum vr_loop_percentile */
	uint64_t stall_ns;		/* marked; 0: not */
};
/* A histogram for each of `count`; `none` is what it says without any. */
int vr_picture_latency(struct vr_context *ctx, const struct vr_latency *of, size_t count,
		       const char *none, const char *what);

/* --- write.c: shared ---------------------------------------------------- */

struct vr_chart;
/* Fills the subtitle, and "WHAT: PROGRAM" as title, and writes the files. */
int vr_picture_write(struct vr_context *ctx, struct vr_chart *chart, const char *what);

#endif
