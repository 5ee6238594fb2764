/* Live bytes of sites over time, as a panel.  Part of the pictures. */
#ifndef VR_PICTURE_SERIES_H
#define VR_PICTURE_SERIES_H

#include "model/growth.h"
#include "output/chart.h"
#include "pictures/pictures.h"

struct vr_site_panel {
	struct vr_chart_panel panel;
	struct vr_chart_series series[VR_CHART_SERIES_MAX];
	double *x, *value; /* of all series, one after the other */
};

/* The sites that held most at a time, stacked up to the whole heap. */
void vr_site_panel_stack(struct vr_context *ctx, const struct vr_growth *growth,
			 struct vr_site_panel *out);
/* The sites that grow, and those that rose most, as lines. */
void vr_site_panel_growth(struct vr_context *ctx, const struct vr_growth *growth,
			  struct vr_site_panel *out);
void vr_site_panel_free(struct vr_site_panel *panel);

#endif
