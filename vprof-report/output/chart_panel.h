/* What panels of bars and panels over time have in common.  Part of output. */
#ifndef VR_CHART_PANEL_H
#define VR_CHART_PANEL_H

#include "output/chart_scene.h"

/* In pixels. */
#define VR_PANEL_MARGIN	  24.0
#define VR_PANEL_SMALL	  12.0 /* size of most texts */
#define VR_PANEL_TICK_GAP 14.0 /* between labels of an axis, at least */

/* Of one of several series. */
uint32_t vr_chart_colour(const struct vr_chart_series *series, size_t which);
/* One name of a series beside the other as far as there is room; returns the
 * bottom. */
double vr_chart_legend(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);
/* What the values are, upwards at the left, between these heights. */
void vr_chart_unit(struct vr_scene *scene, const struct vr_chart_panel *panel, double top,
		   double bottom);
/* Says that there is nothing to draw. */
void vr_chart_empty(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);

#endif
