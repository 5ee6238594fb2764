/* Panels of bars, and what they share with panels over time.  Part of output. */
#ifndef VR_CHART_BARS_H
#define VR_CHART_BARS_H

#include "output/chart_scene.h"

/* Draws the panel below y; returns its bottom. */
double vr_bars_panel(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);

/* chart_layout.c */
uint32_t vr_chart_colour(size_t series);
/* One name of a series beside the other as far as there is room; returns the
 * bottom. */
double vr_chart_legend(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);
/* Says that there is nothing to draw. */
void vr_chart_empty(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);

#endif
