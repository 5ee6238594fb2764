#include "model/interval.h"

#include <math.h>

#define TAIL 0.025 /* on either side */
/* From this shape on the approximation below is good to 1e-6. */
#define LARGE_SHAPE 200.0
#define TERMS	    2000

/* P(shape, x), the regularized lower incomplete gamma function: by its series
 * below the mean, by Lentz's continued fraction of the rest above. */
static double gamma_below(double shape, double x)
{
	double front, term, sum, b, c, d;

	if (x <= 0)
		return 0;
	front = exp(shape * log(x) - x - lgamma(shape));
	if (x < shape + 1) {
		term = sum = 1 / shape;
		for (int n = 1; n < TERMS && term > sum * 1e-15; n++) {
			term *= x / (shape + n);
			sum += term;
		}
		return front * sum;
	}
	b = x + 1 - shape;
	c = 1e300;
	d = sum = 1 / b;
	for (int n = 1; n < TERMS && fabs(c * d - 1) > 1e-15; n++) {
		double a = -n * (n - shape);

		b += 2;
		d = 1 / (a * d + b);
		c = b + a / c;
		sum *= c * d;
	}
	return 1 - front * sum;
}

/* The quantile of the normal distribution, by halving. */
static double normal_quantile(double p)
{
	double low = -40, high = 40;

	for (int i = 0; i < 80; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle * M_SQRT1_2) / 2 < p)
			low = middle;
		else
			high = middle;
	}
	return low;
}

double vr_gamma_quantile(double shape, double p)
{
	double low = 0, high;

	if (!(shape > 0))
		return 0;
	if (shape > LARGE_SHAPE) { /* Wilson and Hilferty */
		double ninth = 1 / (9 * shape);

		return shape * pow(1 - ninth + normal_quantile(p) * sqrt(ninth), 3);
	}
	high = shape + 10 * sqrt(shape) + 20;
	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (gamma_below(shape, middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

void vr_garwood(double count, double *low, double *high)
{
	*low = vr_gamma_quantile(count, TAIL);
	*high = vr_gamma_quantile(count + 1, 1 - TAIL);
}

static uint64_t whole(double value)
{
	if (!(value > 0))
		return 0;
	return value < 0x1p63 ? (uint64_t)(value + 0.5) : INT64_MAX;
}

struct vr_interval vr_interval_of(uint64_t total, double variance, uint64_t distance)
{
	struct vr_interval interval = {0, 0, 0};
	double low, high, count, each;

	if (total == 0) {
		vr_garwood(0, &low, &high);
		return (struct vr_interval){1, 0, whole(high * (double)distance)};
	}
	count = (double)total * ((double)total / variance);
	each = variance / (double)total;
	if (!(variance > 0) || !isfinite(count) || !isfinite(each))
		return interval; /* certain; or a damaged file */
	vr_garwood(count, &low, &high);
	interval.known = 1;
	interval.low = whole(low * each);
	interval.high = whole(high * each);
	return interval;
}

double vr_interval_percent(const struct vr_interval *interval, uint64_t total)
{
	if (!interval->known || !total)
		return 0;
	return 50.0 * (double)(interval->high - interval->low) / (double)total;
}
