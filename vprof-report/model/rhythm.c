/* A period is looked for among those that fit the time a whole number of times: the first and
 * the last moment are on the beat, and beats without a moment may lie between.  Of 200 such
 * periods the longest counts whose chance, that of 200 trials, is small: a part of a period
 * fits as well as the period.
 *
 * Two tests of how close the moments come to their beats: Rayleigh's (the length of the mean
 * of their phases), which stands some that are far off, and the shortest arc that holds all
 * phases, which is exact also for the five or ten stalls that a run has
 * (docs/decisions/loop_report.md). */
#include "model/rhythm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define PERIODS	     200u
#define MOMENTS_MOST 64u /* a drift adds up over many beats */
#define CHANCE_MOST  1e-3
#define SPARSE_MOST  1e-6 /* the same of a period most beats of which have no moment */
#define LEAST	     3u
#define CLUSTER_PART 50u /* 2 % of the run */
#define REFINED	     50
#define GAP_PARTS    4

const char *vr_rhythm_name(enum vr_rhythm_kind kind)
{
	static const char *const name[] = {NULL, "periodic", "clustered"};

	return name[kind];
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The share of the circle that the shortest arc over all phases takes; sorts them. */
static double shortest_arc(double *phase, size_t count)
{
	double gap;

	qsort(phase, count, sizeof(*phase), compare);
	gap = 1 - phase[count - 1] + phase[0];
	for (size_t i = 1; i < count; i++)
		gap = fmax(gap, phase[i] - phase[i - 1]);
	return 1 - gap;
}

/* 0 to 1: how much the phases agree. */
static double resultant(const double *phase, size_t count)
{
	double x = 0, y = 0;

	for (size_t i = 0; i < count; i++) {
		x += cos(2 * M_PI * phase[i]);
		y += sin(2 * M_PI * phase[i]);
	}
	return fmin(1, sqrt(x * x + y * y) / (double)count);
}

/* That phases at random agree as much. */
static double chance_of(double agreement, double arc, size_t count)
{
	double n = (double)count, sum = n * agreement;
	double rayleigh = exp(sqrt(1 + 4 * n + 4 * (n * n - sum * sum)) - (1 + 2 * n));
	double arcs = arc <= 0.5 ? n * pow(arc, n - 1) : 1;

	return 2 * fmin(rayleigh, arcs);
}

static double agreement_at(const uint64_t *moment, size_t count, double period, double *phase)
{
	for (size_t i = 0; i < count; i++)
		phase[i] = fmod((double)(moment[i] - moment[0]), period) / period;
	return resultant(phase, count);
}

/* Beats that have a moment: many at one beat are one burst, which tells no more than one. */
static size_t beats_met(const uint64_t *moment, size_t count, double period)
{
	long long last = -1;
	size_t met = 0;

	for (size_t i = 0; i < count; i++) {
		long long beat = llround((double)(moment[i] - moment[0]) / period);

		met += beat != last;
		last = beat;
	}
	return met;
}

/* The first and the last moment may be off the beat as any other: the period nearby that suits
 * all of them best. */
static void refine(const uint64_t *moment, size_t count, unsigned beats, double *phase,
		   struct vr_rhythm *rhythm)
{
	double length = (double)(moment[count - 1] - moment[0]), best = 0;

	for (int step = -REFINED; step <= REFINED; step++) {
		double period = length / ((double)beats + (double)step / REFINED * 0.75);
		double agreement = agreement_at(moment, count, period, phase);

		if (agreement <= best)
			continue;
		best = agreement;
		rhythm->period_ns = (uint64_t)llround(period);
		rhythm->spread_ns =
		    (uint64_t)llround(period * sqrt(-2 * log(agreement)) / (2 * M_PI));
	}
}

/* A period much shorter than every gap is that of the machine's clock ticks, or of chance. */
static double least_period(const uint64_t *moment, size_t count)
{
	uint64_t gap = UINT64_MAX;

	for (size_t i = 1; i < count; i++)
		if (moment[i] - moment[i - 1] < gap)
			gap = moment[i] - moment[i - 1];
	return (double)gap / GAP_PARTS;
}

/* The last moment is on the beat by choice of the period: the others are what tells. */
static void find_period(const uint64_t *moment, size_t count, struct vr_rhythm *rhythm)
{
	double length = (double)(moment[count - 1] - moment[0]);
	double *phase = vr_xcalloc(count, sizeof(*phase)), least = least_period(moment, count);

	for (unsigned beats = 1; beats <= PERIODS && length > 0 && length / beats >= least;
	     beats++) {
		double agreement = agreement_at(moment, count - 1, length / beats, phase);
		double arc = shortest_arc(phase, count - 1);
		size_t met = beats_met(moment, count - 1, length / beats);

		rhythm->chance = fmin(1, PERIODS * chance_of(agreement, arc, met));
		if (rhythm->chance >= (2 * met >= beats ? CHANCE_MOST : SPARSE_MOST))
			continue;
		rhythm->kind = VR_RHYTHM_PERIODIC;
		refine(moment, count, beats, phase, rhythm);
		break;
	}
	free(phase);
}

struct vr_rhythm vr_rhythm_of(const uint64_t *moment, size_t count, uint64_t run_ns)
{
	struct vr_rhythm rhythm = {.chance = 1};

	if (count < LEAST)
		return rhythm;
	rhythm.from_ns = moment[0];
	rhythm.to_ns = moment[count - 1];
	if (rhythm.to_ns - rhythm.from_ns <= run_ns / CLUSTER_PART)
		rhythm.kind = VR_RHYTHM_CLUSTERED;
	else
		find_period(moment, count < MOMENTS_MOST ? count : MOMENTS_MOST, &rhythm);
	return rhythm;
}
