#include "analog.h"

#include <math.h>
#include <stdlib.h>

#define SHAPE_BARS   40
#define OUTLOOK_BARS 15
#define WARP_BARS    5 /* how far apart two bars may be and still be matched */
#define NEIGHBOURS   12

struct match {
	double distance;
	size_t start; /* index of its first bar */
};

/* The closes of a stretch, relative to the first. */
static void fill_shape(const struct virt_bar *bars, double *shape)
{
	for (size_t i = 0; i < SHAPE_BARS; i++)
		shape[i] = bars[i].close / bars[0].close - 1;
}

static double least(double a, double b, double c)
{
	double ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Dynamic time warping within a band, one row of the table at a time. */
static double warped_distance(const double *a, const double *b)
{
	double rows[2][SHAPE_BARS + 1];
	double *above = rows[0], *row = rows[1];

	for (size_t k = 0; k <= SHAPE_BARS; k++)
		above[k] = k ? INFINITY : 0;
	for (size_t i = 1; i <= SHAPE_BARS; i++) {
		size_t first = i > WARP_BARS ? i - WARP_BARS : 1;
		size_t last = i + WARP_BARS < SHAPE_BARS ? i + WARP_BARS : SHAPE_BARS;
		double *swap = above;

		for (size_t k = 0; k <= SHAPE_BARS; k++)
			row[k] = INFINITY;
		for (size_t k = first; k <= last; k++)
			row[k] =
			    fabs(a[i - 1] - b[k - 1]) + least(above[k], above[k - 1], row[k - 1]);
		above = row;
		row = swap;
	}
	return above[SHAPE_BARS];
}

static int compare(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	return (x->distance > y->distance) - (x->distance < y->distance);
}

static double return_after(const struct virt_bar *bars, const struct match *match)
{
	size_t end = match->start + SHAPE_BARS - 1;

	return bars[end + OUTLOOK_BARS].close / bars[end].close - 1;
}

double virt_analog_outlook(const struct virt_bar *bars, size_t bar_nr)
{
	double shape[SHAPE_BARS], other[SHAPE_BARS], sum = 0;
	struct match *matches;
	size_t nr;

	if (bar_nr < 2 * SHAPE_BARS + OUTLOOK_BARS + NEIGHBOURS)
		return 0;
	/* The stretch itself, and what overlaps it, would match best and say nothing. */
	nr = bar_nr - 2 * SHAPE_BARS - OUTLOOK_BARS;
	matches = malloc(nr * sizeof(*matches));
	if (!matches)
		return 0;
	fill_shape(&bars[bar_nr - SHAPE_BARS], shape);
	for (size_t i = 0; i < nr; i++) {
		fill_shape(&bars[i], other);
		matches[i] = (struct match){warped_distance(shape, other), i};
	}
	qsort(matches, nr, sizeof(*matches), compare);
	for (size_t i = 0; i < NEIGHBOURS; i++)
		sum += return_after(bars, &matches[i]);
	free(matches);
	return sum / NEIGHBOURS;
}
