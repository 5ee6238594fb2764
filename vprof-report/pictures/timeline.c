#include <math.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/run.h"
#include "pictures/series.h"
#include "text/recorded.h"
#include "text/shapes.h"

#define MB	1048576.0
#define COLUMNS 1000u /* finer times than this cannot be seen */

enum line { RSS, USS, HEAP, VMS, LINES };

/* Each column holds the lowest and the highest value of its points. */
struct lines {
	double *x, *value[LINES];
	size_t points; /* two a column */
};

static double in_mb(uint64_t bytes)
{
	return (double)bytes / MB;
}

/* USS is read less often than the rest: known where it was read. */
static int has_uss(const struct vprof_point *p, const struct vprof_point *before)
{
	return p->uss && (!p->smaps_t_ns || !before || p->smaps_t_ns != before->smaps_t_ns);
}

static void range_of(const struct vprof_point *p, const struct vprof_point *before, enum line line,
		     double range[2])
{
	switch (line) {
	case RSS:
		range[0] = in_mb(p->rss_min && p->rss_min < p->rss ? p->rss_min : p->rss);
		range[1] = in_mb(p->rss_max > p->rss ? p->rss_max : p->rss);
		break;
	case HEAP:
		range[0] =
		    in_mb(p->heap_max && p->heap_min < p->heap_live ? p->heap_min : p->heap_live);
		range[1] = in_mb(p->heap_max > p->heap_live ? p->heap_max : p->heap_live);
		break;
	case USS:
		range[0] = range[1] = has_uss(p, before) ? in_mb(p->uss) : NAN;
		break;
	default:
		range[0] = range[1] = in_mb(p->vms);
	}
}

/* Adds the points [from, to) as one column. */
static void add_column(const struct vr_profile *profile, const struct vprof_point *point,
		       size_t points, const struct vprof_point *before, struct lines *lines)
{
	uint64_t after_ns = before ? before->t_ns : 0;
	const struct vprof_header *h = &profile->file->header;
	size_t at = lines->points;

	for (int l = 0; l < LINES; l++) {
		double low = NAN, high = NAN, range[2];

		for (size_t i = 0; i < points; i++) {
			range_of(&point[i], i ? &point[i - 1] : before, (enum line)l, range);
			low = fmin(low, range[0]);
			high = fmax(high, range[1]);
		}
		/* The peak is exact, also between two points. */
		if (l == HEAP && after_ns < h->peak_ns && h->peak_ns <= point[points - 1].t_ns)
			high = fmax(high, in_mb(h->peak_bytes));
		lines->value[l][at] = low;
		lines->value[l][at + 1] = high;
	}
	lines->x[at] = lines->x[at + 1] = (double)point[points - 1].t_ns / 1e9;
	lines->points += 2;
}

static void fill(const struct vr_profile *profile, struct lines *lines)
{
	const struct vr_file *file = profile->file;
	size_t first = 0, last, step;

	while (first < file->n_points && !vr_profile_in_window(profile, file->point[first].t_ns))
		first++;
	last = first;
	while (last < file->n_points && vr_profile_in_window(profile, file->point[last].t_ns))
		last++;
	step = (last - first + COLUMNS - 1) / COLUMNS;
	lines->x = vr_xcalloc(2 * COLUMNS, sizeof(double));
	for (int l = 0; l < LINES; l++)
		lines->value[l] = vr_xcalloc(2 * COLUMNS, sizeof(double));
	for (size_t i = first; i < last; i += step)
		add_column(profile, &file->point[i], last - i < step ? last - i : step,
			   i ? &file->point[i - 1] : NULL, lines);
}

/* What stands above the panels, and behind the lines. */
struct notes {
	struct vr_shapes shapes;
	char *recorded;
	struct vr_chart_note note[VR_SHAPES_LINES + 1];
	struct vr_chart_span span[VPROF_WINDOWS + 1];
};

