/* Volume analysis: does the volume follow the price? */
#include "analyzer.h"
#include "indicators.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define RECENT	   30 /* candles */
#define CMF_PERIOD 20

static double delta_score(const struct mon_candle *candles, size_t nr)
{
	double buy = 0, volume = 0;

	for (size_t i = nr > RECENT ? nr - RECENT : 0; i < nr; i++) {
		buy += candles[i].buy_volume;
		volume += candles[i].volume;
	}
	return volume > 0 ? mon_score_signed(2 * buy / volume - 1, 0.15) : NAN;
}

static double mean_volume(const struct mon_candle *candles, size_t nr)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += candles[i].volume;
	return nr ? sum / (double)nr : 0;
}

/* Unusual volume counts for the direction of its candle. The newest candle is not
 * complete, so it is left out. */
static double relative_score(const struct mon_candle *candles, size_t nr)
{
	double usual = mean_volume(candles, nr);
	const struct mon_candle *last;

	if (nr < 2 || usual <= 0)
		return NAN;
	last = &candles[nr - 2];
	return mon_score_signed((last->close > last->open ? 1 : -1) * (last->volume / usual - 0.5),
				1.5);
}

/* The trend of a running sum, against the volume that could have moved it. */
static double trend_score(const double *sum, const struct mon_candle *candles, size_t nr)
{
	return mon_score_signed(mon_slope(sum, nr, RECENT), 0.5 * mean_volume(candles, nr));
}

int mon_volume_score(const struct mon_view *view, struct mon_score *out)
{
	size_t nr = view->candle_nr;
	double *series = calloc(nr + 1, sizeof(*series));
	struct mon_mix mix = {0};

	if (!series)
		return -ENOMEM;
	mon_mix_add(&mix, 0.25, delta_score(view->candles, nr));
	mon_adl(view->candles, nr, series);
	mon_mix_add(&mix, 0.20, trend_score(series, view->candles, nr));
	mon_obv(view->candles, nr, series);
	mon_mix_add(&mix, 0.20, trend_score(series, view->candles, nr));
	mon_mix_add(&mix, 0.20, relative_score(view->candles, nr));
	mon_cmf(view->candles, nr, CMF_PERIOD, series);
	mon_mix_add(&mix, 0.15, nr ? mon_score_signed(series[nr - 1], 0.25) : NAN);
	*out = mon_mix_score(&mix);
	free(series);
	return 0;
}
