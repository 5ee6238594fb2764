/* --png and --svg: what timeline, flat and leaks have to draw. */
#ifndef VR_PICTURES_H
#define VR_PICTURES_H

#include "model/cpu.h"
#include "model/leaks.h"
#include "model/memory.h"
#include "text/context.h"

/* Each draws into the files that --png and --svg name and says so on stdout.
 * Returns 0, or VR_EXIT_USAGE after one line about a file that cannot be
 * written. */
int vr_picture_timeline(struct vr_context *ctx, const struct vr_memory *memory,
			const struct vr_heap *heap);
/* `function` is in the order of the bars. */
int vr_picture_flat(struct vr_context *ctx, const struct vr_cpu *cpu,
		    const struct vr_cpu_function *function, size_t count);
int vr_picture_leaks(struct vr_context *ctx, const struct vr_leaks *leaks,
		     const struct vr_heap *heap);

/* --- write.c: shared ---------------------------------------------------- */

struct vr_chart;
/* Fills the subtitle, and "WHAT: PROGRAM" as title, and writes the files. */
int vr_picture_write(struct vr_context *ctx, struct vr_chart *chart, const char *what);

#endif
