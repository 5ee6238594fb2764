/* Tests of how often something is present: exact for small counts.
 *
 * R. A. Fisher, The Design of Experiments (1935); B. Woolf, Annals of Human Genetics 19 (1955)
 * for the interval of an odds ratio, with Haldane's half in each cell; Y. Benjamini and
 * Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/tail.h"

#define Z95 1.959963984540054

static double log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

double vr_fisher(size_t a, size_t drawn, size_t with, size_t all)
{
	size_t most = drawn < with ? drawn : with;
	size_t least = drawn + with > all ? drawn + with - all : 0;
	double whole = log_choose((double)all, (double)drawn), p = 0;

	for (size_t k = a > least ? a : least; k <= most; k++)
		p += exp(log_choose((double)with, (double)k) +
			 log_choose((double)(all - with), (double)(drawn - k)) - whole);
	return p < 1 ? p : 1;
}

double vr_odds_ratio(double a, double b, double c, double d, double *low, double *high)
{
	double ratio, off;

	a += 0.5;
	b += 0.5;
	c += 0.5;
	d += 0.5;
	ratio = a * d / (b * c);
	off = Z95 * sqrt(1 / a + 1 / b + 1 / c + 1 / d);
	*low = ratio * exp(-off);
	*high = ratio * exp(off);
	return ratio;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double vr_discoveries(const double *p, size_t count, double q)
{
	double *sorted = vr_xcalloc(count + 1, sizeof(*sorted)), most = -1;

	memcpy(sorted, p, count * sizeof(*p));
	qsort(sorted, count, sizeof(*sorted), by_value);
	for (size_t i = 0; i < count; i++)
		if (sorted[i] <= q * (double)(i + 1) / (double)count)
			most = sorted[i];
	free(sorted);
	return most;
}
