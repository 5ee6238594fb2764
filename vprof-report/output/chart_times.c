#include "output/chart_times.h"

#include <math.h>
#include <stdio.h>

#include "cli/units.h"
#include "output/chart_panel.h"

#define PLOT_HEIGHT 220.0
#define MARK_ROW    15.0
#define MARK_ROWS   4u
#define ONE	    0.3 /* decades below a count of one, so that it has a height */
#define TICK_WIDTH  70.0
#define DECADES_FEW 3.0 /* so many decades have ticks at 2 and 5 as well */

struct times {
	double left, right, top, bottom;
	double from, to; /* decades along x */
	double most;	 /* decades along y, from -ONE */
};

static double at_x(const struct times *plot, double ns)
{
	double part = (log10(fmax(1, ns)) - plot->from) / (plot->to - plot->from);

	return plot->left + fmin(1, fmax(0, part)) * (plot->right - plot->left);
}

static double at_y(const struct times *plot, double count)
{
	double part = (log10(count) + ONE) / (plot->most + ONE);

	return plot->bottom - part * (plot->bottom - plot->top);
}

/* Decades from one label of an axis to the next, where each needs that much of `pixels`. */
static int label_step(double pixels, double decades, double each)
{
	return (int)ceil(each * decades / pixels);
}

/* "1 us", "200 ms", "10 s" */
static void tick_text(char text[VR_AXIS_TEXT], double ns)
{
	static const char *const unit[] = {"ns", "us", "ms", "s"};
	size_t i = 0;

	while (i < 3 && ns >= 999.5) {
		ns /= 1000;
		i++;
	}
	snprintf(text, VR_AXIS_TEXT, "%.4g %s", ns, unit[i]);
}

static void find_ranges(const struct vr_chart_panel *panel, struct times *plot)
{
	const double *value = panel->series[0].value;
	double most = 1, low = INFINITY, high = 1;

	for (size_t i = 0; i < panel->points; i++) {
		most = fmax(most, value[i]);
		if (value[i] > 0) {
			low = fmin(low, panel->from_ns[i]);
			high = fmax(high, panel->to_ns[i]);
		}
	}
	for (size_t i = 0; i < panel->marks; i++) {
		low = fmin(low, fmax(1, panel->mark[i].ns));
		high = fmax(high, panel->mark[i].ns);
	}
	plot->from = log10(fmax(1, fmin(low, high))) - 0.05;
	plot->to = fmax(log10(high) + 0.05, plot->from + 0.5);
	plot->most = fmax(1, log10(most) + 0.1);
}

/* Leaves plot->left behind the labels. */
static void count_axis(struct vr_scene *scene, const struct vr_chart_panel *panel,
		       struct times *plot)
{
	struct vr_scene_text style = {
	    .size = VR_PANEL_SMALL, .anchor = VR_ANCHOR_END, .rgb = 0x444444};
	int step = label_step(plot->bottom - plot->top, plot->most + ONE, 1.5 * VR_PANEL_SMALL);
	char text[VR_UNIT_MAX];
	double widest = 40;

	for (int decade = 0; decade <= plot->most; decade += step)
		widest = fmax(
		    widest,
		    vr_scene_width(scene, vr_format_count(text, (uint64_t)llround(pow(10, decade))),
				   VR_PANEL_SMALL, 0));
	plot->left = VR_PANEL_MARGIN + 2 * VR_PANEL_SMALL + widest + 6;
	for (int decade = 0; decade <= plot->most; decade += step) {
		double y = at_y(plot, pow(10, decade));

		vr_scene_line(scene, plot->left, y, plot->right, y, 1, 0xe4e4e4);
		style.x = plot->left - 6;
		style.y = y + 0.35 * VR_PANEL_SMALL;
		vr_scene_text(scene, style,
			      vr_format_count(text, (uint64_t)llround(pow(10, decade))),
			      widest + 1);
	}
	vr_scene_line(scene, plot->left, plot->bottom, plot->right, plot->bottom, 1, 0x888888);
	vr_chart_unit(scene, panel, plot->top, plot->bottom);
}

