/* "What to look at first": what stands out in a run, with the command that shows more. */
#ifndef VR_FINDINGS_H
#define VR_FINDINGS_H

#include "findings/rules.h"

#define VR_FINDINGS_MAX 3

struct vr_finding {
	const char *rule; /* its name */
	char *text;	  /* what was seen, and what to try, in one line */
	char *command;	  /* what to type next */
};

/* Fills at most VR_FINDINGS_MAX findings, the weightiest first, for
 * vr_findings_free(); returns how many. */
size_t vr_findings_find(const struct vr_seen *seen, struct vr_finding out[VR_FINDINGS_MAX]);
/* Why it was slow, in the same way; 0 where nothing was. */
size_t vr_slow_find(const struct vr_seen *seen, struct vr_finding out[VR_FINDINGS_MAX]);
void vr_findings_free(struct vr_finding *finding, size_t count);

#endif
