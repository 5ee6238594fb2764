#include "output/chart_panel.h"

#include <math.h>
#include <stdlib.h>

#include "output/out.h"

#define LEGEND_ROW 20.0

#define SHADES VR_CHART_SERIES_MAX

static const uint32_t colour[][SHADES] = {
    [VR_TONE_NAME] = {0x2f6db5, 0xd9772b, 0x3a9a5b, 0x1b7f79, 0x7f5fb0, 0x8a6a4a, 0xd08ac0,
		      0x5fb3c9, 0xb5a82a, 0x9a9a9a},
    [VR_TONE_CALM] = {0x2f6db5, 0x3a9a5b, 0x7f5fb0, 0x5fb3c9, 0x8a6a4a, 0x1b7f79, 0xb5a82a,
		      0x6a7fa0, 0x9fc08a, 0x9a9a9a},
    [VR_TONE_ALARM] = {0xc2273b, 0xe2685a, 0x8a1530, 0xe8967f, 0xa83a66, 0xd44a2a, 0x6a1a1a,
		       0xf0a8a0, 0xb8504a, 0xd9808a},
};

uint32_t vr_chart_colour(const struct vr_chart_series *series, size_t which)
{
	size_t shade = 0;

	for (size_t i = 0; i < which; i++)
		shade += series[i].tone == series[which].tone;
	return colour[series[which].tone][shade % SHADES];
}

double vr_chart_legend(struct vr_scene *scene, const struct vr_chart_panel *panel, double y)
{
	const struct vr_chart_series *series = panel->bar_sort ? panel->sort : panel->series;
	size_t count = panel->bar_sort ? panel->sorts : panel->count;
	struct vr_scene_text style = {.size = VR_PANEL_SMALL, .rgb = 0x222222};
	double room = scene->width - 2 * VR_PANEL_MARGIN, widest = 0;
	size_t columns;

	for (size_t s = 0; s < count; s++) {
		char *clean = vr_text_clean(series[s].name);

		widest = fmax(widest, vr_scene_width(scene, clean, VR_PANEL_SMALL, 0));
		free(clean);
	}
	columns = (size_t)fmax(1, floor(room / (widest + 40)));
	for (size_t s = 0; s < count; s++) {
		double x =
		    VR_PANEL_MARGIN + (double)(s % columns) * (columns > 1 ? widest + 40 : 0);

		if (s && s % columns == 0)
			y += LEGEND_ROW;
		vr_scene_rectangle(scene, x, y + 5, 12, 12, vr_chart_colour(series, s));
		style.x = x + 18;
		style.y = y + 15;
		vr_scene_text(scene, style, series[s].name, room - 18);
	}
	return count ? y + LEGEND_ROW : y;
}

void vr_chart_unit(struct vr_scene *scene, const struct vr_chart_panel *panel, double top,
		   double bottom)
{
	struct vr_scene_text style = {.size = VR_PANEL_SMALL,
				      .anchor = VR_ANCHOR_MIDDLE,
				      .rgb = 0x444444,
				      .vertical = 1,
				      .x = VR_PANEL_MARGIN + VR_PANEL_SMALL,
				      .y = (top + bottom) / 2};

	vr_scene_text(scene, style, panel->unit, bottom - top);
}

void vr_chart_empty(struct vr_scene *scene, const struct vr_chart_panel *panel, double y)
{
	struct vr_scene_text style = {
	    .size = 14, .anchor = VR_ANCHOR_MIDDLE, .rgb = 0x888888, .x = scene->width / 2, .y = y};

	vr_scene_text(scene, style, panel->empty, scene->width - 4 * VR_PANEL_MARGIN);
}
