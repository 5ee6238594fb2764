#include "indicators.h"

#include <errno.h>
#include <math.h>

static void fill_nan(double *out, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		out[i] = NAN;
}

static size_t skip_nan(const double *in, size_t nr)
{
	size_t i = 0;

	while (i < nr && isnan(in[i]))
		i++;
	return i;
}

static double typical_price(const struct mon_candle *candle)
{
	return (candle->high + candle->low + candle->close) / 3;
}

static double middle_price(const struct mon_candle *candle)
{
	return (candle->high + candle->low) / 2;
}

int mon_sma(const double *in, size_t nr, size_t period, double *out)
{
	double sum = 0;

	if (!period)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		sum += in[i];
		if (i >= period)
			sum -= in[i - period];
		out[i] = i + 1 >= period ? sum / (double)period : NAN;
	}
	return 0;
}

int mon_ema(const double *in, size_t nr, size_t period, double *out)
{
	double alpha = 2.0 / ((double)period + 1.0);
	size_t start = skip_nan(in, nr);
	double sum = 0;

	if (!period)
		return -EINVAL;
	if (nr - start < period) {
		fill_nan(out, nr);
		return 0;
	}
	for (size_t i = start; i < start + period; i++)
		sum += in[i];
	fill_nan(out, start + period - 1);
	out[start + period - 1] = sum / (double)period;
	for (size_t i = start + period; i < nr; i++)
		out[i] = out[i - 1] + alpha * (in[i] - out[i - 1]);
	return 0;
}

static double rsi_of(double gain, double loss)
{
	return gain + loss > 0 ? 100.0 * gain / (gain + loss) : 50.0;
}

int mon_rsi(const struct mon_candle *candles, size_t nr, size_t period, double *out)
{
	double n = (double)period;
	double gain = 0, loss = 0;

	if (!period)
		return -EINVAL;
	fill_nan(out, nr);
	for (size_t i = 1; i < nr; i++) {
		double change = candles[i].close - candles[i - 1].close;

		if (i <= period) {
			gain += fmax(change, 0) / n;
			loss += fmax(-change, 0) / n;
		} else {
			gain = (gain * (n - 1) + fmax(change, 0)) / n;
			loss = (loss * (n - 1) + fmax(-change, 0)) / n;
		}
		if (i >= period)
			out[i] = rsi_of(gain, loss);
	}
	return 0;
}

/* Exponential average of the closes, which are not an array of their own. */
static void close_ema(const struct mon_candle *candles, size_t nr, size_t period, double *out)
{
	for (size_t i = 0; i < nr; i++)
		out[i] = candles[i].close;
	mon_ema(out, nr, period, out);
}

int mon_macd(const struct mon_candle *candles, size_t nr, size_t fast, size_t slow,
	     size_t signal_period, double *macd, double *signal)
{
	if (!fast || !slow || !signal_period)
		return -EINVAL;
	close_ema(candles, nr, fast, macd);
	close_ema(candles, nr, slow, signal);
	for (size_t i = 0; i < nr; i++)
		macd[i] -= signal[i];
	return mon_ema(macd, nr, signal_period, signal);
}

int mon_cci(const struct mon_candle *candles, size_t nr, size_t period, double *out)
{
	double n = (double)period;

	if (!period)
		return -EINVAL;
	fill_nan(out, nr);
	for (size_t i = period - 1; i < nr; i++) {
		const struct mon_candle *first = &candles[i + 1 - period];
		double mean = 0, deviation = 0;

		for (size_t k = 0; k < period; k++)
			mean += typical_price(&first[k]) / n;
		for (size_t k = 0; k < period; k++)
			deviation += fabs(typical_price(&first[k]) - mean) / n;
		out[i] =
		    deviation > 0 ? (typical_price(&candles[i]) - mean) / (0.015 * deviation) : 0;
	}
	return 0;
}

static double true_range(const struct mon_candle *candles, size_t i)
{
	double range = candles[i].high - candles[i].low;

	if (!i)
		return range;
	range = fmax(range, fabs(candles[i].high - candles[i - 1].close));
	return fmax(range, fabs(candles[i].low - candles[i - 1].close));
}

