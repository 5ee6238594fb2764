/* leaks: its options, read before any file is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "pictures/pictures.h"
#include "verbs/leaks/leaks.h"

static int no_such_verdict(const char *name, size_t length)
{
	char *names = vr_verdict_names();

	vr_warn("no verdict '%.*s'; the verdicts are: %s, all, leak", (int)length, name, names);
	free(names);
	return VR_EXIT_USAGE;
}

/* Reads "lost,growing" into plan->verdicts.  Returns 0 or VR_EXIT_USAGE. */
static int read_verdicts(struct vr_leaks_plan *plan, const char *list)
{
	while (list) {
		size_t length = strcspn(list, ",");
		int verdict = vr_verdict_of(list, length);

		if (verdict >= 0) {
			plan->verdicts |= 1u << verdict;
		} else if (length == 3 && memcmp(list, "all", 3) == 0) {
			plan->verdicts |= (1u << VR_VERDICTS) - 1;
		} else if (length == 4 && memcmp(list, "leak", 4) == 0) {
			plan->verdicts |= vr_verdicts_leak(plan->strict);
		} else {
			return no_such_verdict(list, length);
		}
		list = list[length] ? list + length + 1 : NULL;
	}
	return VR_EXIT_OK;
}

static int read_gate(struct vr_context *ctx, struct vr_leaks_plan *plan)
{
	const struct vr_opts *opts = ctx->opts;
	struct vr_err err;

	plan->gate = vr_opts_given(opts, VR_OPT_GATE);
	if (vr_budgets_read(&plan->budgets, opts))
		return VR_EXIT_USAGE;
	for (size_t i = 0; i < opts->allow.count; i++) {
		const char *word = opts->allow.word[i];
		int verdict = vr_verdict_of(word, strlen(word));

		if (strncmp(word, "leak:", 5) == 0)
			word += 5;
		if (verdict >= 0)
			plan->allowed |= 1u << verdict;
		else
			vr_suppressions_add(&plan->allow, word, strlen(word), "--allow");
	}
	for (size_t i = 0; i < opts->suppressions.count; i++) {
		if (vr_suppressions_read(&plan->suppress, opts->suppressions.word[i], &err) < 0) {
			vr_warn("%s", err.text);
			return VR_EXIT_USAGE;
		}
	}
	return VR_EXIT_OK;
}

static int open_others(struct vr_context *ctx, struct vr_leaks_plan *plan)
{
	const char *old = ctx->opts->baseline, *to = ctx->opts->write_suppressions;
	struct vr_err err;

	if (old &&
	    vr_baseline_open(old, &ctx->opts->select, plan->strict, &plan->baseline, &err) < 0) {
		vr_warn("%s: %s", old, err.text);
		return VR_EXIT_INPUT;
	}
	if (to && !(plan->write_to = fopen(to, "we"))) {
		vr_warn("%s: %s", to, strerror(errno));
		return VR_EXIT_USAGE;
	}
	return VR_EXIT_OK;
}

int vr_leaks_begin(struct vr_context *ctx)
{
	struct vr_leaks_plan *plan;
	int status = vr_picture_begin(ctx);

	if (status != VR_EXIT_OK)
		return status;
	plan = vr_xcalloc(1, sizeof(*plan));
	ctx->plan = plan;
	plan->strict = ctx->opts->strict;
	status = read_verdicts(plan, ctx->opts->verdict);
	if (status == VR_EXIT_OK)
		status = read_gate(ctx, plan);
	if (status == VR_EXIT_OK)
		status = open_others(ctx, plan);
	if (status != VR_EXIT_OK || ctx->format != VR_FORMAT_OWN)
		return status;
	plan->findings = 1;
	plan->as = (enum vr_issue_format)ctx->own_format;
	vr_issues_begin(plan->as, ctx->out);
	return status;
}

void vr_leaks_end(struct vr_context *ctx)
{
	struct vr_leaks_plan *plan = ctx->plan;

	if (!plan)
		return;
	if (plan->findings)
		vr_issues_end(plan->as, ctx->out);
	if (plan->write_to && fclose(plan->write_to) != 0)
		vr_warn("%s: %s", ctx->opts->write_suppressions, strerror(errno));
	vr_suppressions_free(&plan->allow);
	vr_suppressions_free(&plan->suppress);
	vr_baseline_free(plan->baseline);
	vr_budgets_free(&plan->budgets);
	free(plan->excused);
	free(plan);
	ctx->plan = NULL;
}
