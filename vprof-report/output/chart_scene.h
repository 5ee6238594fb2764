/* What a picture consists of: shapes, and texts whose size is known.  Part of
 * output. */
#ifndef VR_CHART_SCENE_H
#define VR_CHART_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "output/chart.h"

#define VR_CHART_FONT "DejaVu Sans"

enum vr_anchor { VR_ANCHOR_START, VR_ANCHOR_MIDDLE, VR_ANCHOR_END };

struct vr_scene_text {
	char *text;
	double x, y; /* of the baseline at the anchor */
	double size, width;
	enum vr_anchor anchor;
	int bold, vertical; /* vertical: reads upwards */
	uint32_t rgb;
};

struct vr_scene_shape {
	double *xy; /* x, y in turn */
	size_t points;
	int filled;  /* a polygon, else a line */
	double line; /* its width */
	uint32_t rgb;
};

struct vr_scene {
	double width, height; /* pixels */
	struct vr_scene_text *text;
	size_t texts, text_room;
	struct vr_scene_shape *shape; /* drawn in this order, before the texts */
	size_t shapes, shape_room;
	void *measure; /* a drawing that nobody sees */
};

struct vr_box {
	double left, top, right, bottom;
};

struct vr_scene *vr_scene_new(double width);
void vr_scene_free(struct vr_scene *scene);

/* Width in pixels of clean text. */
double vr_scene_width(struct vr_scene *scene, const char *text, double size, int bold);

/* The same of its first `bytes` bytes. */
double vr_scene_prefix(struct vr_scene *scene, const char *text, size_t bytes, double size);

/* Adds a text of at most `room` pixels, shortened with an ellipsis where it is
 * longer.  Returns its width. */
double vr_scene_text(struct vr_scene *scene, struct vr_scene_text style, const char *text,
		     double room);

/* Adds an empty shape; points follow. */
void vr_scene_shape(struct vr_scene *scene, int filled, double line, uint32_t rgb);
void vr_scene_point(struct vr_scene *scene, double x, double y);
void vr_scene_line(struct vr_scene *scene, double x0, double y0, double x1, double y1, double line,
		   uint32_t rgb);
void vr_scene_rectangle(struct vr_scene *scene, double x, double y, double width, double height,
			uint32_t rgb);

/* Where the ink of a text is. */
struct vr_box vr_scene_box(const struct vr_scene_text *text);

/* The whole chart as a scene (chart_layout.c). */
struct vr_scene *vr_chart_layout(const struct vr_chart *chart);

/* Axis (chart_axis.c): ticks of 1, 2 or 5 times a power of ten.
 *   most  ticks at most
 * Returns the step; *end is the first tick at or above `value`. */
double vr_axis_step(double value, size_t most, double *end);
/* A tick as text with the decimals its step needs. */
#define VR_AXIS_TEXT 40
void vr_axis_text(char text[VR_AXIS_TEXT], double value, double step);
/* The unit that suits a time in seconds; *seconds is its length. */
const char *vr_axis_time(double span_s, double *seconds);

#endif
