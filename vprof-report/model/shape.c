#include "model/shape.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/slope.h"

/* The part of the time that is judged for what is held: programs fill their
 * tables at the start and free them at the end. */
#define WARM_UP	   0.25
#define WIND_UP	   0.10
#define MIDDLE_MIN 7u /* points in between */

/* Steady: of SEGMENTS parts of that time all but one add to what is never
 * given back, none most of it, and it does not level off. */
#define SEGMENTS      5u
#define STEADY_BYTES  (512u << 10)
#define STEADY_PART   0.10 /* of the level, at least */
#define STEADY_SURE   0.6  /* lower end of the slope, to the slope */
#define SEGMENT_MOST  0.6
#define SEGMENT_LEAST 0.1 /* of a fair share */
#define LEVELS_OFF    0.5 /* second half of the growth to the first */

/* Spikes stand out of the median around them. */
#define SPIKE_AROUND 0.15 /* of the run, on either side */
#define SPIKE_BYTES  (1u << 20)
#define SPIKE_PART   0.25 /* of the level */
#define SPIKE_SIGMAS 6.0
#define SPIKES_MOST  0.3 /* of the points; above, it is how the program works */

#define BASELINE_PART 0.5 /* of the usual level */

struct stretch {
	size_t from, to; /* [from, to) */
};

static struct stretch middle(const struct vr_shape_point *point, size_t count)
{
	double start = (double)point[0].t_ns;
	double length = (double)point[count - 1].t_ns - start;
	struct stretch stretch = {0, count};

	while (stretch.from < count && (double)point[stretch.from].t_ns < start + WARM_UP * length)
		stretch.from++;
	while (stretch.to > stretch.from &&
	       (double)point[stretch.to - 1].t_ns > start + (1 - WIND_UP) * length)
		stretch.to--;
	return stretch;
}

/* What is held from each point to the end of the stretch; free() it. */
static double *floor_of(const struct vr_shape_point *point, struct stretch stretch)
{
	size_t count = stretch.to - stretch.from;
	double *held = vr_xcalloc(count, sizeof(*held));
	double least = INFINITY;

	for (size_t i = count; i-- > 0;) {
		least = fmin(least, (double)point[stretch.from + i].low);
		held[i] = least;
	}
	return held;
}

/* The floor at a part 0..1 of the stretch's time. */
static double floor_at(const struct vr_shape_point *point, struct stretch stretch,
		       const double *held, double part)
{
	double start = (double)point[stretch.from].t_ns;
	double at = start + part * ((double)point[stretch.to - 1].t_ns - start);
	size_t i = stretch.from;

	while (i + 1 < stretch.to && (double)point[i].t_ns < at)
		i++;
	return held[i - stretch.from];
}

/* 1 when the floor rises through the whole stretch. */
static int rises(const struct vr_shape_point *point, struct stretch stretch, const double *held)
{
	double from = held[0];
	double total = held[stretch.to - stretch.from - 1] - from;
	double half = floor_at(point, stretch, held, 0.5) - from;
	size_t rising = 0;

	if (total < STEADY_BYTES || total < STEADY_PART * from || total - half < LEVELS_OFF * half)
		return 0;
	for (size_t i = 0; i < SEGMENTS; i++) {
		double growth = floor_at(point, stretch, held, (double)(i + 1) / SEGMENTS) -
				floor_at(point, stretch, held, (double)i / SEGMENTS);

		if (growth > SEGMENT_MOST * total)
			return 0;
		rising += growth >= SEGMENT_LEAST * total / SEGMENTS;
	}
	return rising + 1 >= SEGMENTS;
}

static void find_steady(const struct vr_shape_point *point, struct stretch stretch,
			struct vr_shape_steady *steady)
{
	size_t count = stretch.to - stretch.from;
	double *held = floor_of(point, stretch);
	double *x = vr_xcalloc(count, sizeof(*x));
	double *y = vr_xcalloc(count, sizeof(*y));
	struct vr_slope line;

