/* leaks as a gate: what fails a build, what does not, and why. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/plain.h"
#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
#include "output/out.h"
#include "text/budgets.h"
#include "text/leaks.h"
#include "text/names.h"
#include "text/notes.h"
#include "verbs/leaks/leaks.h"

/* Leaks that are listed one by one; the others are counted. */
#define LISTED 10u

static void copy_list(struct vr_suppressions *to, const struct vr_suppressions *from)
{
	for (size_t i = 0; i < from->count; i++)
		vr_suppressions_add(to, from->one[i].pattern, strlen(from->one[i].pattern),
				    from->one[i].source);
}

static void allow(struct vr_context *ctx, const struct vr_leaks_plan *plan, struct vr_leak *leak)
{
	const struct vr_suppression *by;

	if (leak->excuse || !(vr_verdicts_leak(1) & 1u << leak->verdict))
		return;
	by = vr_suppressions_find(&plan->allow, ctx->profile->stacks, leak->node);
	if (!by && !(plan->allowed & 1u << leak->verdict))
		return;
	leak->excuse = VR_EXCUSE_ALLOWED;
	leak->pattern = by ? by->pattern : NULL;
}

/* What the program itself would have told LeakSanitizer. */
static void add_own_list(struct vr_context *ctx, struct vr_suppressions *list)
{
	const struct vr_file *file = ctx->profile->file;
	uint32_t id = file->header.lsan_suppressions;
	struct vr_err err;

	if (id && vr_suppressions_parse(list, vr_file_string(file, id), "the program", &err) < 0)
		vr_note(ctx, "its suppressions are not all used: %s", err.text);
}

void vr_leaks_excuse(struct vr_context *ctx, struct vr_leaks_view *view)
{
	add_own_list(ctx, &view->suppress);
	copy_list(&view->suppress, &view->plan->suppress);
	vr_leaks_suppress(view->leaks, ctx->profile->stacks, &view->suppress);
	for (size_t i = 0; i < view->leaks->n_leaks; i++)
		allow(ctx, view->plan, &view->leaks->leak[i]);
	if (view->plan->baseline)
		view->gate.by_object =
		    vr_baseline_compare(view->plan->baseline, ctx->profile->stacks, view->leaks);
}

__attribute__((format(printf, 3, 4))) static void fail(struct vr_gate *gate, int status,
						       const char *format, ...)
{
	struct vr_gate_failure *failure;
	va_list args;
	char *raw, *text;

	va_start(args, format);
	if (vasprintf(&raw, format, args) < 0)
		abort();
	va_end(args);
	text = vr_text_escape(raw); /* names are in it, and lines are made of it */
	free(raw);
	gate->failure =
	    vr_xgrow(gate->failure, gate->failures, &gate->room, sizeof(*gate->failure));
	failure = &gate->failure[gate->failures++];
	*failure = (struct vr_gate_failure){.status = status, .text = text};
	/* A leak is a leak, whatever else could not be judged. */
	if (!gate->status || gate->status == VR_EXIT_INPUT ||
	    (status != VR_EXIT_INPUT && status < gate->status))
		gate->status = status;
}

/* Where nobody looked, nobody may pass; what became another program is judged by
 * the record of that one, if there is any (vr_leaks_last_word). */
static void judge_gap(struct vr_context *ctx, struct vr_leaks_view *view)
{
	const struct vr_file *gap_of =
	    view->leaks->gap_member ? view->leaks->gap_member : ctx->profile->file;
	char *why;

	if (vr_leaks_gap(view->leaks) == VR_GAP_NONE) {
		view->plan->judged++;
		return;
	}
	if (view->plan->allowed & 1u << VR_UNEXAMINED) {
		view->plan->judged++;
		view->gate.unexamined = 1;
		return;
	}
	why = vr_leaks_gap_text(ctx->profile, view->leaks);
	if (gap_of->status == VR_STATUS_EXECED) {
		free(view->plan->excused);
		view->plan->excused = why;
		return;
	}
	fail(&view->gate, VR_EXIT_INPUT, "not examined: %s", why);
	free(why);
}

