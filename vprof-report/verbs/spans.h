/* Of the verb spans. */
#ifndef VR_VERB_SPANS_H
#define VR_VERB_SPANS_H

#include "model/spans.h"
#include "text/context.h"

/* A paragraph for each of the first `count` in that order. */
void vr_spans_words(struct vr_context *ctx, const struct vr_spans *spans, const size_t *order,
		    size_t count);

#endif
