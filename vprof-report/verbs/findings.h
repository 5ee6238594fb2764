/* What stands out in a run, as summary prints it. */
#ifndef VR_VERB_FINDINGS_H
#define VR_VERB_FINDINGS_H

#include "findings/rules.h"
#include "text/context.h"

/* Numbered, each with the command to type next. */
void vr_print_findings(struct vr_context *ctx, const struct vr_seen *seen);
/* An array of objects with rule, text and command. */
json_t *vr_findings_json(const struct vr_seen *seen);

#endif