int mon_atr(const struct mon_candle *candles, size_t nr, size_t period, double *out)
{
	double n = (double)period;
	double atr = 0;

	if (!period)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		if (i < period)
			atr += true_range(candles, i) / n;
		else
			atr = (atr * (n - 1) + true_range(candles, i)) / n;
		out[i] = i + 1 >= period ? atr : NAN;
	}
	return 0;
}

int mon_williams_r(const struct mon_candle *candles, size_t nr, size_t period, double *out)
{
	if (!period)
		return -EINVAL;
	fill_nan(out, nr);
	for (size_t i = period - 1; i < nr; i++) {
		double high = candles[i].high, low = candles[i].low;

		for (size_t k = i + 1 - period; k < i; k++) {
			high = fmax(high, candles[k].high);
			low = fmin(low, candles[k].low);
		}
		out[i] = high > low ? -100.0 * (high - candles[i].close) / (high - low) : -50.0;
	}
	return 0;
}

int mon_ao(const struct mon_candle *candles, size_t nr, double *out)
{
	double fast = 0, slow = 0;

	for (size_t i = 0; i < nr; i++) {
		fast += middle_price(&candles[i]);
		slow += middle_price(&candles[i]);
		if (i >= 5)
			fast -= middle_price(&candles[i - 5]);
		if (i >= 34)
			slow -= middle_price(&candles[i - 34]);
		out[i] = i + 1 >= 34 ? fast / 5 - slow / 34 : NAN;
	}
	return 0;
}

int mon_obv(const struct mon_candle *candles, size_t nr, double *out)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++) {
		if (i && candles[i].close > candles[i - 1].close)
			sum += candles[i].volume;
		else if (i && candles[i].close < candles[i - 1].close)
			sum -= candles[i].volume;
		out[i] = sum;
	}
	return 0;
}

/* Volume, signed by where in its range the candle closed. */
static double money_flow(const struct mon_candle *candle)
{
	double range = candle->high - candle->low;

	if (range <= 0)
		return 0;
	return candle->volume * (2 * candle->close - candle->high - candle->low) / range;
}

int mon_adl(const struct mon_candle *candles, size_t nr, double *out)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++) {
		sum += money_flow(&candles[i]);
		out[i] = sum;
	}
	return 0;
}

int mon_cmf(const struct mon_candle *candles, size_t nr, size_t period, double *out)
{
	if (!period)
		return -EINVAL;
	fill_nan(out, nr);
	for (size_t i = period - 1; i < nr; i++) {
		double flow = 0, volume = 0;

		for (size_t k = i + 1 - period; k <= i; k++) {
			flow += money_flow(&candles[k]);
			volume += candles[k].volume;
		}
		out[i] = volume > 0 ? flow / volume : 0;
	}
	return 0;
}

double mon_slope(const double *in, size_t nr, size_t period)
{
	double mid = ((double)period - 1) / 2;
	double top = 0, bottom = 0;

	if (period < 2 || nr < period)
		return NAN;
	for (size_t i = 0; i < period; i++) {
		double x = (double)i - mid;

		top += x * in[nr - period + i];
		bottom += x * x;
	}
	return top / bottom;
}

/* Pearson's correlation of series[i] with close[i + ahead] - close[i]. */
static double forward_correlation(const double *series, const struct mon_candle *candles, size_t nr,
				  size_t ahead)
{
	double x_sum = 0, y_sum = 0, xx = 0, yy = 0, xy = 0, n = 0, spread;

	for (size_t i = skip_nan(series, nr); i + ahead < nr; i++) {
		double x = series[i];
		double y = candles[i + ahead].close - candles[i].close;

		x_sum += x;
		y_sum += y;
		xx += x * x;
		yy += y * y;
		xy += x * y;
		n++;
	}
	spread = (n * xx - x_sum * x_sum) * (n * yy - y_sum * y_sum);
	/* Fewer pairs correlate by chance. */
	return n >= 30 && spread > 0 ? (n * xy - x_sum * y_sum) / sqrt(spread) : 0;
}

double mon_edge(const double *series, const struct mon_candle *candles, size_t nr, size_t horizon)
{
	double best = 0;

	for (size_t ahead = 1; ahead <= horizon; ahead++)
		best = fmax(best, forward_correlation(series, candles, nr, ahead));
	return fmin(best, 1);
}
