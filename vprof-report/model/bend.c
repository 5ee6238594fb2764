#include "model/bend.h"

#include <math.h>

#include "model/trend.h"

#define PARTS_MAX 12u
#define PARTS_MIN 4u

/* What is held from each reading to the end. */
static void held_of(const double *y, size_t n, double *held)
{
	double least = INFINITY;

	for (size_t i = n; i-- > 0;) {
		least = fmin(least, y[i]);
		held[i] = least;
	}
}

static void count_rises(const double *held, const double *at, size_t n, struct vr_bend *bend)
{
	double all = held[n - 1] - held[0];
	size_t then = n - 1;

	while (then && at[then] > at[n - 1] - (at[n - 1] - at[0]) / 5)
		then--;
	if (all > 0)
		bend->recent = (held[n - 1] - held[then]) / all;
	for (size_t i = 1; i < n; i++) {
		if (held[i] <= held[i - 1])
			continue;
		bend->rises++;
		bend->most = fmax(bend->most, (held[i] - held[i - 1]) / all);
	}
}

/* When the middle of each part of the rise was reached. */
static void reach(const double *held, const double *at, size_t parts, double all, double *when)
{
	size_t i = 1;

	for (size_t j = 0; j < parts; j++) {
		double level = held[0] + all * ((double)j + 0.5) / (double)parts;

		while (held[i] < level)
			i++;
		when[j] = at[i] - (at[i] - at[i - 1]) * (held[i] - level) / (held[i] - held[i - 1]);
	}
}

/* A line through the times from one part to the next. */
static void fit(const double *lasts, size_t count, struct vr_bend *bend)
{
	double middle = (double)(count - 1) / 2, sxx = 0, sxy = 0, rest = 0, slope;

	for (size_t j = 0; j < count; j++)
		bend->mean += lasts[j] / (double)count;
	for (size_t j = 0; j < count; j++) {
		sxx += ((double)j - middle) * ((double)j - middle);
		sxy += ((double)j - middle) * (lasts[j] - bend->mean);
	}
	slope = sxy / sxx;
	for (size_t j = 0; j < count; j++) {
		double own = lasts[j] - bend->mean;
		double off = own - slope * ((double)j - middle);

		bend->spread += own * own / (double)(count - 1);
		rest += off * off;
	}
	bend->spread = sqrt(bend->spread);
	bend->longer = slope * (double)count / bend->mean;
	bend->error = sqrt(rest / (double)(count - 2) / sxx) * (double)count / bend->mean;
}

struct vr_bend vr_bend_of(const double *y, const double *at, size_t n, size_t from)
{
	struct vr_bend bend = {0};
	double held[VR_TREND_POINTS_MAX] = {0}, when[PARTS_MAX], lasts[PARTS_MAX], since;
	size_t count = 0;

	if (n > VR_TREND_POINTS_MAX || n < from + 2)
		return bend;
	n -= from;
	at += from;
	held_of(y + from, n, held);
	count_rises(held, at, n, &bend);
	if (bend.rises < PARTS_MIN)
		return bend;
	bend.parts = bend.rises < PARTS_MAX ? bend.rises : PARTS_MAX;
	reach(held, at, bend.parts, held[n - 1] - held[0], when);
	for (size_t j = 1; j < bend.parts; j++)
		lasts[count++] = when[j] - when[j - 1];
	/* One that is overdue at the end is as long at least. */
	since = at[n - 1] - when[bend.parts - 1];
	if (since > (when[bend.parts - 1] - when[0]) / (double)count)
		lasts[count++] = since;
	fit(lasts, count, &bend);
	return bend;
}