int vr_leaks_last_word(struct vr_context *ctx)
{
	const struct vr_leaks_plan *plan = ctx->plan;
	int status = plan ? vr_budgets_last_word(&plan->budgets) : VR_EXIT_OK;

	if (!plan || !plan->excused || plan->judged)
		return status;
	vr_warn("gate: not passed: nothing was examined: %s", plan->excused);
	return VR_EXIT_INPUT;
}

/* A gate that saw nothing must not pass. */
static void judge_examined(struct vr_context *ctx, struct vr_leaks_view *view)
{
	const struct vr_leaks *leaks = view->leaks;
	const struct vr_file *file = ctx->profile->file;
	struct vr_gate *gate = &view->gate;
	int blind =
	    (file->header.flags & VPROF_F_OWN_MALLOC) || file->header.heap_mode == VPROF_HEAP_OFF;

	if (blind || (!leaks->allocs && !(file->header.flags & VPROF_F_FORKED)))
		fail(gate, VR_EXIT_INPUT, "nothing was seen to judge: %s",
		     blind ? vr_leaks_no_search(file) ? vr_leaks_no_search(file)
						      : "the program defines malloc itself"
			   : "no allocation was recorded");
	else if (view->plan->gate || view->plan->baseline)
		judge_gap(ctx, view);
	if (!view->plan->baseline)
		return;
	if (leaks->searched && !vr_baseline_searched(view->plan->baseline))
		fail(gate, VR_EXIT_INPUT,
		     "the baseline was not searched for lost blocks: it cannot tell which are new");
}

static void judge_leaks(struct vr_context *ctx, struct vr_leaks_view *view)
{
	size_t listed = 0, count = 0;

	for (size_t i = 0; i < view->leaks->n_leaks; i++) {
		const struct vr_leak *leak = &view->leaks->leak[i];
		char *title, *site;

		view->gate.suppressed += leak->excuse == VR_EXCUSE_SUPPRESSED;
		view->gate.allowed += leak->excuse == VR_EXCUSE_ALLOWED;
		view->gate.known += leak->excuse == VR_EXCUSE_KNOWN;
		if (leak->excuse || !vr_leak_counts(leak, view->plan->strict) ||
		    (!view->plan->gate && !view->plan->baseline))
			continue;
		if (count++ && listed == LISTED)
			continue;
		listed++;
		title = vr_leak_title(leak);
		site = vr_caption_short(
		    ctx->profile,
		    vr_responsible_caption(ctx->profile->stacks, leak->node, ctx->strip_dirs),
		    VR_PROSE_ROOM);
		if (view->plan->baseline)
			fail(&view->gate, VR_EXIT_REGRESSION, "%s: %s, allocated by %s",
			     leak->change == VR_CHANGE_MORE ? "more than in the baseline"
							    : "new since the baseline",
			     title, site);
		else
			fail(&view->gate, VR_EXIT_LEAK, "%s, allocated by %s", title, site);
		free(site);
		free(title);
	}
	if (count > listed)
		fail(&view->gate, view->plan->baseline ? VR_EXIT_REGRESSION : VR_EXIT_LEAK,
		     "and %zu more site%s", count - listed, vr_plural(count - listed));
}

static void judge_budget(struct vr_context *ctx, struct vr_leaks_view *view, size_t which)
{
	struct vr_budgets *budgets = &view->plan->budgets;
	const struct vr_budget *budget = &budgets->budget[which];
	struct vr_answer answer = vr_budget_judge(budget, ctx->profile, view->heap, view->leaks);
	int status = vr_budgets_note(ctx, budgets, which, &answer);
	char *line = vr_budget_line(budget, &answer);

	if (status) {
		fail(&view->gate, status, "%s", line);
		if (status == VR_EXIT_BUDGET)
			view->gate.failure[view->gate.failures - 1].more =
			    vr_budget_culprits(ctx, budget, &answer);
	}
	free(line);
	vr_answer_free(&answer);
}

void vr_leaks_judge(struct vr_context *ctx, struct vr_leaks_view *view)
{
	struct vr_gate *gate = &view->gate;

	gate->asked = view->plan->gate || view->plan->budgets.count || view->plan->baseline;
	if (gate->asked)
		judge_examined(ctx, view);
	judge_leaks(ctx, view);
	for (size_t i = 0; i < view->plan->budgets.count; i++)
		judge_budget(ctx, view, i);
}

