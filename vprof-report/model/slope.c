#include "model/slope.h"

#include <math.h>
#include <stdlib.h>

#include "cli/xalloc.h"

#define POINTS_MAX	240u
#define INDEPENDENT_MIN 4.0 /* points that are counted at least */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double vr_median(double *value, size_t count)
{
	if (!count)
		return 0;
	qsort(value, count, sizeof(*value), ascending);
	return count % 2 ? value[count / 2] : (value[count / 2 - 1] + value[count / 2]) / 2;
}

/* Means of groups of neighbours; returns how many. */
static size_t group(const double *x, const double *y, size_t count, double *gx, double *gy)
{
	size_t groups = count < POINTS_MAX ? count : POINTS_MAX;

	for (size_t g = 0; g < groups; g++) {
		size_t from = g * count / groups;
		size_t to = (g + 1) * count / groups;

		gx[g] = gy[g] = 0;
		for (size_t i = from; i < to; i++) {
			gx[g] += x[i] / (double)(to - from);
			gy[g] += y[i] / (double)(to - from);
		}
	}
	return groups;
}

static double median_slope(const double *x, const double *y, size_t count)
{
	double *slope = vr_xcalloc(count * (count - 1) / 2, sizeof(*slope));
	size_t slopes = 0;
	double middle;

	for (size_t i = 0; i < count; i++)
		for (size_t k = i + 1; k < count; k++)
			if (x[k] > x[i])
				slope[slopes++] = (y[k] - y[i]) / (x[k] - x[i]);
	middle = vr_median(slope, slopes);
	free(slope);
	return middle;
}

/* The 97.5 % quantile of Student's t, by its expansion around the normal. */
static double student(double freedom)
{
	const double z = 1.959964;

	return z + (z * z * z + z) / (4 * freedom) +
	       (5 * pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * freedom * freedom);
}

/* Three times the usual size of residuals, beyond which they are outliers that
 * the slope did not follow. */
static double outliers_from(const double *x, const double *y, size_t count,
			    const struct vr_slope *line)
{
	double size[POINTS_MAX];

	for (size_t i = 0; i < count; i++)
		size[i] = fabs(y[i] - line->intercept - line->slope * x[i]);
	return 3 * 1.4826 * vr_median(size, count);
}

/* Half the width of the interval. */
static double uncertainty(const double *x, const double *y, size_t count,
			  const struct vr_slope *line)
{
	double limit = outliers_from(x, y, count, line);
	double mean_x = 0, spread_x = 0, squares = 0, neighbours = 0, before = 0;
	double r, independent;

	for (size_t i = 0; i < count; i++)
		mean_x += x[i] / (double)count;
	for (size_t i = 0; i < count; i++) {
		double residual = y[i] - line->intercept - line->slope * x[i];

		residual = fmin(fmax(residual, -limit), limit);
		spread_x += (x[i] - mean_x) * (x[i] - mean_x);
		squares += residual * residual;
		neighbours += i ? residual * before : 0;
		before = residual;
	}
	if (!(squares > 0) || !(spread_x > 0))
		return 0;
	r = fmax(0, neighbours / squares);
	independent = fmax(INDEPENDENT_MIN, (double)count * (1 - r) / (1 + r));
	return student(independent - 2) * sqrt(squares / spread_x / (independent - 2));
}

struct vr_slope vr_slope_of(const double *x, const double *y, size_t count)
{
	double gx[POINTS_MAX], gy[POINTS_MAX], rest[POINTS_MAX], half;
	struct vr_slope line = {0, 0, 0, 0};
	size_t groups = group(x, y, count, gx, gy);

	if (groups < 4)
		return line;
	line.slope = median_slope(gx, gy, groups);
	for (size_t i = 0; i < groups; i++)
		rest[i] = gy[i] - line.slope * gx[i];
	line.intercept = vr_median(rest, groups);
	half = uncertainty(gx, gy, groups, &line);
	line.low = line.slope - half;
	line.high = line.slope + half;
	return line;
}
