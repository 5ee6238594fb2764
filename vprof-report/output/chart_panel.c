#include "output/chart_panel.h"

#include <math.h>
#include <stdlib.h>

#include "output/out.h"

#define LEGEND_ROW 20.0

static const uint32_t colour[VR_CHART_SERIES_MAX] = {0x2f6db5, 0xd9772b, 0x3a9a5b, 0xc23b5a,
						     0x7f5fb0, 0x8a6a4a, 0xd08ac0, 0x5fb3c9,
						     0xb5a82a, 0x9a9a9a};

uint32_t vr_chart_colour(size_t series)
{
	return colour[series % VR_CHART_SERIES_MAX];
}

double vr_chart_legend(struct vr_scene *scene, const struct vr_chart_panel *panel, double y)
{
	struct vr_scene_text style = {.size = VR_PANEL_SMALL, .rgb = 0x222222};
	double room = scene->width - 2 * VR_PANEL_MARGIN, widest = 0;
	size_t columns;

	for (size_t s = 0; s < panel->count; s++) {
		char *clean = vr_text_clean(panel->series[s].name);

		widest = fmax(widest, vr_scene_width(scene, clean, VR_PANEL_SMALL, 0));
		free(clean);
	}
	columns = (size_t)fmax(1, floor(room / (widest + 40)));
	for (size_t s = 0; s < panel->count; s++) {
		double x =
		    VR_PANEL_MARGIN + (double)(s % columns) * (columns > 1 ? widest + 40 : 0);

		if (s && s % columns == 0)
			y += LEGEND_ROW;
		vr_scene_rectangle(scene, x, y + 5, 12, 12, vr_chart_colour(s));
		style.x = x + 18;
		style.y = y + 15;
		vr_scene_text(scene, style, panel->series[s].name, room - 18);
	}
	return panel->count ? y + LEGEND_ROW : y;
}

void vr_chart_empty(struct vr_scene *scene, const struct vr_chart_panel *panel, double y)
{
	struct vr_scene_text style = {
	    .size = 14, .anchor = VR_ANCHOR_MIDDLE, .rgb = 0x888888, .x = scene->width / 2, .y = y};

	vr_scene_text(scene, style, panel->empty, scene->width - 4 * VR_PANEL_MARGIN);
}