/* Returns the bottom. */
static double duration_axis(struct vr_scene *scene, const struct times *plot)
{
	static const double within[] = {1, 2, 5};
	struct vr_scene_text style = {
	    .size = VR_PANEL_SMALL, .anchor = VR_ANCHOR_MIDDLE, .rgb = 0x444444};
	int few = plot->to - plot->from <= DECADES_FEW;
	int step = label_step(plot->right - plot->left, plot->to - plot->from, TICK_WIDTH);
	char text[VR_AXIS_TEXT];

	for (double decade = floor(plot->from); decade <= plot->to; decade += step) {
		for (int i = 0; i < (few ? 3 : 1); i++) {
			double ns = within[i] * pow(10, decade), x = at_x(plot, ns);

			if (log10(ns) < plot->from || log10(ns) > plot->to)
				continue;
			tick_text(text, ns);
			vr_scene_line(scene, x, plot->top, x, plot->bottom + 4, 1, 0xe4e4e4);
			style.x = x;
			style.y = plot->bottom + 7 + VR_PANEL_SMALL;
			vr_scene_text(scene, style, text, TICK_WIDTH);
		}
	}
	style.x = (plot->left + plot->right) / 2;
	style.y = plot->bottom + 7 + 2.6 * VR_PANEL_SMALL;
	vr_scene_text(scene, style, "how long it took", plot->right - plot->left);
	return style.y + 0.3 * VR_PANEL_SMALL;
}

static void draw_bars(struct vr_scene *scene, const struct vr_chart_panel *panel,
		      const struct times *plot)
{
	const double *value = panel->series[0].value;

	for (size_t i = 0; i < panel->points; i++) {
		double left, y;

		if (!(value[i] > 0))
			continue;
		left = at_x(plot, panel->from_ns[i]);
		y = at_y(plot, value[i]);
		vr_scene_rectangle(scene, left, y,
				   fmax(1, at_x(plot, panel->to_ns[i]) - left - 0.5),
				   plot->bottom - y, vr_chart_colour(panel->series, 0));
	}
}

/* Each in the first row above the plot in which it meets no other; those that find none stay
 * without a name. */
static void draw_marks(struct vr_scene *scene, const struct vr_chart_panel *panel,
		       const struct times *plot)
{
	double until[MARK_ROWS] = {0};

	for (size_t i = 0; i < panel->marks; i++) {
		const struct vr_chart_mark *mark = &panel->mark[i];
		struct vr_scene_text style = {.size = VR_PANEL_SMALL};
		double x = at_x(plot, mark->ns), height = 0;
		double width = vr_scene_width(scene, mark->name, VR_PANEL_SMALL, 0);
		size_t row = 0;

		style.rgb = mark->alarm ? 0xa01c2c : 0x222222;
		style.x = x + 4 + width < plot->right ? x + 4 : x - 4 - width;
		while (row < MARK_ROWS && style.x < until[row])
			row++;
		if (row < MARK_ROWS) {
			height = 12 + (double)row * MARK_ROW;
			style.y = plot->top + 8 - height;
			vr_scene_text(scene, style, mark->name, width + 1);
			until[row] = fmax(x, style.x + width) + 6;
		}
		vr_scene_line(scene, x, plot->top - height, x, plot->bottom, 1.2, style.rgb);
	}
}

double vr_times_panel(struct vr_scene *scene, const struct vr_chart_panel *panel, double y)
{
	struct times plot = {.right = scene->width - VR_PANEL_MARGIN - 20};

	if (!panel->points || !panel->count) {
		vr_chart_empty(scene, panel, y + 60);
		return y + 120;
	}
	plot.top = y + 10 + MARK_ROWS * MARK_ROW;
	plot.bottom = plot.top + PLOT_HEIGHT;
	find_ranges(panel, &plot);
	count_axis(scene, panel, &plot);
	y = duration_axis(scene, &plot);
	draw_bars(scene, panel, &plot);
	draw_marks(scene, panel, &plot);
	return y;
}
