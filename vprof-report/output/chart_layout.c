/* Where everything of a chart goes.  Texts are measured first, so that axes and
 * legends get the room they need. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/columns.h"
#include "cli/xalloc.h"
#include "output/chart_bars.h"
#include "output/chart_panel.h"
#include "output/chart_times.h"
#include "output/out.h"

#define WIDTH	    1200.0
#define PLOT_HEIGHT 240.0
#define NOTE_LINES  3u
#define DOTS_MOST   60u /* so many points get a dot each */

/* Where the values of a panel lie. */
struct plot {
	double left, right, top, bottom;
	double from_s, to_s; /* along x */
	double most;	     /* along y, from 0 */
};

static double at_x(const struct plot *plot, double x)
{
	double part = (x - plot->from_s) / (plot->to_s - plot->from_s);

	return plot->left + fmin(1, fmax(0, part)) * (plot->right - plot->left);
}

static double at_y(const struct plot *plot, double y)
{
	return plot->bottom - y / plot->most * (plot->bottom - plot->top);
}

static double known(double value)
{
	return isfinite(value) && value > 0 ? value : 0;
}

/* The highest value, or the highest sum where areas are stacked; 0 for none. */
static double highest(const struct vr_chart_panel *panel)
{
	double most = 0;

	for (size_t i = 0; i < panel->points; i++) {
		double sum = 0;

		for (size_t s = 0; s < panel->count; s++) {
			double value = known(panel->series[s].value[i]);

			sum = panel->kind == VR_PANEL_AREAS ? sum + value : fmax(sum, value);
		}
		most = fmax(most, sum);
	}
	return most;
}

static void shade(struct vr_scene *scene, const struct vr_chart *chart, const struct plot *plot)
{
	for (size_t i = 0; i < chart->spans; i++) {
		double from = at_x(plot, chart->span[i].from_s);
		double to = at_x(plot, chart->span[i].to_s);

		if (to > from)
			vr_scene_rectangle(scene, from, plot->top, to - from,
					   plot->bottom - plot->top, 0xf1f1f1);
	}
}

/* Horizontal lines with their values; leaves plot->left behind the labels. */
static void value_axis(struct vr_scene *scene, const struct vr_chart *chart,
		       const struct vr_chart_panel *panel, struct plot *plot)
{
	struct vr_scene_text style = {
	    .size = VR_PANEL_SMALL, .anchor = VR_ANCHOR_END, .rgb = 0x444444};
	double step = vr_axis_step(highest(panel) * 1.02, panel->low ? 3 : 6, &plot->most);
	size_t steps = (size_t)lround(plot->most / step);
	double widest = 0;
	char text[VR_AXIS_TEXT];

	for (size_t i = 0; i <= steps; i++) {
		vr_axis_text(text, (double)i * step, step);
		widest = fmax(widest, vr_scene_width(scene, text, VR_PANEL_SMALL, 0));
	}
	/* As many pixels as most labels need: panels stand exactly below each other. */
	plot->left = VR_PANEL_MARGIN + 2 * VR_PANEL_SMALL + fmax(widest, 40) + 6;
	shade(scene, chart, plot);
	for (size_t i = 0; i <= steps; i++) {
		double y = at_y(plot, (double)i * step);

		vr_axis_text(text, (double)i * step, step);
		vr_scene_line(scene, plot->left, y, plot->right, y, 1, i ? 0xe4e4e4 : 0x888888);
		style.x = plot->left - 6;
		style.y = y + 0.35 * VR_PANEL_SMALL;
		vr_scene_text(scene, style, text, widest + 1);
	}
	vr_chart_unit(scene, panel, plot->top, plot->bottom);
}

