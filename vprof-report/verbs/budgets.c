#include "verbs/budgets.h"

#include <stdlib.h>

#include "cli/warn.h"
#include "cli/xalloc.h"
#include "model/growth.h"
#include "text/budgets.h"

int vr_budgets_read(struct vr_budgets *budgets, const struct vr_opts *opts)
{
	struct vr_err err;

	budgets->budget = vr_xcalloc(opts->fail_if.count + 1, sizeof(*budgets->budget));
	budgets->unseen = vr_xcalloc(opts->fail_if.count + 1, sizeof(*budgets->unseen));
	for (size_t i = 0; i < opts->fail_if.count; i++) {
		struct vr_budget *budget = &budgets->budget[budgets->count++];

		if (vr_budget_parse(opts->fail_if.word[i], budget, &err) < 0) {
			vr_budget_complain(budget, &err);
			return VR_EXIT_USAGE;
		}
	}
	return VR_EXIT_OK;
}

void vr_budgets_free(struct vr_budgets *budgets)
{
	for (size_t i = 0; i < budgets->count; i++) {
		vr_budget_free(&budgets->budget[i]);
		free(budgets->unseen[i].line);
	}
	free(budgets->budget);
	free(budgets->unseen);
	*budgets = (struct vr_budgets){0};
}

int vr_budgets_note(const struct vr_context *ctx, struct vr_budgets *budgets, size_t which,
		    const struct vr_answer *answer)
{
	struct vr_unseen *unseen = &budgets->unseen[which];

	if (answer->state == VR_BUDGET_UNSEEN && ctx->files > 1) {
		free(unseen->line);
		unseen->line = vr_budget_line(&budgets->budget[which], answer);
		return VR_EXIT_OK;
	}
	unseen->judged++;
	if (answer->state == VR_BUDGET_BROKEN)
		return VR_EXIT_BUDGET;
	return answer->state == VR_BUDGET_KEPT ? VR_EXIT_OK : VR_EXIT_INPUT;
}

int vr_budgets_heavier(int a, int b)
{
	return a == VR_EXIT_BUDGET || b == VR_EXIT_BUDGET ? VR_EXIT_BUDGET : a ? a : b;
}

static int judge(struct vr_context *ctx, struct vr_budgets *budgets, size_t which,
		 const struct vr_heap *heap, const struct vr_leaks *leaks)
{
	const struct vr_budget *budget = &budgets->budget[which];
	struct vr_answer answer = vr_budget_judge(budget, ctx->profile, heap, leaks);
	int status = vr_budgets_note(ctx, budgets, which, &answer);

	if (status) {
		char *line = vr_budget_line(budget, &answer);
		char *culprits = status == VR_EXIT_BUDGET ? vr_budget_culprits(ctx, budget, &answer)
							  : vr_xstrdup("");

		vr_warn("%s: %s", ctx->profile->file->path, line);
		vr_warn_lines(ctx->profile->file->path, culprits);
		free(culprits);
		free(line);
	}
	vr_answer_free(&answer);
	return status;
}

int vr_budgets_judge(struct vr_context *ctx, struct vr_budgets *budgets)
{
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	struct vr_leaks *leaks = vr_leaks_new(ctx->profile, heap);
	int status = VR_EXIT_OK;

	vr_leaks_grow(leaks, growth);
	for (size_t i = 0; i < budgets->count; i++)
		status = vr_budgets_heavier(status, judge(ctx, budgets, i, heap, leaks));
	vr_leaks_free(leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	return status;
}

int vr_budgets_last_word(const struct vr_budgets *budgets)
{
	int status = VR_EXIT_OK;

	for (size_t i = 0; i < budgets->count; i++) {
		if (budgets->unseen[i].judged || !budgets->unseen[i].line)
			continue;
		vr_warn("%s", budgets->unseen[i].line);
		status = VR_EXIT_INPUT;
	}
	return status;
}
