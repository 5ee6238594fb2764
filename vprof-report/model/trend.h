/* Does a series rise for good?  Statistics of evenly spaced readings whose
 * noise may be anything from independent to a random walk
 * (docs/decisions/growth.md). */
#ifndef VR_TREND_H
#define VR_TREND_H

#include <stddef.h>

#define VR_TREND_POINTS_MAX 128u
#define VR_TREND_FLOORS_MIN 8u /* a line through fewer says nothing */

/* All by the step of one reading. */
struct vr_trend {
	double p;	  /* chance of so clear a rise without a trend, 0 to 1 */
	double slope;	  /* Theil-Sen */
	double low, high; /* its 95 % interval, were the noise a random walk */
	double recent;	  /* slope over the last fifth */
	double rise;	  /* from the first to the last floor */
	size_t from;	  /* readings before this one are taken for warm-up */
	size_t fold;	  /* readings to a floor: the lowest of so many */
};

/* Tests n readings (at most VR_TREND_POINTS_MAX).  A tested floor is the lowest of
 * one, two, four or eight readings, from a fifth or the half of the series on; p
 * accounts for the number of these attempts, the rest is of the clearest.
 *
 *   grain  size of a single step, e.g. the mean block: a rise by few of them is
 *          not sure however even it looks
 * Returns 0, or -ENODATA for too few readings. */
int vr_trend_of(const double *y, size_t n, double grain, struct vr_trend *trend);

/* P(T > t) of Student's distribution. */
double vr_student_above(double t, double freedom);
/* The t above which lies a share p (below one half). */
double vr_student_quantile(double p, double freedom);

/* Benjamini and Hochberg: p becomes the smallest rate of false discoveries at
 * which that one is among them. */
void vr_fdr_adjust(double *p, size_t n);

#endif
