#include "output/chart_bars.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/chart_panel.h"
#include "output/out.h"

#define BAR	   13.0
#define ROW_GAP	   8.0
#define VALUE	   11.0	 /* size of the values at the bars */
#define LABEL_MOST 560.0 /* pixels for names */

struct bars {
	double left, right, top, bottom;
	double step, most; /* of the values */
};

static double widest_label(struct vr_scene *scene, const struct vr_chart_panel *panel)
{
	double widest = 0;

	for (size_t i = 0; i < panel->points; i++) {
		char *clean = vr_text_clean(panel->label[i]);

		widest = fmax(widest, vr_scene_width(scene, clean, VR_PANEL_SMALL, 0));
		free(clean);
	}
	return fmin(ceil(widest) + 1, LABEL_MOST);
}

/* The text at a bar. */
static void value_text(const struct vr_chart_panel *panel, size_t series, size_t i,
		       char text[VR_AXIS_TEXT])
{
	if (panel->text)
		snprintf(text, VR_AXIS_TEXT, "%s", panel->text[series * panel->points + i]);
	else if (!isfinite(panel->series[series].value[i]))
		strcpy(text, "-");
	else
		snprintf(text, VR_AXIS_TEXT, "%.3g", panel->series[series].value[i]);
}

static double widest_value(struct vr_scene *scene, const struct vr_chart_panel *panel)
{
	double widest = 0;
	char text[VR_AXIS_TEXT];

	for (size_t s = 0; s < panel->count; s++) {
		for (size_t i = 0; i < panel->points; i++) {
			value_text(panel, s, i, text);
			widest = fmax(widest, vr_scene_width(scene, text, VALUE, 0));
		}
	}
	return widest;
}

static double highest(const struct vr_chart_panel *panel)
{
	double most = 0;

	for (size_t s = 0; s < panel->count; s++)
		for (size_t i = 0; i < panel->points; i++)
			if (isfinite(panel->series[s].value[i]))
				most = fmax(most, panel->series[s].value[i]);
	return most;
}

/* Returns the bottom. */
static double axis(struct vr_scene *scene, const struct vr_chart_panel *panel,
		   const struct bars *bars)
{
	struct vr_scene_text style = {
	    .size = VR_PANEL_SMALL, .anchor = VR_ANCHOR_MIDDLE, .rgb = 0x444444};
	double step = bars->step, widest;
	char text[VR_AXIS_TEXT];

	vr_axis_text(text, bars->most, step);
	widest = vr_scene_width(scene, text, VR_PANEL_SMALL, 0) + VR_PANEL_TICK_GAP;
	while ((bars->right - bars->left) * step / bars->most < widest)
		step *= 2;
	for (size_t i = 0; (double)i * step <= bars->most * (1 + 1e-9); i++) {
		double x = bars->left + (double)i * step / bars->most * (bars->right - bars->left);

		vr_axis_text(text, (double)i * step, step);
		vr_scene_line(scene, x, bars->top, x, bars->bottom + 4, 1, i ? 0xe4e4e4 : 0x888888);
		style.x = x;
		style.y = bars->bottom + 4 + VR_PANEL_SMALL;
		vr_scene_text(scene, style, text, widest);
	}
	style.x = (bars->left + bars->right) / 2;
	style.y = bars->bottom + 4 + 2.6 * VR_PANEL_SMALL;
	vr_scene_text(scene, style, panel->unit, bars->right - bars->left);
	return style.y + 0.3 * VR_PANEL_SMALL;
}

static void draw_row(struct vr_scene *scene, const struct vr_chart_panel *panel,
		     const struct bars *bars, size_t i, double y)
{
	struct vr_scene_text style = {
	    .size = VR_PANEL_SMALL, .anchor = VR_ANCHOR_END, .rgb = 0x222222};
	double height = (double)panel->count * BAR;
	char text[VR_AXIS_TEXT];

	style.x = bars->left - 8;
	style.y = y + height / 2 + 0.35 * VR_PANEL_SMALL;
	vr_scene_text(scene, style, panel->label[i], bars->left - 8 - VR_PANEL_MARGIN);
	style = (struct vr_scene_text){.size = VALUE, .rgb = 0x444444};
	for (size_t s = 0; s < panel->count; s++) {
		double value = panel->series[s].value[i];
		double width = isfinite(value) && value > 0 ? value / bars->most : 0;

		width *= bars->right - bars->left;
		vr_scene_rectangle(scene, bars->left, y + (double)s * BAR + 1, width, BAR - 2,
				   panel->bar_sort
				       ? vr_chart_colour(panel->sort, panel->bar_sort[i])
				       : vr_chart_colour(panel->series, s));
		value_text(panel, s, i, text);
		style.x = bars->left + width + 5;
		style.y = y + (double)(s + 1) * BAR - 2.7;
		vr_scene_text(scene, style, text, scene->width - VR_PANEL_MARGIN - style.x);
	}
}

double vr_bars_panel(struct vr_scene *scene, const struct vr_chart_panel *panel, double y)
{
	double row = (double)panel->count * BAR + ROW_GAP;
	struct bars bars;

	if (!panel->points || !panel->count) {
		vr_chart_empty(scene, panel, y + 60);
		return y + 120;
	}
	y = vr_chart_legend(scene, panel, y);
	bars.left = VR_PANEL_MARGIN + widest_label(scene, panel) + 8;
	bars.right = scene->width - VR_PANEL_MARGIN - widest_value(scene, panel) - 8;
	bars.top = y + 8;
	bars.bottom = bars.top + (double)panel->points * row + ROW_GAP;
	bars.step = vr_axis_step(highest(panel), 8, &bars.most);
	y = axis(scene, panel, &bars);
	for (size_t i = 0; i < panel->points; i++)
		draw_row(scene, panel, &bars, i, bars.top + ROW_GAP + (double)i * row);
	return y;
}
