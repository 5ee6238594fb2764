#include "model/trend.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define SLOPES_MAX (VR_TREND_POINTS_MAX * (VR_TREND_POINTS_MAX - 1) / 2)

/* Continued fraction of the incomplete beta function, by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 / fmax(1 - (a + b) * x / (a + 1), 1e-300), sum = d;

	for (int m = 1; m < 500; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double factor;

		d = 1 / (1 + even * d);
		c = 1 + even / c;
		sum *= c * d;
		d = 1 / (1 + odd * d);
		c = 1 + odd / c;
		factor = c * d;
		sum *= factor;
		if (fabs(factor - 1) < 1e-14)
			break;
	}
	return sum;
}

/* Regularized incomplete beta function. */
static double beta_below(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x >= 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double vr_student_above(double t, double freedom)
{
	double tail = beta_below(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2;

	return t > 0 ? tail : 1 - tail;
}

double vr_student_quantile(double p, double freedom)
{
	double low = 0, high = 1e4;

	for (int i = 0; i < 80; i++) {
		double middle = (low + high) / 2;

		if (vr_student_above(middle, freedom) > p)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Median of the slopes between all pairs. */
static double theil_sen(const double *y, size_t n)
{
	double *slope = vr_xcalloc(SLOPES_MAX, sizeof(*slope));
	size_t count = 0;
	double median;

	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++)
			slope[count++] = (y[j] - y[i]) / (double)(j - i);
	qsort(slope, count, sizeof(*slope), by_size);
	median = (slope[(count - 1) / 2] + slope[count / 2]) / 2;
	free(slope);
	return median;
}

/* The variance that a mean of the e has, times their number: what neighbours
 * share is added (Newey and West), never taken off. */
static double long_run_variance(const double *e, size_t n, double freedom)
{
	size_t lags = (size_t)(4 * pow((double)n / 100, 2.0 / 9));
	double own = 0, all;

	for (size_t i = 0; i < n; i++)
		own += e[i] * e[i];
	all = own;
	for (size_t lag = 1; lag <= lags && lag < n; lag++) {
		double shared = 0;

		for (size_t i = lag; i < n; i++)
			shared += e[i] * e[i - lag];
		all += 2 * (1 - (double)lag / (double)(lags + 1)) * shared;
	}
	return fmax(own, all) / freedom;
}

struct estimate {
	double slope, error, freedom;
};

/* The mean of the increments and its error: right for noise that wanders like a
 * random walk, and too wide for any that returns. */
static struct estimate estimate_trend(const double *y, size_t n, double grain)
{
	struct estimate is = {.freedom = (double)n - 2};
	double e[VR_TREND_POINTS_MAX];
	double variance;

	is.slope = (y[n - 1] - y[0]) / (double)(n - 1);
	for (size_t i = 1; i < n; i++)
		e[i - 1] = y[i] - y[i - 1] - is.slope;
	/* Both ends of an increment stand between two multiples of the grain. */
	variance = long_run_variance(e, n - 1, is.freedom) + grain * grain / 6;
	is.error = sqrt(variance / (double)(n - 1));
	return is;
}

/* Lowest of each `fold` readings; the newest ones are always in a whole floor. */
static size_t floors_of(const double *y, size_t n, size_t fold, double *out)
{
	size_t count = n / fold, skip = n % fold;

	for (size_t i = 0; i < count; i++) {
		const double *at = y + skip + i * fold;

		out[i] = at[0];
		for (size_t j = 1; j < fold; j++)
			out[i] = fmin(out[i], at[j]);
	}
	return count;
}

/* Of the last fifth, by least squares. */
static double recent_slope(const double *y, size_t n)
{
	size_t last = (n + 4) / 5 > 3 ? (n + 4) / 5 : 3;
	double middle = (double)(last - 1) / 2, sxx = 0, sxy = 0;

	for (size_t i = 0; i < last; i++) {
		double x = (double)i - middle;

		sxx += x * x;
		sxy += x * y[n - last + i];
	}
	return sxy / sxx;
}

static void attempt(const double *y, size_t n, size_t from, size_t fold, double grain,
		    struct vr_trend *best)
{
	double line[VR_TREND_POINTS_MAX];
	size_t count = floors_of(y + from, n - from, fold, line);
	struct estimate is = estimate_trend(line, count, grain);
	double p, reach, sen, by = (double)fold;

	if (is.error <= 0)
		return; /* nothing moves */
	p = vr_student_above(is.slope / is.error, is.freedom);
	if (p >= best->p)
		return;
	reach = vr_student_quantile(0.025, is.freedom) * is.error;
	sen = theil_sen(line, count);
	*best = (struct vr_trend){
	    .p = p,
	    .slope = sen / by,
	    .low = (fmin(sen, is.slope) - reach) / by,
	    .high = (fmax(sen, is.slope) + reach) / by,
	    .recent = recent_slope(line, count) / by,
	    .rise = line[count - 1] - line[0],
	    .from = from,
	    .fold = fold,
	};
}

int vr_trend_of(const double *y, size_t n, double grain, struct vr_trend *trend)
{
	unsigned attempts = 0;

	*trend = (struct vr_trend){.p = 1};
	if (n > VR_TREND_POINTS_MAX || n - n / 5 < VR_TREND_FLOORS_MIN)
		return -ENODATA;
	for (size_t fold = 1; fold <= 8; fold *= 2) {
		for (int late = 0; late < 2; late++) {
			size_t from = late ? n / 2 : n / 5;
			size_t least = fold == 1 ? VR_TREND_FLOORS_MIN : VR_TREND_FLOORS_MIN + 4;

			if ((n - from) / fold < least)
				continue;
			attempt(y, n, from, fold, grain, trend);
			attempts++;
		}
	}
	trend->p = fmin(1, trend->p * attempts);
	return 0;
}

struct ranked {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->p < y->p ? -1 : x->p > y->p;
}

void vr_fdr_adjust(double *p, size_t n)
{
	struct ranked *order = vr_xcalloc(n ? n : 1, sizeof(*order));
	double least = 1;

	for (size_t i = 0; i < n; i++)
		order[i] = (struct ranked){p[i], i};
	qsort(order, n, sizeof(*order), by_p);
	for (size_t i = n; i-- > 0;) {
		least = fmin(least, order[i].p * (double)n / (double)(i + 1));
		p[order[i].at] = least;
	}
	free(order);
}
