/* The parts of the command leaks. */
#ifndef VR_CMD_LEAKS_H
#define VR_CMD_LEAKS_H

#include "commands/command.h"
#include "model/leaks.h"

/* What the options ask for, read once for all files. */
struct vr_leaks_plan {
	unsigned verdicts; /* bit 1 << enum vr_verdict; 0: not asked */
	int strict;
};

/* One file with the rows that are to be printed. */
struct vr_leaks_view {
	const struct vr_leaks_plan *plan;
	const struct vr_heap *heap;
	const struct vr_leaks *leaks;
	const struct vr_leak **row; /* of the chosen verdicts, in order */
	size_t rows;
	enum vr_leak_answer answer;
};

void vr_leaks_print_text(struct vr_context *ctx, const struct vr_leaks_view *view);
void vr_leaks_print_csv(struct vr_context *ctx, const struct vr_leaks_view *view);
json_t *vr_leaks_json(struct vr_context *ctx, const struct vr_leaks_view *view);

/* "load (book.c:12)": who asked for the memory, or what collects such stacks;
 * free() it. */
char *vr_leak_site(struct vr_context *ctx, const struct vr_leak *leak);

/* What was examined and what was not, one sentence a line; free() it. */
char *vr_leaks_examined(const struct vr_profile *profile, const struct vr_leaks *leaks);
/* The verdict in one line: "leak: 1000 B lost in 10 blocks ..."; free() it. */
char *vr_leaks_line(const struct vr_leaks *leaks, int strict);

#endif
