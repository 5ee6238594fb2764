/* What stands out in a run, as summary prints it. */
#ifndef VR_VERB_FINDINGS_H
#define VR_VERB_FINDINGS_H

#include "findings/rules.h"
#include "text/context.h"

/* Numbered, each with the command to type next. */
void vr_print_findings(struct vr_context *ctx, const struct vr_seen *seen);
/* What was among why it was slow: it need not be said again. */
#define VR_SAID_LOCKS 1u
#define VR_SAID_SPANS 2u
/* Why it was slow, behind a title; nothing where it was not.  Returns VR_SAID_*. */
unsigned vr_print_slow(struct vr_context *ctx, const struct vr_seen *seen, const char *title);
/* An array of objects with rule, text and command. */
json_t *vr_findings_json(const struct vr_seen *seen);
json_t *vr_slow_json(const struct vr_seen *seen);

#endif
