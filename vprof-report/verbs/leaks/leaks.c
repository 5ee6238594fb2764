#include "verbs/leaks/leaks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/warn.h"
#include "cli/xalloc.h"
#include "pictures/pictures.h"
#include "text/notes.h"

static const struct vr_sort_key sort_keys[] = {
    {"verdict", VR_LEAKS_VERDICT}, {"bytes", VR_LEAKS_BYTES}, {"blocks", VR_LEAKS_BLOCKS},
    {"first", VR_LEAKS_FIRST},	   {"last", VR_LEAKS_LAST},   {NULL, 0},
};

/* Verdicts that are printed unasked: a table counts what is still in use, findings
 * are about what may be wrong. */
static unsigned shown(const struct vr_context *ctx, const struct vr_leaks_plan *plan)
{
	unsigned mask = ~0u;

	if (plan->verdicts)
		return plan->verdicts;
	for (unsigned i = 0; i < VR_VERDICTS && ctx->format == VR_FORMAT_TABLE; i++)
		if (vr_verdict_facts((enum vr_verdict)i)->usual)
			mask &= ~(1u << i);
	return plan->findings ? vr_verdicts_leak(1) : mask;
}

static void choose_rows(struct vr_context *ctx, struct vr_leaks_view *view)
{
	unsigned mask = shown(ctx, view->plan);

	view->order = vr_leaks_order(view->leaks, (enum vr_leaks_key)ctx->sort);
	view->row = vr_xcalloc(view->leaks->n_leaks + 1, sizeof(*view->row));
	for (size_t i = 0; i < view->leaks->n_leaks; i++) {
		const struct vr_leak *leak = &view->leaks->leak[view->order[i]];

		if (!(mask & 1u << leak->verdict))
			continue;
		if (leak->excuse == VR_EXCUSE_SUPPRESSED && ctx->format <= VR_FORMAT_CSV)
			continue;
		view->row[view->rows++] = leak;
	}
}

static int print(struct vr_context *ctx, const struct vr_leaks_view *view)
{
	int picture = ctx->png || ctx->svg, ret = 0;
	char *gate;

	if (picture)
		ret = vr_picture_leaks(ctx, view->leaks, view->order, view->growth);
	else if (ctx->format == VR_FORMAT_JSON)
		ctx->json = vr_leaks_json(ctx, view);
	else if (ctx->format == VR_FORMAT_CSV)
		vr_leaks_print_csv(ctx, view);
	else if (view->plan->findings)
		vr_leaks_print_findings(ctx, view);
	else
		vr_leaks_print_text(ctx, view);
	if (!view->gate.status || (ctx->format == VR_FORMAT_TABLE && !picture))
		return ret;
	/* Whoever reads the document finds it there; who reads the log, here. */
	gate = vr_gate_text(view);
	vr_warn_lines(ctx->profile->file->path, gate);
	free(gate);
	return ret;
}

static int run(struct vr_context *ctx)
{
	struct vr_leaks_plan none = {0};
	int status, ret;
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_growth *growth = vr_growth_judge(ctx->profile, heap);
	struct vr_leaks_view view = {
	    .plan = ctx->plan ? ctx->plan : &none,
	    .heap = heap,
	    .growth = growth,
	    .leaks = vr_leaks_new(ctx->profile, heap),
	};

	vr_leaks_grow(view.leaks, growth);
	vr_leaks_excuse(ctx, &view);
	view.answer = vr_leaks_answer(view.leaks, view.plan->strict);
	vr_leaks_judge(ctx, &view);
	choose_rows(ctx, &view);
	vr_warn_heap(ctx, heap);
	ret = print(ctx, &view);
	vr_leaks_write_suppressions(ctx, &view);
	vr_warn_symbols(ctx);
	status = view.gate.status;
	free(view.row);
	free(view.order);
	vr_gate_free(&view.gate);
	vr_suppressions_free(&view.suppress);
	vr_leaks_free(view.leaks);
	vr_growth_free(growth);
	vr_heap_free(heap);
	return ret ? ret : status;
}

static const struct vr_own_format formats[] = {
    {"junit", VR_ISSUES_JUNIT},
    {"sarif", VR_ISSUES_SARIF},
    {"github", VR_ISSUES_GITHUB},
    {"markdown", VR_ISSUES_MARKDOWN},
    {NULL, 0},
};

const struct vr_verb vr_verb_leaks = {
    .name = "leaks",
    .summary = "What was not freed, by site and verdict: lost, growing, in use",
    .usage = "[FILE...]",
    .detail = "lost: nothing points to it; indirect: only lost blocks do; possible: only pointers\n"
	      "into its middle or past its end do; growing: in use, but more and more without\n"
	      "bound; runtime: of the loader, libc or the C++ runtime; reachable: still in use;\n"
	      "unexamined: nobody looked. A leak is what is lost, indirect or growing. A table\n"
	      "leaves out what is reachable or of the runtime: --verdict all shows them.",
    .options =
	VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_MODULE,
		 VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_NAMING, VR_OPT_VERDICT, VR_OPT_STRICT,
		 VR_OPT_GATE, VR_OPT_FAIL_IF, VR_OPT_BASELINE, VR_OPT_ALLOW, VR_OPT_SUPPRESSIONS,
		 VR_OPT_WRITE_SUPPRESSIONS, VR_OPT_PICTURE, VR_OPT_ARGS),
    .formats = formats,
    .sort = sort_keys,
    .limit = 10,
    .judges = 1,
    .begin = vr_leaks_begin,
    .end = vr_leaks_end,
    .last_word = vr_leaks_last_word,
    .no_label = "a search judges call paths, whatever label they had; heap --label K=V --sort live "
		"has what was not freed",
    .run = run,
};
