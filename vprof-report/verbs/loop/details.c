#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "text/loops.h"
#include "text/print.h"
#include "verbs/loop/loop.h"

#define INDENT	    6
#define HEAD_ROOM   50	 /* columns of a loop's name */
#define ALL_PERCENT 98.0 /* the thread was in this loop all the time */
#define SHARE_LEAST 0.1	 /* percent */

static void print_head(struct vr_context *ctx, size_t rank, const struct vr_loop *loop)
{
	const struct vr_file *file = ctx->profile->file;
	const struct vprof_thread *thread = &file->thread[loop->row->thread];
	char *name = vr_loop_text(ctx->profile, loop, HEAD_ROOM), *text;

	text = vr_xprintf("%s, %s in thread %s (%" PRIu32 ")", name,
			  vr_file_string(file, loop->row->name),
			  thread->name[0] ? thread->name : "without a name", thread->tid);
	fprintf(ctx->out, "\n#%zu  ", rank);
	vr_print_wrapped(ctx, text, INDENT);
	free(text);
	free(name);
}

static void print_line(struct vr_context *ctx, char *text)
{
	fprintf(ctx->out, "%*s", INDENT, "");
	vr_print_wrapped(ctx, text, INDENT);
	free(text);
}

/* A rate, with the decimals it needs. */
static char *append_rate(char *text, const struct vr_loop *loop)
{
	double rate = (double)loop->row->iterations * 1e9 / (double)loop->wall_ns;
	char count[VR_UNIT_MAX];

	if (rate >= 100)
		return vr_xappend(text, "%s", vr_format_count(count, (uint64_t)(rate + 0.5)));
	return vr_xappend(text, "%.*f", rate >= 10 ? 1 : 2, rate);
}

static char *append_share(char *text, const char *what, uint64_t part, const struct vr_loop *loop)
{
	double percent = vr_percent(part, loop->wall_ns);

	if (percent < SHARE_LEAST)
		return text;
	return vr_xappend(text, ", %s %.1f%%", what, percent < 100 ? percent : 100);
}

static void print_work(struct vr_context *ctx, const struct vr_loop *loop)
{
	const struct vprof_loop *row = loop->row;
	char count[VR_UNIT_MAX], time[VR_UNIT_MAX];
	uint64_t known_ns;
	char *text = vr_xprintf("%s iteration%s in %s", vr_format_count(count, row->iterations),
				vr_plural(row->iterations), vr_format_ns(time, loop->wall_ns));

	if (loop->wall_ns) {
		text = append_rate(vr_xappend(text, ", "), loop);
		text = vr_xappend(text, " a second");
	}
	text = append_share(text, "busy", row->busy_ns, loop);
	text = append_share(text, "waiting", row->idle_ns, loop);
	text = append_share(text, "spinning", row->spin_ns, loop);
	/* Of one label it is not known what came between its iterations. */
	known_ns = row->busy_ns + row->idle_ns + row->spin_ns;
	if (!loop->of_labels && vr_percent(known_ns, loop->wall_ns) < ALL_PERCENT)
		text = append_share(text, "elsewhere", loop->wall_ns - known_ns, loop);
	if (row->events && row->iterations)
		text = vr_xappend(text, "; %.1f event%s an iteration",
				  (double)row->events / (double)row->iterations,
				  row->events == row->iterations ? "" : "s");
	print_line(ctx, text);
	if (vr_percent(row->blocked_ns, row->busy_ns) >= 1)
		print_line(
		    ctx,
		    vr_xprintf("in calls that may block for %s, %.0f%% of the time it was busy",
			       vr_format_ns(time, row->blocked_ns),
			       vr_percent(row->blocked_ns, row->busy_ns)));
}

static void print_quantiles(struct vr_context *ctx, const char *what,
			    const struct vr_quantile *quantile, uint64_t max_ns)
{
	char time[VR_UNIT_MAX];

	if (!quantile[VR_LOOP_P50].known)
		return;
	fprintf(ctx->out, "%*s%-14s", INDENT, "", what);
	for (int i = 0; i < VR_LOOP_PERCENTILES; i++)
		fprintf(ctx->out, " %9s", vr_format_ns(time, quantile[i].ns));
	fprintf(ctx->out, " %9s\n", vr_format_ns(time, max_ns));
}

/* Three times, a row each: of an iteration, until an arrival is served, of a timer. */
static void print_times(struct vr_context *ctx, const struct vr_loop *loop)
{
	if (!loop->took[VR_LOOP_P50].known)
		return;
	fprintf(ctx->out, "%*s%-14s", INDENT, "", "");
	for (int i = 0; i < VR_LOOP_PERCENTILES; i++)
		fprintf(ctx->out, " %9s", vr_loop_percentile_name[i]);
	fprintf(ctx->out, " %9s\n", "max");
	print_quantiles(ctx, "an iteration", loop->took, loop->row->max_ns);
	if (!loop->of_labels)
		print_quantiles(ctx, "arrivals wait", loop->delay, loop->row->max_ns);
	print_quantiles(ctx, "timers late by", loop->late, loop->row->delay_max_ns);
}

static void print_stalls(struct vr_context *ctx, const struct vr_loop *loop)
{
	char *rhythm = vr_rhythm_text(&loop->rhythm), *text;
	char count[VR_UNIT_MAX], time[VR_UNIT_MAX];
	const struct vprof_loop *row = loop->row;

	if (row->stalls) {
		text = vr_xprintf("%s stall%s, %s together, %.1f%% of its time",
				  vr_format_count(count, row->stalls), vr_plural(row->stalls),
				  vr_format_ns(time, row->stall_ns),
				  vr_percent(row->stall_ns, loop->wall_ns));
		print_line(ctx, rhythm ? vr_xappend(text, ", %s", rhythm) : text);
	}
	free(rhythm);
}

/* What it did when the record ended, where that was not by its own will. */
static void print_now(struct vr_context *ctx, const struct vr_loop *loop)
{
	const struct vr_file *file = ctx->profile->file;
	uint64_t now_ns = vr_file_duration_ns(file);
	char time[VR_UNIT_MAX];

	if (!loop->row->now_ns || now_ns < loop->row->now_ns + file->header.stall_ns ||
	    file->status == VR_STATUS_EXITED || file->status == VR_STATUS_EXECED)
		return;
	print_line(ctx, vr_xprintf("when this was recorded last it had been in an iteration for %s",
				   vr_format_ns(time, now_ns - loop->row->now_ns)));
}

void vr_loop_details(struct vr_context *ctx, const struct vr_loop_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct vr_loop *loop = &list->loops->loop[list->order[i]];

		print_head(ctx, i + 1, loop);
		print_work(ctx, loop);
		print_times(ctx, loop);
		print_stalls(ctx, loop);
		print_now(ctx, loop);
	}
}