/* Ticks of time since the start; leaves the bottom below its title. */
static double time_axis(struct vr_scene *scene, const struct plot *plot)
{
	struct vr_scene_text style = {
	    .size = VR_PANEL_SMALL, .anchor = VR_ANCHOR_MIDDLE, .rgb = 0x444444};
	double seconds, end, widest, step;
	const char *unit = vr_axis_time(plot->to_s, &seconds);
	double from = plot->from_s / seconds, to = plot->to_s / seconds;
	char text[VR_AXIS_TEXT];
	char *name;

	step = vr_axis_step(to - from, 12, &end);
	vr_axis_text(text, step * ceil(to / step), step);
	widest = vr_scene_width(scene, text, VR_PANEL_SMALL, 0) + VR_PANEL_TICK_GAP;
	while ((plot->right - plot->left) * step / (to - from) < widest)
		step *= 2;
	for (double tick = fmax(0, ceil(from / step - 1e-9)); tick * step <= to * (1 + 1e-9);
	     tick++) {
		double x = at_x(plot, tick * step * seconds);

		vr_axis_text(text, tick * step, step);
		vr_scene_line(scene, x, plot->top, x, plot->bottom + 4, 1, 0xe4e4e4);
		style.x = x;
		style.y = plot->bottom + 7 + VR_PANEL_SMALL;
		vr_scene_text(scene, style, text, widest);
	}
	name = vr_xcalloc(strlen(unit) + 32, 1);
	sprintf(name, "time since the start (%s)", unit);
	style.x = (plot->left + plot->right) / 2;
	style.y = plot->bottom + 7 + 2.6 * VR_PANEL_SMALL;
	vr_scene_text(scene, style, name, plot->right - plot->left);
	free(name);
	return style.y + 0.3 * VR_PANEL_SMALL;
}

static void dot(struct vr_scene *scene, double x, double y, uint32_t rgb)
{
	vr_scene_rectangle(scene, x - 2.5, y - 2.5, 5, 5, rgb);
}

static void draw_lines(struct vr_scene *scene, const struct vr_chart_panel *panel,
		       const struct plot *plot)
{
	for (size_t s = 0; s < panel->count; s++) {
		const double *value = panel->series[s].value;
		int open = 0;

		for (size_t i = 0; i < panel->points; i++) {
			if (!isfinite(value[i])) {
				open = open && panel->series[s].bridged;
				continue;
			}
			if (!open)
				vr_scene_shape(scene, 0, 1.8, vr_chart_colour(panel->series, s));
			open = 1;
			vr_scene_point(scene, at_x(plot, panel->x[i]), at_y(plot, value[i]));
		}
		for (size_t i = 0; i < panel->points && panel->points <= DOTS_MOST; i++)
			if (isfinite(value[i]))
				dot(scene, at_x(plot, panel->x[i]), at_y(plot, value[i]),
				    vr_chart_colour(panel->series, s));
	}
}

/* Each area lies on the sum of those before it. */
static void draw_areas(struct vr_scene *scene, const struct vr_chart_panel *panel,
		       const struct plot *plot)
{
	double *below = vr_xcalloc(panel->points, sizeof(*below));

	for (size_t i = 0; i < panel->points; i++)
		below[i] = 0;
	for (size_t s = 0; s < panel->count; s++) {
		const double *value = panel->series[s].value;
		uint32_t rgb = vr_chart_colour(panel->series, s);

		vr_scene_shape(scene, 1, 0, rgb);
		for (size_t i = 0; i < panel->points; i++)
			vr_scene_point(scene, at_x(plot, panel->x[i]),
				       at_y(plot, below[i] + known(value[i])));
		for (size_t i = panel->points; i-- > 0;)
			vr_scene_point(scene, at_x(plot, panel->x[i]), at_y(plot, below[i]));
		for (size_t i = 0; i < panel->points; i++)
			below[i] += known(value[i]);
		if (panel->points == 1) /* an area without width */
			dot(scene, at_x(plot, panel->x[0]), at_y(plot, below[0]), rgb);
	}
	free(below);
}

