#include "text/budgets.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/responsible.h"
#include "text/lock_names.h"
#include "text/names.h"

#define SHOWN  3u  /* of those that made it so */
#define FRAMES 16u /* of the stack of each */
#define WINDOW 70u /* letters of a budget around the place that is wrong */

void vr_budget_complain(const struct vr_budget *budget, const struct vr_err *err)
{
	size_t length = strlen(budget->text), at = budget->error_at, from = 0;
	char *plain;

	vr_warn("%s", err->text);
	if (at > WINDOW / 2 && length > WINDOW)
		from = at - WINDOW / 2;
	plain = vr_xprintf("%.*s", (int)WINDOW, budget->text + from);
	for (char *c = plain; *c; c++) /* the mark below must stand under its place */
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '.';
	vr_warn("  %s", plain);
	vr_warn("  %*s^", (int)(at - from), "");
	free(plain);
}

char *vr_budget_values(const struct vr_budget *budget, const struct vr_answer *answer)
{
	char *text = vr_xstrdup("");

	for (size_t i = 0; i < answer->count; i++) {
		char value[48];

		vr_budget_value_text(&budget->condition[i], answer->found[i].low, value);
		text = vr_xappend(text, "%s%s", i ? " and " : "", value);
	}
	return text;
}

char *vr_budget_line(const struct vr_budget *budget, const struct vr_answer *answer)
{
	char *values, *line;

	if (answer->state == VR_BUDGET_UNKNOWN || answer->state == VR_BUDGET_UNSEEN)
		return vr_xprintf("budget %s cannot be judged: %s", budget->text,
				  answer->why ? answer->why : "that was not examined");
	values = vr_budget_values(budget, answer);
	line = vr_xprintf("budget %s: the run has %s", budget->text, values);
	free(values);
	return line;
}

/* What was counted, in its own unit. */
static char *amount_text(const struct vr_condition *c, const struct vr_culprit *culprit)
{
	char a[VR_UNIT_MAX], b[VR_UNIT_MAX];
	uint64_t value = culprit->value > 0 ? (uint64_t)culprit->value : 0;

	if (c->metric.in == VR_IN_BYTES)
		return vr_xstrdup(vr_format_bytes(a, c->verdicts ? culprit->bytes : value));
	if (c->metric.in == VR_IN_NS)
		return vr_xstrdup(vr_format_ns(a, value));
	if (c->metric.in == VR_IN_PERCENT)
		return vr_xprintf("%.1f %%", culprit->value);
	if (c->metric.subject == VR_OF_HEAP && culprit->bytes)
		return vr_xprintf("%s time%s, %s", vr_format_count(a, value), vr_plural(value),
				  vr_format_bytes(b, culprit->bytes));
	return vr_xprintf("%s time%s", vr_format_count(a, value), vr_plural(value));
}

char *vr_culprit_text(struct vr_context *ctx, const struct vr_condition *condition,
		      const struct vr_culprit *culprit)
{
	const struct vr_file *file = ctx->profile->file;
	char *amount = amount_text(condition, culprit), *text, *name;

	if (culprit->lock.kind != VR_LOCK_KINDS) {
		name = vr_lock_text(ctx->profile, &culprit->lock);
		text = vr_xprintf("%s, %s", name, amount);
		free(name);
	} else if (culprit->call && culprit->target) {
		text = vr_xprintf("%s of %s, %s", culprit->call, culprit->target, amount);
	} else if (culprit->call) {
		text = vr_xprintf("%s, %s", culprit->call, amount);
	} else {
		text = vr_xstrdup(amount);
	}
	free(amount);
	if (culprit->thread != VPROF_NONE && culprit->thread < file->n_threads &&
	    file->thread[culprit->thread].name[0])
		text = vr_xappend(text, ", in thread %s", file->thread[culprit->thread].name);
	return text;
}

/* One frame a line, those that are left out counted. */
static char *append_stack(char *text, struct vr_context *ctx, uint32_t node)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	size_t frames = 0;

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			char *frame;

			if (frames++ >= FRAMES)
				continue;
			frame = vr_caption_short(ctx->profile,
						 vr_place_caption(stacks,
								  &stacks->place[places.first + i],
								  ctx->strip_dirs),
						 VR_PROSE_ROOM);
			text = vr_xappend(text, "    %s\n", frame);
			free(frame);
		}
	}
	if (frames > FRAMES)
		text = vr_xappend(text, "    and %zu more frames\n", frames - FRAMES);
	return text;
}