	for (size_t i = 0; i < count; i++) {
		x[i] = (double)(point[stretch.from + i].t_ns - point[stretch.from].t_ns) / 1e9;
		y[i] = (double)point[stretch.from + i].value;
	}
	line = vr_slope_of(x, y, count);
	steady->found =
	    line.low > STEADY_SURE * line.slope && line.slope > 0 && rises(point, stretch, held);
	steady->from_ns = point[stretch.from].t_ns;
	steady->to_ns = point[stretch.to - 1].t_ns;
	steady->from_bytes = (uint64_t)fmax(0, line.intercept);
	steady->to_bytes = (uint64_t)fmax(0, line.intercept + line.slope * x[count - 1]);
	steady->slope = line.slope;
	steady->slope_low = line.low;
	steady->slope_high = line.high;
	free(held);
	free(x);
	free(y);
}

/* The median of the values around each point; free() it. */
static double *levels(const struct vr_shape_point *point, size_t count)
{
	double start = (double)point[0].t_ns;
	double end = (double)point[count - 1].t_ns;
	double around = SPIKE_AROUND * (end - start);
	double *level = vr_xcalloc(count, sizeof(*level));
	double *near = vr_xcalloc(count, sizeof(*near));
	size_t first = 0;

	for (size_t i = 0; i < count; i++) {
		double at = fmin(fmax((double)point[i].t_ns, start + around), end - around);
		size_t used = 0;

		while (first < i && (double)point[first].t_ns < at - around)
			first++;
		for (size_t k = first; k < count && (double)point[k].t_ns <= at + around; k++)
			near[used++] = (double)point[k].value;
		level[i] = used ? vr_median(near, used) : (double)point[i].value;
	}
	free(near);
	return level;
}

/* How far a point must stand out: `middle` of all heights and SPIKE_SIGMAS
 * times their spread. */
static double usual_height(const double *height, size_t count)
{
	double *sorted = vr_xcalloc(count, sizeof(*sorted));
	double centre, spread;

	memcpy(sorted, height, count * sizeof(*sorted));
	centre = vr_median(sorted, count);
	for (size_t i = 0; i < count; i++)
		sorted[i] = fabs(height[i] - centre);
	spread = 1.4826 * vr_median(sorted, count);
	free(sorted);
	return centre + SPIKE_SIGMAS * spread;
}

static double threshold(double usual, double level)
{
	return fmax(fmax(usual, SPIKE_PART * level), SPIKE_BYTES);
}

/* Keeps the highest VR_SPIKES_KEPT in order of time. */
static void keep(struct vr_shape *shape, struct vr_shape_spike spike)
{
	size_t kept = vr_shape_spikes_kept(shape);
	size_t least = 0;

	shape->spikes++;
	if (kept < VR_SPIKES_KEPT) {
		shape->spike[kept] = spike;
		return;
	}
#define HEIGHT(s) ((s).top_bytes - (s).base_bytes)
	for (size_t i = 1; i < kept; i++)
		if (HEIGHT(shape->spike[i]) < HEIGHT(shape->spike[least]))
			least = i;
	if (HEIGHT(spike) <= HEIGHT(shape->spike[least]))
		return;
#undef HEIGHT
	memmove(&shape->spike[least], &shape->spike[least + 1], (kept - least - 1) * sizeof(spike));
	shape->spike[kept - 1] = spike;
}

/* Widens a point that stands out to all around it that are above half of its
 * height. */
static struct stretch widen(const struct vr_shape_point *point, size_t count, const double *level,
			    size_t at)
{
	double half = level[at] + ((double)point[at].high - level[at]) / 2;
	struct stretch stretch = {at, at + 1};

	while (stretch.from > 0 && (double)point[stretch.from - 1].high > half)
		stretch.from--;
	while (stretch.to < count && (double)point[stretch.to].high > half)
		stretch.to++;
	return stretch;
}