/* Returns the bottom. */
static double time_panel(struct vr_scene *scene, const struct vr_chart *chart,
			 const struct vr_chart_panel *panel, double y)
{
	struct plot plot = {.right = WIDTH - VR_PANEL_MARGIN - 20, .from_s = chart->from_s};

	plot.to_s = chart->to_s;
	if (!(plot.to_s > plot.from_s)) {
		plot.from_s = panel->points ? fmin(0, panel->x[0]) : 0;
		plot.to_s = panel->points ? panel->x[panel->points - 1] : 0;
	}
	if (!(plot.to_s > plot.from_s))
		plot.to_s = plot.from_s + 1;
	if (panel->points)
		y = vr_chart_legend(scene, panel, y);
	plot.top = y + 10;
	plot.bottom = plot.top + (panel->low ? PLOT_HEIGHT / 2 : PLOT_HEIGHT);
	value_axis(scene, chart, panel, &plot);
	y = time_axis(scene, &plot);
	if (!panel->points || !panel->count)
		vr_chart_empty(scene, panel, (plot.top + plot.bottom) / 2);
	else if (panel->kind == VR_PANEL_AREAS)
		draw_areas(scene, panel, &plot);
	else
		draw_lines(scene, panel, &plot);
	return y;
}

/* A line for people, in up to NOTE_LINES of the picture; returns the last baseline. */
static double put_note(struct vr_scene *scene, struct vr_scene_text style, const char *note,
		       double room)
{
	char *text = vr_text_clean(note);
	char *at = text;

	for (size_t line = 1; line < NOTE_LINES; line++) {
		size_t end = strlen(at);

		while (end > 0 && vr_scene_prefix(scene, at, end, style.size) > room)
			do
				end--;
			while (end > 0 && at[end] != ' ');
		if (!end || !at[end])
			break;
		at[end] = '\0';
		vr_scene_text(scene, style, at, room);
		at += end + 1;
		style.y += 18;
	}
	vr_scene_text(scene, style, at, room);
	free(text);
	return style.y;
}

static double header(struct vr_scene *scene, const struct vr_chart *chart)
{
	struct vr_scene_text style = {.size = 20, .bold = 1, .rgb = 0x111111, .x = VR_PANEL_MARGIN};
	double room = WIDTH - 2 * VR_PANEL_MARGIN;
	double y = VR_PANEL_MARGIN + 18;

	style.y = y;
	vr_scene_text(scene, style, chart->title, room);
	style =
	    (struct vr_scene_text){.size = VR_PANEL_SMALL, .rgb = 0x666666, .x = VR_PANEL_MARGIN};
	style.y = y += 22;
	vr_scene_text(scene, style, chart->subtitle, room);
	style.size = 13;
	for (size_t i = 0; i < chart->notes; i++) {
		style.rgb = chart->note[i].alarm ? 0xa01c2c : 0x444444;
		style.y = y + 20;
		y = put_note(scene, style, chart->note[i].text, room);
	}
	return y + 12;
}

struct vr_scene *vr_chart_layout(const struct vr_chart *chart)
{
	struct vr_scene *scene = vr_scene_new(WIDTH);
	double y = header(scene, chart);

	for (size_t i = 0; i < chart->panels; i++) {
		const struct vr_chart_panel *panel = &chart->panel[i];
		struct vr_scene_text style = {
		    .size = 14, .bold = 1, .rgb = 0x222222, .x = VR_PANEL_MARGIN};

		style.y = y += 28;
		vr_scene_text(scene, style, panel->title, WIDTH - 2 * VR_PANEL_MARGIN);
		y += 8;
		if (panel->kind == VR_PANEL_BARS)
			y = vr_bars_panel(scene, panel, y);
		else if (panel->kind == VR_PANEL_TIMES)
			y = vr_times_panel(scene, panel, y);
		else
			y = time_panel(scene, chart, panel, y);
	}
	scene->height = ceil(y + VR_PANEL_MARGIN);
	return scene;
}
