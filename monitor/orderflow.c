/* Order flow: who takes, and how much at once. */
#include "analyzer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define FLOW_MS	       15000 /* what counts as recent */
#define LARGE_QUANTILE 0.95
#define RESAMPLES      400

static double signed_size(const struct mon_trade *trade)
{
	return trade->is_buy ? trade->size : -trade->size;
}

/* Where the cumulative volume delta stands in its own range. */
static double cvd_score(const struct mon_trade *trades, size_t nr)
{
	double cvd = 0, low = 0, high = 0;

	for (size_t i = 0; i < nr; i++) {
		cvd += signed_size(&trades[i]);
		low = fmin(low, cvd);
		high = fmax(high, cvd);
	}
	return mon_score_share(cvd - low, high - low);
}

/* Share of the recent volume that takers bought. */
static double imbalance_score(const struct mon_trade *trades, size_t nr, int64_t now_ms)
{
	double buy = 0, all = 0;

	for (size_t i = nr; i > 0 && trades[i - 1].ts_ms > now_ms - FLOW_MS; i--) {
		all += trades[i - 1].size;
		if (trades[i - 1].is_buy)
			buy += trades[i - 1].size;
	}
	return mon_score_share(buy, all);
}

/* Recent pace of buying less selling, older trades fading out. */
static double flow_score(const struct mon_trade *trades, size_t nr, int64_t now_ms)
{
	double flow = 0, all = 0;

	for (size_t i = 0; i < nr; i++) {
		double age = (double)(now_ms - trades[i].ts_ms) / FLOW_MS;
		double fade = exp(-age);

		flow += fade * signed_size(&trades[i]);
		all += fade * trades[i].size;
	}
	return all > 0 ? mon_score_signed(flow / all, 0.5) : NAN;
}

/* A small generator of its own: seeded the same each time, so that a score depends on
 * nothing but its trades. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Net volume of as many trades drawn at random, with replacement. */
static double resample(const struct mon_trade *trades, size_t nr, uint64_t *state)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += signed_size(&trades[((next_random(state) >> 32) * nr) >> 32]);
	return sum;
}

/* Net volume against what chance makes of these trades (bootstrap): a few large ones
 * say less than many small ones. */
static double conviction_score(const struct mon_trade *trades, size_t nr)
{
	uint64_t state = 0x9e3779b97f4a7c15ULL;
	double sum = 0, squares = 0, mean, deviation;

	for (int i = 0; i < RESAMPLES; i++) {
		double net = resample(trades, nr, &state);

		sum += net;
		squares += net * net;
	}
	mean = sum / RESAMPLES;
	deviation = sqrt(fmax(0, squares / RESAMPLES - mean * mean));
	return mon_score_signed(mean, 3 * deviation);
}

static int compare_sizes(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int large_size(const struct mon_trade *trades, size_t nr, double *out)
{
	double *sizes = calloc(nr, sizeof(*sizes));

	if (!sizes)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		sizes[i] = trades[i].size;
	qsort(sizes, nr, sizeof(*sizes), compare_sizes);
	*out = sizes[(size_t)(LARGE_QUANTILE * (double)(nr - 1))];
	free(sizes);
	return 0;
}

/* Which way the large ones went. */
static double large_score(const struct mon_trade *trades, size_t nr, double threshold)
{
	double buy = 0, all = 0;

	for (size_t i = 0; i < nr; i++) {
		if (trades[i].size < threshold)
			continue;
		all += trades[i].size;
		if (trades[i].is_buy)
			buy += trades[i].size;
	}
	return mon_score_share(buy, all);
}

int mon_orderflow_score(const struct mon_view *view, struct mon_score *out)
{
	const struct mon_trade *trades = view->trades;
	size_t nr = view->trade_nr;
	struct mon_mix mix = {0};
	double threshold = 0;

	if (nr && large_size(trades, nr, &threshold))
		return -ENOMEM;
	mon_mix_add(&mix, 0.30, cvd_score(trades, nr));
	mon_mix_add(&mix, 0.15, conviction_score(trades, nr));
	mon_mix_add(&mix, 0.20, flow_score(trades, nr, view->ts_ms));
	mon_mix_add(&mix, 0.20, imbalance_score(trades, nr, view->ts_ms));
	mon_mix_add(&mix, 0.15, large_score(trades, nr, threshold));
	*out = mon_mix_score(&mix);
	return 0;
}
