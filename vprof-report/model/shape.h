/* The shape of memory over time: a steady increase, spikes, a high baseline,
 * or none of them.  docs/shapes.md says when each is named. */
#ifndef VR_SHAPE_H
#define VR_SHAPE_H

#include <stddef.h>
#include <stdint.h>

#define VR_SHAPE_POINTS_MIN 12u /* fewer are not judged */
#define VR_SPIKES_KEPT	    8u

/* Memory at a time, with the range since the point before. */
struct vr_shape_point {
	uint64_t t_ns;
	uint64_t low, value, high; /* bytes, low <= value <= high */
};

/* What was never given back rose all along, start-up and the end left out. */
struct vr_shape_steady {
	int found;
	uint64_t from_ns, to_ns;
	uint64_t from_bytes, to_bytes;
	double slope, slope_low, slope_high; /* bytes per second, 95 % interval */
};

/* Memory that came and went. */
struct vr_shape_spike {
	uint64_t from_ns, to_ns; /* the points around it */
	uint64_t top_ns, top_bytes;
	uint64_t base_bytes; /* the level it stands on */
};

/* What was held all the time after start-up, when that is much. */
struct vr_shape_baseline {
	int found;
	uint64_t from_ns, to_ns;
	uint64_t bytes;
	double percent; /* of the highest value */
};

struct vr_shape {
	int judged; /* 0: too few points, nothing else is valid */
	size_t points;
	struct vr_shape_steady steady;
	struct vr_shape_spike spike[VR_SPIKES_KEPT]; /* the highest, in order of time */
	size_t spikes;				     /* all there were */
	struct vr_shape_baseline baseline;
};

/* Judges `count` points in order of time.  A baseline is high from
 * `high_bytes` on. */
void vr_shape_find(const struct vr_shape_point *point, size_t count, uint64_t high_bytes,
		   struct vr_shape *shape);

/* How many of VR_SPIKES_KEPT are filled. */
size_t vr_shape_spikes_kept(const struct vr_shape *shape);
/* 1 when nothing was found. */
int vr_shape_none(const struct vr_shape *shape);

#endif
