/* Charts as PNG or SVG: panels below each other under one title.
 *
 * Takes numbers and names; knows no profile type.  Text of unknown origin may
 * come in: it is cleaned and shortened to the room there is.  Nothing overlaps,
 * which test_chart.c checks over the boxes of all texts. */
#ifndef VR_CHART_H
#define VR_CHART_H

#include <stddef.h>
#include <stdint.h>

enum vr_panel_kind {
	VR_PANEL_LINES, /* series over time */
	VR_PANEL_AREAS, /* the same, stacked */
	VR_PANEL_BARS,	/* one row for each name, series beside each other */
	VR_PANEL_TIMES	/* how many took how long: a histogram, both axes logarithmic */
};

/* What a colour says.  The alarm's is used for nothing else. */
enum vr_chart_tone {
	VR_TONE_NAME, /* which of several it is */
	VR_TONE_CALM, /* the same, beside others that are alarms */
	VR_TONE_ALARM
};

struct vr_chart_series {
	const char *name;
	const double *value; /* one for each x, or for each bar; NAN: unknown */
	int bridged;	     /* a line goes on over what is unknown */
	enum vr_chart_tone tone;
};

/* A line across a histogram, at so many nanoseconds. */
struct vr_chart_mark {
	double ns;
	const char *name;
	int alarm;
};

struct vr_chart_panel {
	enum vr_panel_kind kind;
	const char *title;
	const char *unit;	  /* of the values: "MB" */
	int low;		  /* 1: half as high as others */
	const char *empty;	  /* what to say when there is nothing to draw */
	const double *x;	  /* seconds, rising; not of bars */
	const char *const *label; /* of each bar */
	const char *const *text;  /* at each bar, series by series; NULL: the value */
	/* What each bar of the only series is, an index of `sort`, whose names and tones the
	 * legend has; NULL: they are all the same. */
	const unsigned char *bar_sort;
	const struct vr_chart_series *sort;
	size_t sorts;
	size_t points; /* of x, or bars */
	const struct vr_chart_series *series;
	size_t count; /* of series */
	/* Of a histogram, whose only series has the counts: the ends of each bucket in
	 * nanoseconds, not below 1 and rising, and what is marked. */
	const double *from_ns, *to_ns;
	const struct vr_chart_mark *mark;
	size_t marks;
};

/* A line below the title. */
struct vr_chart_note {
	const char *text;
	int alarm;
};

/* A span of time that stands behind what is drawn. */
struct vr_chart_span {
	double from_s, to_s;
};

struct vr_chart {
	const char *title;
	const char *subtitle;
	const struct vr_chart_note *note;
	size_t notes;
	const struct vr_chart_span *span; /* shaded */
	size_t spans;
	const struct vr_chart_panel *panel;
	size_t panels;
	double from_s, to_s; /* time shown by all panels; 0, 0: that of the data */
};

#define VR_CHART_SERIES_MAX 10u /* as many colours there are */

/* Writes the picture.  Both return 0 or -errno; a file half written is removed
 * unless it was there before. */
int vr_chart_png(const struct vr_chart *chart, const char *path);
int vr_chart_svg(const struct vr_chart *chart, const char *path);

#endif
