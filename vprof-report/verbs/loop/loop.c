#include "verbs/loop/loop.h"

#include <inttypes.h>
#include <stdlib.h>

#include "cli/text.h"
#include "cli/units.h"
#include "cli/warn.h"
#include "cli/xalloc.h"
#include "pictures/pictures.h"
#include "text/notes.h"
#include "text/print.h"
#include "verbs/tail/tail.h"
#include "verbs/verb.h"

#define PICTURED 4u /* loops in a picture, without --limit */

static const struct vr_sort_key sort_keys[] = {
    {"stalls", VR_LOOPS_STALL},
    {"busy", VR_LOOPS_BUSY},
    {"max", VR_LOOPS_MAX},
    {"p50", VR_LOOPS_P50},
    {"p99", VR_LOOPS_P99},
    {"p99.9", VR_LOOPS_P999},
    {"iterations", VR_LOOPS_ITERATIONS},
    {"spin", VR_LOOPS_SPIN},
    {"p999", VR_LOOPS_P999},
    {NULL, 0},
};

/* One line that names those there are. */
static int no_such_loop(struct vr_context *ctx)
{
	struct vr_loops *all = vr_loops_new(ctx->profile, NULL);
	char *names = vr_xstrdup("");

	for (size_t i = 0; i < all->n_loops && i < 8; i++)
		names = vr_xappend(names, "%s%s", i ? ", " : "", all->loop[i].name);
	if (all->n_loops > 8)
		names = vr_xappend(names, ", ...");
	if (all->n_loops)
		vr_warn("%s: no loop is called '%s'; there are: %s", ctx->profile->file->path,
			ctx->opts->loop, names);
	else
		vr_warn("%s: no loop is called '%s'; there is none", ctx->profile->file->path,
			ctx->opts->loop);
	free(names);
	vr_loops_free(all);
	return VR_EXIT_USAGE;
}

static void warn(const struct vr_context *ctx, const struct vr_loops *loops)
{
	const struct vprof_header *h = &ctx->profile->file->header;
	char count[VR_UNIT_MAX];

	if (ctx->profile->select.windowed && !vr_tail_is_asked(ctx))
		vr_note(ctx, "loops are those of the whole run: the window chooses stalls alone");
	if (h->lost[VPROF_LOST_LOOPS])
		vr_note(ctx, "%s loop%s no row: run with a larger size=",
			vr_format_count(count, h->lost[VPROF_LOST_LOOPS]),
			h->lost[VPROF_LOST_LOOPS] == 1 ? " has" : "s have");
	if (h->lost[VPROF_LOST_STALLS])
		vr_note(ctx, "%s stall%s no row: the longest are kept",
			vr_format_count(count, h->lost[VPROF_LOST_STALLS]),
			h->lost[VPROF_LOST_STALLS] == 1 ? " has" : "s have");
	if (h->late_looks && loops->n_stalls)
		vr_note(ctx, "%s look%s at stalls came late: the machine was busy",
			vr_format_count(count, h->late_looks), vr_plural(h->late_looks));
}

static void print_all(struct vr_context *ctx, const struct vr_loop_list *list)
{
	const struct vr_loops *loops = list->loops;

	if (!loops->n_loops && ctx->profile->keep_label) {
		vr_print_none(ctx, "no loop had an iteration under that label");
	} else if (!loops->n_loops) {
		vr_print_none(ctx,
			      "no thread came back again and again to one wait: no event loop");
	} else {
		fprintf(ctx->out, "   Ordered by: %s\n", sort_keys[ctx->sort].name);
		vr_loop_rows(ctx, list);
		vr_print_more(ctx, list->count, loops->n_loops, "loops");
		vr_loop_details(ctx, list);
	}
	vr_loop_stalls(ctx, loops);
}

static int run(struct vr_context *ctx)
{
	struct vr_loops *loops = vr_loops_new(ctx->profile, ctx->opts->loop);
	struct vr_loop_list list = {.loops = loops};
	size_t *order;
	int ret = 0;

	if (!loops)
		return no_such_loop(ctx);
	list.order = order = vr_loops_order(loops, (enum vr_loops_key)ctx->sort);
	list.count = loops->n_loops < ctx->limit ? loops->n_loops : ctx->limit;
	if (vr_tail_is_asked(ctx))
		ret = vr_tail_print(ctx, &(struct vr_tail_list){.loops = loops,
								.order = order,
								.count = list.count,
								.all = loops->n_loops});
	else if (ctx->format == VR_FORMAT_JSON)
		ctx->json = vr_loop_json(ctx, &list);
	else if (ctx->format == VR_FORMAT_CSV)
		vr_loop_rows(ctx, &list);
	else
		print_all(ctx, &list);
	if (ctx->png || ctx->svg)
		ret = vr_picture_loops(ctx, loops, order,
				       vr_opts_given(ctx->opts, VR_OPT_LIMIT) ? list.count
									      : PICTURED);
	warn(ctx, loops);
	vr_warn_symbols(ctx);
	free(order);
	vr_loops_free(loops);
	return ret;
}

const struct vr_verb vr_verb_loop = {
    .name = "loop",
    .summary = "Event loops: how long iterations took, and what made the slow ones slow",
    .usage = "[FILE...]",
    .detail =
	"A loop is a wait to which a thread comes back again and again at the same depth of its\n"
	"stack: epoll, poll and select as well as recv, accept, conditions and nanosleep. What\n"
	"lies between two waits is an iteration. \"arrivals wait\": what comes at any moment\n"
	"until the iteration that it falls into is over, so that long ones count for more;\n"
	"\"timers late by\": waits whose time was over, and how much later they came back.\n"
	"A percentile is known to 6 % (a bucket of the histogram). Stalls are iterations of\n"
	"stall=10 ms and more; --since and --until choose among them.\n"
	"--label has the iterations in which a label was begun last; of those it is not known\n"
	"what was waited between them. --loop takes the name of a loop's function, a glob. The "
	"picture is a histogram of\n"
	"iterations on log scales.\n"
	"--tail 99 compares the slowest 1 % of the iterations that are kept with ordinary ones\n"
	"and says what made them slow, or that nothing does; --select says which are slow;\n"
	"--format csv has the account of each (docs/tail.md).",
    .options = VR_TAKES(VR_OPT_SORT, VR_OPT_LIMIT, VR_OPT_FORMAT, VR_OPT_THREAD, VR_OPT_LOOP,
			VR_OPT_TAIL, VR_OPT_SELECT, VR_OPT_LABEL, VR_OPT_WINDOW, VR_OPT_MODULE,
			VR_OPT_TREE, VR_OPT_NAMES, VR_OPT_PICTURE, VR_OPT_NAMING, VR_OPT_FAIL_IF),
    .sort = sort_keys,
    .limit = 10,
    .begin = vr_picture_begin,
    .run = run,
};
