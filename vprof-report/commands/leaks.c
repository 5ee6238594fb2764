#include "commands/leaks.h"
#include "commands/pictures.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const struct vr_sort_key sort_keys[] = {
    {"verdict", VR_LEAKS_VERDICT}, {"bytes", VR_LEAKS_BYTES}, {"blocks", VR_LEAKS_BLOCKS},
    {"first", VR_LEAKS_FIRST},	   {"last", VR_LEAKS_LAST},   {NULL, 0},
};

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
			vr_warn("no verdict '%.*s'; the verdicts are: lost indirect growing "
				"possible unexamined reachable runtime, all, leak",
				(int)length, list);
			return VR_EXIT_USAGE;
		}
		list = list[length] ? list + length + 1 : NULL;
	}
	return VR_EXIT_OK;
}

static int begin(struct vr_context *ctx)
{
	struct vr_leaks_plan *plan = vr_xcalloc(1, sizeof(*plan));

	ctx->plan = plan;
	plan->strict = ctx->opts->strict;
	return read_verdicts(plan, ctx->opts->verdict);
}

static void end(struct vr_context *ctx)
{
	free(ctx->plan);
	ctx->plan = NULL;
}

/* Verdicts that a table shows unasked: what is still in use is counted only. */
static unsigned shown(const struct vr_context *ctx, const struct vr_leaks_plan *plan)
{
	if (plan->verdicts)
		return plan->verdicts;
	return ctx->format == VR_FORMAT_TABLE ? ~(1u << VR_REACHABLE | 1u << VR_RUNTIME) : ~0u;
}

static int run(struct vr_context *ctx)
{
	const struct vr_leaks_plan none = {0};
	struct vr_heap *heap = vr_heap_new(ctx->profile);
	struct vr_leaks *leaks = vr_leaks_new(ctx->profile, heap);
	struct vr_leaks_view view = {
	    .plan = ctx->plan ? ctx->plan : &none, .heap = heap, .leaks = leaks};
	unsigned mask = shown(ctx, view.plan);
	int ret = 0;

	vr_leaks_sort(leaks, (enum vr_leaks_key)ctx->sort);
	view.answer = vr_leaks_answer(leaks, view.plan->strict);
	view.row = vr_xcalloc(leaks->leaks + 1, sizeof(*view.row));
	for (size_t i = 0; i < leaks->leaks; i++)
		if (mask & 1u << leaks->leak[i].verdict)
			view.row[view.rows++] = &leaks->leak[i];
	vr_warn_heap(ctx, heap);
	if (ctx->opts->given & VR_OPT_PICTURE)
		ret = vr_picture_leaks(ctx, leaks);
	else if (ctx->format == VR_FORMAT_JSON)
		ctx->json = vr_leaks_json(ctx, &view);
	else if (ctx->format == VR_FORMAT_CSV)
		vr_leaks_print_csv(ctx, &view);
	else
		vr_leaks_print_text(ctx, &view);
	vr_warn_rebuilt(ctx);
	free(view.row);
	vr_leaks_free(leaks);
	vr_heap_free(heap);
	return ret;
}

const struct vr_command vr_cmd_leaks = {
    .name = "leaks",
    .summary = "What was not freed, by site and verdict: lost, growing, in use",
    .usage = "[FILE...]",
    .detail = "lost: nothing points to it; indirect: only lost blocks do; possible: only pointers\n"
	      "into its middle or past its end do; growing: in use, but more and more without\n"
	      "bound; runtime: of the loader, libc or the C++ runtime; reachable: still in use;\n"
	      "unexamined: nobody looked. A leak is what is lost, indirect or growing. A table\n"
	      "leaves out what is reachable or of the runtime: --verdict all shows them.",
    .options = VR_OPT_SORT | VR_OPT_LIMIT | VR_OPT_FORMAT | VR_OPT_THREAD | VR_OPT_MODULE |
	       VR_OPT_STRIP | VR_OPT_INLINES | VR_OPT_VERDICT | VR_OPT_STRICT | VR_OPT_PICTURE,
    .sort = sort_keys,
    .limit = 10,
    .begin = begin,
    .end = end,
    .run = run,
};