/* Fills the spike and returns its end, or 0 where memory did not come back. */
static size_t take_spike(const struct vr_shape_point *point, size_t count, const double *level,
			 size_t first, size_t last, struct vr_shape_spike *spike)
{
	size_t top = first;
	struct stretch stretch;

	for (size_t i = first; i <= last; i++)
		if ((double)point[i].high - level[i] > (double)point[top].high - level[top])
			top = i;
	stretch = widen(point, count, level, top);
	if (stretch.to == count)
		return 0;
	*spike = (struct vr_shape_spike){
	    .from_ns = point[stretch.from ? stretch.from - 1 : 0].t_ns,
	    .to_ns = point[stretch.to].t_ns,
	    .top_ns = point[top].t_ns,
	    .top_bytes = point[top].high,
	    .base_bytes = (uint64_t)level[top],
	};
	return stretch.to > last ? stretch.to : last + 1;
}

static void find_spikes(const struct vr_shape_point *point, size_t count, struct vr_shape *shape)
{
	double *level = levels(point, count);
	double *height = vr_xcalloc(count, sizeof(*height));
	size_t covered = 0;
	double usual;

	for (size_t i = 0; i < count; i++)
		height[i] = (double)point[i].high - level[i];
	usual = usual_height(height, count);
	for (size_t i = 0; i < count; i++) {
		struct vr_shape_spike spike;
		size_t last = i;
		size_t end;

		if (height[i] < threshold(usual, level[i]))
			continue;
		while (last + 1 < count && height[last + 1] >= threshold(usual, level[last + 1]))
			last++;
		end = take_spike(point, count, level, i, last, &spike);
		if (end)
			keep(shape, spike);
		covered += (end ? end : last + 1) - i;
		i = (end ? end : last + 1) - 1;
	}
	if ((double)covered > SPIKES_MOST * (double)count)
		shape->spikes = 0;
	free(level);
	free(height);
}

static void find_baseline(const struct vr_shape_point *point, size_t count, struct stretch stretch,
			  uint64_t high_bytes, struct vr_shape_baseline *baseline)
{
	double *value = vr_xcalloc(stretch.to - stretch.from, sizeof(*value));
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = 0; i < count; i++)
		most = point[i].high > most ? point[i].high : most;
	for (size_t i = stretch.from; i < stretch.to; i++) {
		least = point[i].low < least ? point[i].low : least;
		value[i - stretch.from] = (double)point[i].value;
	}
	*baseline = (struct vr_shape_baseline){
	    .found = least >= high_bytes &&
		     (double)least >= BASELINE_PART * vr_median(value, stretch.to - stretch.from),
	    .from_ns = point[stretch.from].t_ns,
	    .to_ns = point[stretch.to - 1].t_ns,
	    .bytes = least,
	    .percent = most ? 100.0 * (double)least / (double)most : 0,
	};
	free(value);
}

void vr_shape_find(const struct vr_shape_point *point, size_t count, uint64_t high_bytes,
		   struct vr_shape *shape)
{
	struct stretch stretch;

	*shape = (struct vr_shape){.points = count};
	if (count < VR_SHAPE_POINTS_MIN)
		return;
	stretch = middle(point, count);
	if (stretch.to - stretch.from < MIDDLE_MIN)
		return;
	shape->judged = 1;
	find_steady(point, stretch, &shape->steady);
	find_spikes(point, count, shape);
	find_baseline(point, count, stretch, high_bytes, &shape->baseline);
}

size_t vr_shape_spikes_kept(const struct vr_shape *shape)
{
	return shape->spikes < VR_SPIKES_KEPT ? shape->spikes : VR_SPIKES_KEPT;
}

int vr_shape_none(const struct vr_shape *shape)
{
	return !shape->steady.found && !shape->spikes && !shape->baseline.found;
}
