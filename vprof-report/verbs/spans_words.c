/* Spans in words, one by one: the longest, what they worked on, what never ended. */
#include "verbs/spans.h"

#include <stdlib.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "input/file.h"
#include "text/names.h"
#include "text/print.h"

#define INDENT 6

static char *append_longest(struct vr_context *ctx, char *text, const struct vr_span_sum *span)
{
	const struct vprof_span *sum = &span->sum;
	const struct vprof_thread *thread = &ctx->profile->file->thread[sum->thread];
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], *place;

	text = vr_xappend(text, "the longest %s%s", span->window.at_least ? "that is kept " : "",
			  vr_format_ns(a, sum->max_ns));
	if (sum->max_at_ns)
		text = vr_xappend(text, " at %s", vr_format_ns(b, sum->max_at_ns));
	if (sum->thread)
		text = vr_xappend(text, ", thread %s",
				  thread->name[0] ? thread->name : "without a name");
	if (sum->size_at_max)
		text = vr_xappend(text, ", size %s", vr_format_count(a, sum->size_at_max));
	if (!*span->function.name)
		return text;
	place =
	    vr_caption_short(ctx->profile, vr_function_caption(&span->function, 1), VR_PROSE_ROOM);
	text = vr_xappend(text, ", %s", place);
	free(place);
	return text;
}

static void print_line(struct vr_context *ctx, char *text)
{
	fprintf(ctx->out, "%*s", INDENT, "");
	vr_print_wrapped(ctx, text, INDENT);
	free(text);
}

/* The time of one of what sizes count. */
static char *append_each(char *text, const struct vprof_span *sum)
{
	double each_ns = (double)sum->time_ns / (double)sum->size;
	char time[VR_UNIT_MAX];

	if (each_ns < 10)
		return vr_xappend(text, ", %.2g ns for each", each_ns);
	return vr_xappend(text, ", %s for each", vr_format_ns(time, (uint64_t)each_ns));
}

static void print_work(struct vr_context *ctx, const struct vprof_span *sum)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], d[VR_UNIT_MAX], *text;

	if (sum->size) {
		text = vr_xprintf("sizes from %s to %s, %s together",
				  vr_format_count(a, sum->size_min),
				  vr_format_count(b, sum->size_max), vr_format_count(c, sum->size));
		print_line(ctx, sum->sized == sum->count ? append_each(text, sum) : text);
	}
	if (sum->allocs && sum->count)
		print_line(ctx, vr_xprintf("%s allocation%s of %s in it, %.1f each time",
					   vr_format_count(a, sum->allocs), vr_plural(sum->allocs),
					   vr_format_bytes(d, sum->alloc_bytes),
					   (double)sum->allocs / (double)sum->count));
}

/* What did not go as it should. */
static void print_ends(struct vr_context *ctx, const struct vr_span_sum *span)
{
	const struct vprof_span *sum = &span->sum;
	char count[VR_UNIT_MAX], time[VR_UNIT_MAX];

	if (span->open)
		print_line(ctx, vr_xprintf(ctx->profile->file->status == VR_STATUS_RUNNING
					       ? "%s open now, the last since %s"
					       : "%s open when the record ended, the last since %s",
					   vr_format_count(count, span->open),
					   vr_format_ns(time, sum->since_ns)));
	if (sum->left)
		print_line(ctx, vr_xprintf(span->async
					       ? "%s never ended, or while nothing was recorded"
					       : "%s left without an end: an exception, a longjmp, "
						 "a missing vprof_span_end(), a pause",
					   vr_format_count(count, sum->left)));
	if (sum->deep)
		print_line(ctx, vr_xprintf("%s not recorded: too many were open within each other",
					   vr_format_count(count, sum->deep)));
	if (sum->flags & VPROF_SPAN_LABELS)
		print_line(ctx, vr_xstrdup("labels of some are not told apart: no room"));
}

/* Of a window: what is known of it, and what is not. */
static void print_window(struct vr_context *ctx, const struct vr_span_sum *span)
{
	const struct vr_span_window *window = &span->window;
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX], c[VR_UNIT_MAX], *text;

	if (!window->estimated)
		return;
	if (span->sum.count) {
		text = vr_xprintf("%s%s", window->off >= 0.5 ? "about " : "",
				  vr_format_count(a, span->sum.count));
		if (window->off >= 0.5)
			text = vr_xappend(text, " (%s more or less)",
					  vr_format_count(b, (uint64_t)(window->off + 0.5)));
		text = vr_xappend(text, " of the run's %s; of these %s are known one by one",
				  vr_format_count(b, window->of_run),
				  vr_format_count(c, window->kept));
		print_line(ctx, text);
	}
	if (window->unplaced)
		print_line(ctx,
			   vr_xprintf("of %s it is not known when they were: spans are kept whole "
				      "where a thread has 16 of a name, from then on",
				      vr_format_count(a, window->unplaced)));
}

void vr_spans_words(struct vr_context *ctx, const struct vr_spans *spans, const size_t *order,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct vr_span_sum *span = &spans->span[order[i]];
		char *text = vr_xprintf(
		    "%s%s%s%s", vr_span_name(span), span->label && *span->label ? ", " : "",
		    span->label ? span->label : "", span->async ? ", across threads" : "");
		char head[32];

		snprintf(head, sizeof(head), "#%zu", i + 1);
		for (char *at = text; *at; at++)
			if (*at == '\n')
				*at = ' ';
		if (span->sum.count || span->sum.max_ns)
			text = append_longest(ctx, vr_xappend(text, ": "), span);
		fprintf(ctx->out, "%-*s", INDENT, head);
		vr_print_wrapped(ctx, text, INDENT);
		free(text);
		print_window(ctx, span);
		if (span->window.estimated)
			continue;
		print_work(ctx, &span->sum);
		print_ends(ctx, span);
	}
}