void vr_gate_free(struct vr_gate *gate)
{
	for (size_t i = 0; i < gate->failures; i++) {
		free(gate->failure[i].text);
		free(gate->failure[i].more);
	}
	free(gate->failure);
}

/* What it rests on is set in below it. */
static char *append_failure(char *text, const struct vr_gate_failure *failure)
{
	text = vr_xappend(text, "  %s\n", failure->text);
	for (const char *line = failure->more; line && *line;) {
		size_t length = strcspn(line, "\n");

		text = vr_xappend(text, "  %.*s\n", (int)length, line);
		line += length + (line[length] == '\n');
	}
	return text;
}

char *vr_gate_text(const struct vr_leaks_view *view)
{
	const struct vr_gate *gate = &view->gate;
	char *text = vr_xstrdup("");

	if (view->suppress.count && gate->suppressed) {
		text = vr_xappend(text, "Suppressions used:\n");
		for (size_t i = 0; i < view->suppress.count; i++) {
			const struct vr_suppression *one = &view->suppress.one[i];
			char a[VR_UNIT_MAX], b[VR_UNIT_MAX];

			char *pattern, *source;

			if (!one->sites)
				continue;
			pattern = vr_text_escape(one->pattern);
			source = vr_text_escape(one->source);
			text = vr_xappend(text, "  %s in %s block%s, leak:%s (%s)\n",
					  vr_format_bytes(a, one->bytes),
					  vr_format_count(b, one->blocks), vr_plural(one->blocks),
					  pattern, source);
			free(pattern);
			free(source);
		}
	}
	if (!gate->asked)
		return text;
	if (!gate->status)
		text = vr_xappend(text, "Gate: passed");
	else
		text = vr_xappend(text, "Gate: not passed, status %d", gate->status);
	if (gate->unexamined)
		text = vr_xappend(text, "; that it was not examined is allowed");
	if (gate->allowed)
		text = vr_xappend(text, "; %zu leaking site%s allowed", gate->allowed,
				  vr_plural(gate->allowed));
	if (gate->known)
		text = vr_xappend(text, "; %zu no worse than in the baseline", gate->known);
	if (gate->by_object)
		text =
		    vr_xappend(text,
			       "; %zu compared by object only, as the program of the baseline is "
			       "gone: keep what leaks --format json prints",
			       gate->by_object);
	text = vr_xappend(text, "\n");
	for (size_t i = 0; i < gate->failures; i++)
		text = append_failure(text, &gate->failure[i]);
	return text;
}

/* What ends a pattern or a line cannot be in one; what is harmful shall not be in a file
 * that people read. */
static void blank_out(char *pattern)
{
	while (*pattern) {
		uint32_t code = 0;
		size_t bytes = vr_plain_decode(pattern, &code);
		size_t step = bytes ? bytes : 1;

		if (!bytes || *pattern == '$' || vr_plain_is_harmful(code) ||
		    strncmp(pattern, "##", 2) == 0)
			memset(pattern, '*', step);
		pattern += step;
	}
}

void vr_leaks_write_suppressions(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	FILE *out = view->plan->write_to;
	struct vr_stacks *stacks = ctx->profile->stacks;

	for (size_t i = 0; out && i < view->leaks->n_leaks; i++) {
		const struct vr_leak *leak = &view->leaks->leak[view->order[i]];
		const struct vr_place *place = vr_responsible_frame(stacks, leak->node);
		char *title, *site, *pattern;

		if (leak->excuse || !place || !vr_leak_counts(leak, view->plan->strict))
			continue;
		title = vr_leak_title(leak);
		site = vr_responsible_text(ctx->profile->stacks, leak->node, ctx->strip_dirs);
		pattern = vr_xstrdup(vr_place_function(stacks, place)->name);
		blank_out(pattern);
		fprintf(out, "# %s, allocated by ", title);
		vr_text_print(out, site);
		fprintf(out, "\nleak:^%s$\n", pattern);
		free(pattern);
		free(site);
		free(title);
	}
}
