#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "pictures/pictures.h"

/* "decode, path=a, thread main: 1,000 spans" */
static char *title_of(const struct vr_context *ctx, const struct vr_span_sum *span,
		      enum vr_spans_by by)
{
	char count[VR_UNIT_MAX], *title = vr_xstrdup(vr_span_name(span));

	if (span->label && *span->label)
		title = vr_xappend(title, ", %s", span->label);
	for (char *at = title; *at; at++)
		if (*at == '\n')
			*at = ' ';
	if (by == VR_SPANS_BY_THREAD)
		title =
		    vr_xappend(title, ", thread %s", ctx->profile->file->thread[span->thread].name);
	return vr_xappend(title, ": %s span%s", vr_format_count(count, span->sum.count),
			  vr_plural(span->sum.count));
}

int vr_picture_spans(struct vr_context *ctx, const struct vr_spans *spans, enum vr_spans_by by,
		     const size_t *order, size_t most)
{
	size_t count = spans->n_spans < most ? spans->n_spans : most;
	struct vr_latency *of = vr_xcalloc(count + 1, sizeof(*of));
	int ret;

	for (size_t i = 0; i < count; i++) {
		const struct vr_span_sum *span = &spans->span[order[i]];

		of[i] = (struct vr_latency){.title = title_of(ctx, span, by),
					    .unit = "spans",
					    .empty = "none has ended",
					    .histogram = &span->histogram,
					    .took = span->took};
	}
	ret = vr_picture_latency(ctx, of, count, "no span was seen", "How long spans took");
	for (size_t i = 0; i < count; i++)
		free(of[i].title);
	free(of);
	return ret;
}
