/* A panel of VR_PANEL_TIMES.  Part of output. */
#ifndef VR_CHART_TIMES_H
#define VR_CHART_TIMES_H

#include "output/chart_scene.h"

/* Below y; returns its bottom. */
double vr_times_panel(struct vr_scene *scene, const struct vr_chart_panel *panel, double y);

#endif
