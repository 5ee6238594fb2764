/* "What to look at first": findings of a run with the command that shows
 * more. */
#ifndef VR_FIRST_H
#define VR_FIRST_H

#include "commands/command.h"
#include "model/cpu.h"
#include "model/memory.h"

#define VR_FIRST_MAX 3

struct vr_finding {
	char *text;    /* what was seen, in one line */
	char *command; /* what to type next, "" where nothing helps */
};

/* What summary has read already, sorted by self time and by nothing. */
struct vr_first {
	struct vr_profile *profile;
	const struct vr_cpu *cpu;
	const struct vr_cpu_function *function; /* by self_ns, largest first */
	size_t functions;
	struct vr_heap *heap; /* its order is changed */
	const struct vr_memory *memory;
};

/* Fills at most VR_FIRST_MAX findings, the weightiest first; returns how
 * many.  Free text and command of each. */
size_t vr_first_find(const struct vr_first *first, struct vr_finding out[VR_FIRST_MAX]);

#endif
