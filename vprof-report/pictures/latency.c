/* How long things of one kind took: a histogram for each, with its percentiles. */
#include <math.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "output/chart.h"
#include "pictures/pictures.h"

#define PANELS_MOST 64u /* cairo draws images of at most 32767 lines */
#define MARKS	    5u

struct drawn {
	double *count, *from_ns, *to_ns;
	char *name[MARKS];
	struct vr_chart_series series;
	struct vr_chart_mark mark[MARKS];
	size_t marks;
};

static void add_mark(struct drawn *drawn, const char *what, uint64_t ns, int alarm)
{
	char time[VR_UNIT_MAX];

	drawn->name[drawn->marks] = vr_xprintf("%s %s", what, vr_format_ns(time, ns));
	drawn->mark[drawn->marks] =
	    (struct vr_chart_mark){(double)ns, drawn->name[drawn->marks], alarm};
	drawn->marks++;
}

static int by_time(const void *a, const void *b)
{
	const struct vr_chart_mark *x = a, *y = b;

	return x->ns < y->ns ? -1 : x->ns > y->ns;
}

static void add_marks(const struct vr_latency *of, struct drawn *drawn)
{
	add_mark(drawn, "p50", of->took[VR_LOOP_P50].ns, 0);
	add_mark(drawn, "p99", of->took[VR_LOOP_P99].ns, 0);
	add_mark(drawn, "p99.9", of->took[VR_LOOP_P999].ns, 0);
	add_mark(drawn, "max", of->histogram->max_ns, 0);
	if (of->stall_ns)
		add_mark(drawn, "stall", of->stall_ns, 1);
	qsort(drawn->mark, drawn->marks, sizeof(*drawn->mark), by_time);
}

static struct vr_chart_panel fill(const struct vr_latency *of, struct drawn *drawn)
{
	const struct vr_histogram *histogram = of->histogram;

	drawn->count = vr_xcalloc(histogram->buckets, sizeof(double));
	drawn->from_ns = vr_xcalloc(histogram->buckets, sizeof(double));
	drawn->to_ns = vr_xcalloc(histogram->buckets, sizeof(double));
	for (uint32_t i = 0; i < histogram->buckets; i++) {
		uint64_t low, high;

		vr_histogram_ends(histogram, i, &low, &high);
		drawn->count[i] = (double)histogram->count[i];
		/* A logarithm of 0 there is not: the first bucket is drawn as its upper half. */
		drawn->from_ns[i] = low ? (double)low : fmax(1, (double)high / 2);
		drawn->to_ns[i] = fmax(drawn->from_ns[i] + 1, (double)high);
	}
	add_marks(of, drawn);
	drawn->series = (struct vr_chart_series){of->unit, drawn->count, 0, VR_TONE_NAME};
	return (struct vr_chart_panel){.kind = VR_PANEL_TIMES,
				       .title = of->title,
				       .unit = of->unit,
				       .empty = of->empty,
				       .points = histogram->total ? histogram->buckets : 0,
				       .series = &drawn->series,
				       .count = 1,
				       .from_ns = drawn->from_ns,
				       .to_ns = drawn->to_ns,
				       .mark = drawn->mark,
				       .marks = drawn->marks};
}

static void free_drawn(struct drawn *drawn)
{
	for (size_t i = 0; i < drawn->marks; i++)
		free(drawn->name[i]);
	free(drawn->count);
	free(drawn->from_ns);
	free(drawn->to_ns);
}

int vr_picture_latency(struct vr_context *ctx, const struct vr_latency *of, size_t count,
		       const char *none, const char *what)
{
	struct vr_chart_panel panel[PANELS_MOST] = {
	    {.kind = VR_PANEL_TIMES, .title = none, .empty = "nothing to draw"}};
	struct vr_chart chart = {.panel = panel};
	struct drawn *drawn;
	int ret;

	count = count < PANELS_MOST ? count : PANELS_MOST;
	drawn = vr_xcalloc(count + 1, sizeof(*drawn));
	for (size_t i = 0; i < count; i++)
		panel[i] = fill(&of[i], &drawn[i]);
	chart.panels = count ? count : 1;
	ret = vr_picture_write(ctx, &chart, what);
	for (size_t i = 0; i < count; i++)
		free_drawn(&drawn[i]);
	free(drawn);
	return ret;
}
