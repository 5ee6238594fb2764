/* Price structure: where the price stands among the prices that mattered. */
#include "analyzer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define VWAP_CANDLES   240
#define PROFILE_BINS   120
#define VALUE_SHARE    0.70 /* of the volume makes the value area */
#define DENSITY_POINTS 480
#define KERNEL_REACH   4.0  /* widths; what lies beyond adds less than 0.04 % */
#define LEVEL_SHARE    0.10 /* of the highest peak makes a level worth naming */

struct range {
	double low, high;
};

struct profile {
	double volume[PROFILE_BINS];
	double bin_size;    /* quote currency; 0 = the price never moved */
	struct range value; /* prices of the value area */
};

static struct range price_range(const struct mon_candle *candles, size_t nr)
{
	struct range range = {candles[0].low, candles[0].high};

	for (size_t i = 1; i < nr; i++) {
		range.low = fmin(range.low, candles[i].low);
		range.high = fmax(range.high, candles[i].high);
	}
	return range;
}

static double vwap(const struct mon_candle *candles, size_t nr)
{
	double value = 0, volume = 0;

	for (size_t i = nr > VWAP_CANDLES ? nr - VWAP_CANDLES : 0; i < nr; i++) {
		value +=
		    candles[i].volume * (candles[i].high + candles[i].low + candles[i].close) / 3;
		volume += candles[i].volume;
	}
	return volume > 0 ? value / volume : NAN;
}

static size_t bin_of(double price, struct range all, double bin_size)
{
	double bin = (price - all.low) / bin_size;

	return bin < PROFILE_BINS - 1 ? (size_t)bin : PROFILE_BINS - 1;
}

/* Spreads the volume of each candle over the prices it covered. */
static void fill_profile(const struct mon_candle *candles, size_t nr, struct range all,
			 struct profile *profile)
{
	for (size_t i = 0; i < nr; i++) {
		size_t first = bin_of(candles[i].low, all, profile->bin_size);
		size_t last = bin_of(candles[i].high, all, profile->bin_size);
		double part = candles[i].volume / (double)(last - first + 1);

		for (size_t bin = first; bin <= last; bin++)
			profile->volume[bin] += part;
	}
}

static size_t busiest_bin(const double *volume, double *sum)
{
	size_t best = 0;

	*sum = 0;
	for (size_t i = 0; i < PROFILE_BINS; i++) {
		*sum += volume[i];
		if (volume[i] > volume[best])
			best = i;
	}
	return best;
}

/* Grows the value area from the busiest price to whichever side is busier. */
static void find_value_area(struct profile *profile, struct range all)
{
	const double *volume = profile->volume;
	double sum, inside;
	size_t low = busiest_bin(volume, &sum), high = low;

	inside = volume[low];
	while (inside < VALUE_SHARE * sum && (low > 0 || high < PROFILE_BINS - 1)) {
		double below = low > 0 ? volume[low - 1] : -1;
		double above = high < PROFILE_BINS - 1 ? volume[high + 1] : -1;

		inside += above > below ? volume[++high] : volume[--low];
	}
	profile->value.low = all.low + (double)low * profile->bin_size;
	profile->value.high = all.low + (double)(high + 1) * profile->bin_size;
}

static double profile_score(const struct mon_view *view, struct range all)
{
	struct profile profile = {.bin_size = (all.high - all.low) / PROFILE_BINS};

	if (profile.bin_size <= 0)
		return NAN;
	fill_profile(view->candles, view->candle_nr, all, &profile);
	find_value_area(&profile, all);
	return mon_score_signed(view->price - (profile.value.low + profile.value.high) / 2,
				profile.value.high - profile.value.low);
}

/* Kernel density of traded prices: how much volume changed hands near each point.
 * Peaks are prices the market keeps coming back to.
 *
 *   width  of the kernel in points: wide ones see fewer, larger levels */
static void fill_density(const struct mon_view *view, struct range all, double width,
			 double *density)
{
	double step = (all.high - all.low) / (DENSITY_POINTS - 1);

	for (size_t i = 0; i < DENSITY_POINTS; i++) {
		double price = all.low + (double)i * step;
		double sum = 0;

		for (size_t k = 0; k < view->candle_nr; k++) {
			double distance = (view->candles[k].close - price) / (width * step);

			if (fabs(distance) < KERNEL_REACH)
				sum += view->candles[k].volume * exp(-0.5 * distance * distance);
		}
		density[i] = sum;
	}
}

/* Nearest peaks below and above the price; the ends of the range where there is none. */
static struct range nearest_levels(const double *density, struct range all, double price)
{
	double step = (all.high - all.low) / (DENSITY_POINTS - 1);
	struct range levels = all;
	double highest = 0;

	for (size_t i = 0; i < DENSITY_POINTS; i++)
		highest = fmax(highest, density[i]);
	for (size_t i = 1; i + 1 < DENSITY_POINTS; i++) {
		double at = all.low + (double)i * step;

		if (density[i] < LEVEL_SHARE * highest || density[i] < density[i - 1] ||
		    density[i] <= density[i + 1])
			continue;
		if (at <= price)
			levels.low = at;
		else if (at < levels.high)
			levels.high = at;
	}
	return levels;
}

/* Near its support the price has more room above than below. Judged at several
 * widths, so that a level counts the more the more of them see it. */
static int level_score(const struct mon_view *view, struct range all, double *out)
{
	static const double widths[] = {2, 5, 12};
	double *density = calloc(DENSITY_POINTS, sizeof(*density));
	struct mon_mix mix = {0};

	if (!density)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct range levels;

		fill_density(view, all, widths[i], density);
		levels = nearest_levels(density, all, view->price);
		mon_mix_add(&mix, 1,
			    mon_score_share(levels.high - view->price, levels.high - levels.low));
	}
	*out = mon_mix_score(&mix).value;
	free(density);
	return 0;
}

int mon_structure_score(const struct mon_view *view, struct mon_score *out)
{
	struct mon_mix mix = {0};
	struct range all;
	double level = NAN;

	if (!view->candle_nr) {
		*out = mon_mix_score(&mix);
		return 0;
	}
	all = price_range(view->candles, view->candle_nr);
	if (all.high > all.low && level_score(view, all, &level))
		return -ENOMEM;
	mon_mix_add(&mix, 0.35, profile_score(view, all));
	mon_mix_add(&mix, 0.30,
		    mon_score_signed(view->price - vwap(view->candles, view->candle_nr),
				     0.25 * (all.high - all.low)));
	mon_mix_add(&mix, 0.35, level);
	*out = mon_mix_score(&mix);
	return 0;
}
