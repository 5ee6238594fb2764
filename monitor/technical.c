/* Technical analysis: the usual indicators, on four timeframes. */
#include "analyzer.h"
#include "indicators.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define RSI_PERIOD	14
#define ATR_PERIOD	14
#define WILLIAMS_PERIOD 14
#define CCI_PERIOD	20
#define MACD_FAST	12
#define MACD_SLOW	26
#define MACD_SIGNAL	9
#define EDGE_HORIZON	60 /* candles ahead that an indicator may have called */
#define MIN_CANDLES	(MACD_SLOW + MACD_SIGNAL)

struct timeframe {
	unsigned int minutes;
	double weight;
};

static const struct timeframe timeframes[] = {
    {1, 0.4},
    {5, 0.3},
    {30, 0.2},
    {240, 0.1},
};

/* Room for the series of one timeframe. */
struct series {
	double *rsi, *macd, *signal, *cci, *atr, *williams, *ao;
};

#define SERIES_NR 7

static void point_series(struct series *series, double *memory, size_t nr)
{
	series->rsi = memory;
	series->macd = memory + nr;
	series->signal = memory + 2 * nr;
	series->cci = memory + 3 * nr;
	series->atr = memory + 4 * nr;
	series->williams = memory + 5 * nr;
	series->ao = memory + 6 * nr;
}

static void compute_series(const struct mon_candle *candles, size_t nr, struct series *s)
{
	mon_rsi(candles, nr, RSI_PERIOD, s->rsi);
	mon_macd(candles, nr, MACD_FAST, MACD_SLOW, MACD_SIGNAL, s->macd, s->signal);
	mon_cci(candles, nr, CCI_PERIOD, s->cci);
	mon_atr(candles, nr, ATR_PERIOD, s->atr);
	mon_williams_r(candles, nr, WILLIAMS_PERIOD, s->williams);
	mon_ao(candles, nr, s->ao);
}

/* The way the price went, measured in the usual range of as many candles. */
static double range_score(const struct mon_candle *candles, size_t nr, double atr)
{
	double change = candles[nr - 1].close - candles[nr - 1 - ATR_PERIOD].close;

	return mon_score_signed(change, 2 * atr * sqrt(ATR_PERIOD));
}

/* An indicator weighs more where its past values went with what the price did next. */
static void add_indicator(struct mon_mix *mix, double weight, const double *series,
			  const struct mon_candle *candles, size_t nr, double score)
{
	mon_mix_add(mix, weight * (1 + mon_edge(series, candles, nr, EDGE_HORIZON)), score);
}

static struct mon_score score_timeframe(const struct mon_candle *candles, size_t nr,
					const struct series *s)
{
	size_t last = nr - 1;
	double atr = s->atr[last];
	struct mon_mix mix = {0};

	add_indicator(&mix, 0.20, s->rsi, candles, nr, s->rsi[last]);
	add_indicator(&mix, 0.20, s->ao, candles, nr, mon_score_signed(s->ao[last], 3 * atr));
	add_indicator(&mix, 0.15, s->macd, candles, nr,
		      mon_score_signed(s->macd[last] - s->signal[last], atr));
	add_indicator(&mix, 0.15, s->cci, candles, nr, 50 + s->cci[last] / 4);
	add_indicator(&mix, 0.15, s->williams, candles, nr, 100 + s->williams[last]);
	mon_mix_add(&mix, 0.15, range_score(candles, nr, atr));
	return mon_mix_score(&mix);
}

int mon_technical_score(const struct mon_view *view, struct mon_score *out)
{
	size_t nr = view->candle_nr;
	struct mon_candle *candles = calloc(nr + 1, sizeof(*candles));
	double *memory = calloc(nr + 1, SERIES_NR * sizeof(*memory));
	struct mon_mix mix = {0};
	double reliability = 0;
	struct series series;
	int err = candles && memory ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(timeframes) / sizeof(timeframes[0]); i++) {
		const struct timeframe *frame = &timeframes[i];
		size_t frame_nr = mon_candle_resample(view->candles, nr, frame->minutes, candles);
		struct mon_score score;

		if (frame_nr < MIN_CANDLES)
			break; /* the longer ones have fewer still */
		point_series(&series, memory, nr);
		compute_series(candles, frame_nr, &series);
		score = score_timeframe(candles, frame_nr, &series);
		mon_mix_add(&mix, frame->weight, score.value);
		reliability += frame->weight * score.reliability;
	}
	if (!err) {
		*out = mon_mix_score(&mix);
		out->reliability = reliability;
	}
	free(memory);
	free(candles);
	return err;
}
