#include "risk.h"

#include <math.h>
#include <stdlib.h>

#define HOURS	  3000 /* drawn */
#define HOUR_BARS 60

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void fill_returns(const struct virt_bar *bars, size_t nr, double *returns)
{
	for (size_t i = 1; i < nr; i++)
		returns[i - 1] = log(bars[i].close / bars[i - 1].close);
}

static double draw_hour(const double *returns, size_t nr, struct virt_rng *rng)
{
	double sum = 0;

	for (int i = 0; i < HOUR_BARS; i++)
		sum += returns[virt_rng_below(rng, nr)];
	return sum;
}

double virt_risk_hour(const struct virt_bar *bars, size_t bar_nr, struct virt_rng *rng)
{
	double returns[VIRT_BARS_MAX], hours[HOURS];

	if (bar_nr < 2)
		return 0;
	fill_returns(bars, bar_nr, returns);
	for (int i = 0; i < HOURS; i++)
		hours[i] = draw_hour(returns, bar_nr - 1, rng);
	qsort(hours, HOURS, sizeof(hours[0]), compare);
	return fmax(0, -hours[HOURS / 20]);
}
