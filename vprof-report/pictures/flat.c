#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "output/chart.h"
#include "output/out_caption.h"
#include "pictures/pictures.h"
#include "text/names.h"

#define BARS_MOST 900u /* cairo draws images of at most 32767 lines */
#define NAME_ROOM 72   /* columns, about as many as fit beside the bars */

struct bars {
	double *cumulative, *own; /* in units of the axis */
	const char **label;
	const char **text; /* of all cumulative, then of all own */
	size_t count;
};

static void make_room(struct bars *bars)
{
	bars->cumulative = vr_xcalloc(bars->count + 1, sizeof(*bars->cumulative));
	bars->own = vr_xcalloc(bars->count + 1, sizeof(*bars->own));
	bars->label = vr_xcalloc(bars->count + 1, sizeof(*bars->label));
	bars->text = vr_xcalloc(2 * bars->count + 1, sizeof(*bars->text));
}

static void free_bars(struct bars *bars)
{
	for (size_t i = 0; i < bars->count; i++)
		free((char *)bars->label[i]);
	for (size_t i = 0; i < 2 * bars->count; i++)
		free((char *)bars->text[i]);
	free(bars->cumulative);
	free(bars->own);
	free(bars->label);
	free(bars->text);
}

static char *time_text(uint64_t ns, uint64_t whole)
{
	char text[VR_UNIT_MAX];

	return vr_xprintf("%s (%.1f%%)", vr_format_ns(text, ns), vr_percent(ns, whole));
}

static void fill(struct vr_context *ctx, const struct vr_cpu *cpu,
		 const struct vr_cpu_function *function, double unit_ns, struct bars *bars)
{
	struct vr_caption *label = vr_xcalloc(bars->count + 1, sizeof(*label));
	const struct vr_caption **all = vr_xcalloc(bars->count + 1, sizeof(*all));
	char **name;

	for (size_t i = 0; i < bars->count; i++) {
		const struct vr_function *f = &ctx->profile->stacks->function[function[i].function];

		label[i] = vr_function_caption(f, 1);
		all[i] = &label[i];
		bars->cumulative[i] = (double)function[i].total_ns / unit_ns;
		bars->own[i] = (double)function[i].self_ns / unit_ns;
		bars->text[i] = time_text(function[i].total_ns, cpu->total_ns);
		bars->text[bars->count + i] = time_text(function[i].self_ns, cpu->total_ns);
	}
	name = vr_captions_fit(all, bars->count, NAME_ROOM);
	for (size_t i = 0; i < bars->count; i++) {
		bars->label[i] = name[i];
		vr_caption_done(&label[i]);
	}
	free(name);
	free(label);
	free(all);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

int vr_picture_flat(struct vr_context *ctx, const struct vr_cpu *cpu,
		    const struct vr_cpu_function *function, size_t count, size_t most)
{
	struct bars bars = {.count = least(count, least(most, BARS_MOST))};
	int ms = cpu->total_ns < 1000000000;
	struct vr_chart_series series[] = {
	    {"cumulative time (recursion counted once)", NULL, 0, VR_TONE_NAME},
	    {"own time", NULL, 0, VR_TONE_NAME}};
	struct vr_chart_panel panel = {
	    .kind = VR_PANEL_BARS,
	    .unit = cpu->wall ? ms ? "threads' time (ms)" : "threads' time (s)"
		    : ms      ? "CPU time (ms)"
			      : "CPU time (s)",
	    .empty = ctx->profile->file->header.engine ? "no CPU sample in this profile"
						       : "CPU time was not sampled",
	    .points = bars.count,
	    .series = series,
	    .count = 2,
	};
	struct vr_chart chart = {.panel = &panel, .panels = 1};
	char *title;
	int ret;

	make_room(&bars);
	series[0].value = bars.cumulative;
	series[1].value = bars.own;
	panel.label = bars.label;
	panel.text = bars.text;
	fill(ctx, cpu, function, ms ? 1e6 : 1e9, &bars);
	title = vr_xprintf("%zu of %zu functions", bars.count, count);
	panel.title = title;
	ret = vr_picture_write(
	    ctx, &chart, cpu->wall ? "CPU time and waits by function" : "CPU time by function");
	free(title);
	free_bars(&bars);
	return ret;
}
