/* The slope of a line through points, robust against outliers. */
#ifndef VR_SLOPE_H
#define VR_SLOPE_H

#include <stddef.h>

struct vr_slope {
	double slope;	  /* median of the slopes of all pairs (Theil, Sen) */
	double intercept; /* value at x = 0 */
	double low, high; /* 95 % interval of the slope */
};

/* x rises.  The interval is that of a line with errors that depend on their
 * neighbours: as many independent points are counted as the correlation of
 * successive residuals leaves.  More than a few hundred points are averaged
 * in groups first.  Fewer than 4 points: all zero. */
struct vr_slope vr_slope_of(const double *x, const double *y, size_t count);

/* Reorders `value`; 0 where there is none. */
double vr_median(double *value, size_t count);

#endif
