/* Technical indicators over candles, oldest first. Each fills a whole series: out[i]
 * belongs to candle i, and is NaN while there are too few candles before it. All
 * functions return 0, or -EINVAL for a period of 0; they allocate nothing, keep no
 * state, and may run in any thread. */
#ifndef MON_INDICATORS_H
#define MON_INDICATORS_H

#include "candle.h"

#include <stddef.h>

/* Simple and exponential moving average. The exponential one starts with the simple
 * average of the first period values (leading NaNs are skipped) and then uses
 * 2 / (period + 1); its out may be its in. */
int mon_sma(const double *in, size_t nr, size_t period, double *out);
int mon_ema(const double *in, size_t nr, size_t period, double *out);

/* Relative strength index with Wilder's smoothing, 0..100; 50 when nothing moved. */
int mon_rsi(const struct mon_candle *candles, size_t nr, size_t period, double *out);

/* Moving average convergence/divergence of the closes.
 *
 *   macd    [out] EMA(fast) - EMA(slow)
 *   signal  [out] EMA(signal_period) of macd */
int mon_macd(const struct mon_candle *candles, size_t nr, size_t fast, size_t slow,
	     size_t signal_period, double *macd, double *signal);

/* Commodity channel index of the typical price, factor 0.015; 0 when nothing moved. */
int mon_cci(const struct mon_candle *candles, size_t nr, size_t period, double *out);

/* Average true range with Wilder's smoothing; the first true range is high - low. */
int mon_atr(const struct mon_candle *candles, size_t nr, size_t period, double *out);

/* Williams %R, -100..0; -50 when nothing moved. */
int mon_williams_r(const struct mon_candle *candles, size_t nr, size_t period, double *out);

/* Awesome oscillator: SMA(5) - SMA(34) of the middle prices. */
int mon_ao(const struct mon_candle *candles, size_t nr, double *out);

/* On-balance volume, starting at 0. */
int mon_obv(const struct mon_candle *candles, size_t nr, double *out);

/* Accumulation/distribution line. */
int mon_adl(const struct mon_candle *candles, size_t nr, double *out);

/* Chaikin money flow, -1..1; 0 when nothing was traded. */
int mon_cmf(const struct mon_candle *candles, size_t nr, size_t period, double *out);

/* Slope of the least-squares line through in[nr - period .. nr - 1], per candle;
 * NaN when there are too few values or period < 2. */
double mon_slope(const double *in, size_t nr, size_t period);

/* How well a series called the closes that followed: the highest correlation of its
 * values with the change of the close over the next 1 .. horizon candles.
 *
 * Returns 0..1; 0 when nothing correlates or there are too few candles. */
double mon_edge(const double *series, const struct mon_candle *candles, size_t nr, size_t horizon);

#endif