/* Who had the lock that was waited for. */
static char *append_holder(char *text, struct vr_context *ctx, const struct vr_holder *holder)
{
	const struct vr_file *file = ctx->profile->file;
	const char *name =
	    holder->thread < file->n_threads ? file->thread[holder->thread].name : "";
	char ns[VR_UNIT_MAX], *plain;
	char *line = vr_xprintf("held by %s for %s of all waits for it", *name ? name : "a thread",
				vr_format_ns(ns, holder->ns));

	if (holder->part.ns && holder->part.cause != VPROF_NONE)
		line = vr_xappend(line, ", %s of it in %s", vr_format_ns(ns, holder->part.ns),
				  vr_file_string(file, holder->part.cause));
	plain = vr_text_escape(line);
	text = vr_xappend(text, "  %s:\n", plain);
	text = append_stack(text, ctx, holder->node);
	free(plain);
	free(line);
	return text;
}

static char *append_culprit(char *text, struct vr_context *ctx,
			    const struct vr_condition *condition, const struct vr_culprit *culprit)
{
	char *what = vr_culprit_text(ctx, condition, culprit);
	char *plain = vr_text_escape(what);

	text = vr_xappend(text, "  %s:\n", plain);
	text = append_stack(text, ctx, culprit->node);
	if (culprit->holder.ns)
		text = append_holder(text, ctx, &culprit->holder);
	free(plain);
	free(what);
	return text;
}

char *vr_budget_culprits(struct vr_context *ctx, const struct vr_budget *budget,
			 const struct vr_answer *answer)
{
	char *text = vr_xstrdup("");

	for (size_t i = 0; i < answer->count; i++) {
		const struct vr_found *found = &answer->found[i];

		for (size_t k = 0; k < found->culprits && k < SHOWN; k++)
			text = append_culprit(text, ctx, &budget->condition[i], &found->culprit[k]);
		if (found->culprits > SHOWN)
			text = vr_xappend(text, "  and %zu more place%s\n", found->culprits - SHOWN,
					  vr_plural(found->culprits - SHOWN));
	}
	return text;
}

const struct vr_culprit *vr_budget_culprit(const struct vr_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		if (answer->found[i].culprits)
			return &answer->found[i].culprit[0];
	return NULL;
}

/* --- frames for other programs -------------------------------------------------- */

/* A source file as others name it: below the working directory without it. */
static const char *relative(const char *file, const char *cwd)
{
	size_t length = strlen(cwd);

	if (length > 1 && strncmp(file, cwd, length) == 0 && file[length] == '/')
		return file + length + 1;
	return file;
}

struct vr_issue_frame *vr_issue_frames(struct vr_context *ctx, uint32_t node, const char *cwd,
				       struct vr_issue *issue)
{
	struct vr_stacks *stacks = ctx->profile->stacks;
	const struct vr_place *responsible = vr_responsible_frame(stacks, node);
	struct vr_issue_frame *frame = NULL;
	size_t room = 0;
	int past = 0; /* the responsible frame was seen */

	for (; node != VPROF_NODE_ROOT; node = vr_stacks_parent(stacks, node)) {
		struct vr_places places = vr_stacks_at(stacks, node);

		for (uint32_t i = 0; i < places.count; i++) {
			const struct vr_place *place = &stacks->place[places.first + i];
			const struct vr_function *function = vr_place_function(stacks, place);

			frame = vr_xgrow(frame, issue->frames, &room, sizeof(*frame));
			frame[issue->frames] = (struct vr_issue_frame){
			    .function = function->name,
			    .file = relative(function->file, cwd),
			    .module = function->module,
			    .line = place->line,
			};
			/* The nearest line of source, from there outwards. */
			if (!past && place == responsible)
				issue->at = issue->frames;
			past |= place == responsible;
			if (past && !frame[issue->at].file[0] && function->file[0])
				issue->at = issue->frames;
			issue->frames++;
		}
	}
	issue->frame = frame;
	return frame;
}
