/* Panels of bars.  Part of output. */
#ifndef VR_CHART_BARS_H
#define VR_CHART_BARS_H

#include "output/chart_scene.h"

/* Draws the panel below y; returns its bottom. */
double vr_bars_panel(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);

#endif