/* Time in which only these lines went on. */
static size_t find_spans(const struct vr_file *file, struct vr_chart_span *span)
{
	struct vprof_window window[VPROF_WINDOWS];
	double from = 0, end = (double)vr_file_duration_ns(file) / 1e9;
	int known;
	size_t count = vr_windows(file, window, &known), n = 0;

	for (size_t i = 0; known && i <= count; i++) {
		double to = i < count ? (double)window[i].from_ns / 1e9 : end;

		if (to > from)
			span[n++] = (struct vr_chart_span){from, to};
		from = i < count ? (double)window[i].to_ns / 1e9 : end;
	}
	return n;
}

static void notes_begin(struct vr_profile *profile, const struct vr_memory *memory,
			struct notes *notes, struct vr_chart *chart)
{
	char *recorded = vr_recorded_text(profile->file);

	notes->shapes = vr_shapes_text(profile, memory);
	for (size_t i = 0; i < notes->shapes.count; i++)
		notes->note[chart->notes++] =
		    (struct vr_chart_note){notes->shapes.line[i], notes->shapes.alarm[i]};
	notes->recorded = NULL;
	if (recorded) {
		notes->recorded = vr_xprintf(
		    "samples and allocations were recorded for %s; the rest is shaded", recorded);
		notes->note[chart->notes++] = (struct vr_chart_note){notes->recorded, 0};
	}
	free(recorded);
	chart->note = notes->note;
	chart->span = notes->span;
	chart->spans = find_spans(profile->file, notes->span);
}

static void notes_end(struct notes *notes)
{
	vr_shapes_free(&notes->shapes);
	free(notes->recorded);
}

int vr_picture_timeline(struct vr_context *ctx, const struct vr_memory *memory,
			const struct vr_growth *growth)
{
	const struct vr_select *select = &ctx->profile->select;
	struct lines lines = {0};
	int heap = vr_memory_has_heap(ctx->profile);
	double end_s = (double)vr_file_duration_ns(ctx->profile->file) / 1e9;
	struct vr_chart_series resident[3], virtual;
	struct vr_chart_panel panel[3];
	struct vr_site_panel stack;
	struct vr_chart chart = {.panel = panel, .panels = 3};
	struct notes notes;
	int ret;

	fill(ctx->profile, &lines);
	resident[0] = (struct vr_chart_series){"RSS: all that is resident, shared pages too",
					       lines.value[RSS], 0, 0};
	resident[1] = (struct vr_chart_series){"USS: resident and of this process alone",
					       lines.value[USS], 1, 0};
	resident[2] = (struct vr_chart_series){"heap: bytes in live blocks of malloc",
					       lines.value[HEAP], 0, 0};
	virtual = (struct vr_chart_series){"VMS: address space, resident or not", lines.value[VMS],
					   0, 0};
	panel[0] = (struct vr_chart_panel){.kind = VR_PANEL_LINES,
					   .title = "Resident memory and heap",
					   .unit = "MB (2^20 bytes)",
					   .empty = "no point in time in this profile",
					   .x = lines.x,
					   .points = lines.points,
					   .series = resident,
					   .count = heap ? 3 : 2};
	panel[1] = panel[0];
	panel[1].title = "Virtual memory";
	panel[1].series = &virtual;
	panel[1].count = 1;
	panel[1].low = 1;
	vr_site_panel_stack(ctx, growth, &stack);
	panel[2] = stack.panel;
	chart.from_s = select->windowed ? (double)select->since_ns / 1e9 : 0;
	chart.to_s = select->windowed ? fmin(end_s, (double)select->until_ns / 1e9) : end_s;
	notes_begin(ctx->profile, memory, &notes, &chart);
	ret = vr_picture_write(ctx, &chart, "Memory over time");
	notes_end(&notes);
	vr_site_panel_free(&stack);
	free(lines.x);
	for (int l = 0; l < LINES; l++)
		free(lines.value[l]);
	return ret;
}
