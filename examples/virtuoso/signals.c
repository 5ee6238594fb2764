#include "signals.h"
#include "analog.h"
#include "vprof.h"

#include <math.h>

#define RSI_PERIOD	14
#define BAND_PERIOD	20
#define VOLATILITY_BARS 240
#define PROFILE_BINS	200

static double ema_step(double average, double value, unsigned int period)
{
	return average + 2.0 / (period + 1.0) * (value - average);
}

static double trend(const struct virt_bar *bars, size_t nr, const struct virt_tuning *tuning)
{
	double fast = bars[0].close, slow = fast, signal = 0, range = 0;

	for (size_t i = 1; i < nr; i++) {
		fast = ema_step(fast, bars[i].close, tuning->fast);
		slow = ema_step(slow, bars[i].close, tuning->slow);
		signal = ema_step(signal, fast - slow, tuning->signal);
		range = ema_step(range, bars[i].high - bars[i].low, tuning->slow);
	}
	return range > 0 ? tanh((fast - slow - signal) / range) : 0;
}

static double rsi(const struct virt_bar *bars, size_t nr)
{
	double gain = 0, loss = 0;

	for (size_t i = 1; i < nr; i++) {
		double change = bars[i].close - bars[i - 1].close;

		gain += (fmax(change, 0) - gain) / RSI_PERIOD;
		loss += (fmax(-change, 0) - loss) / RSI_PERIOD;
	}
	return gain + loss > 0 ? 100 * gain / (gain + loss) : 50;
}

/* How many standard deviations the last close is away from its average. */
static double band_position(const struct virt_bar *bars, size_t nr)
{
	double mean = 0, variance = 0;

	if (nr < BAND_PERIOD)
		return 0;
	for (size_t i = nr - BAND_PERIOD; i < nr; i++)
		mean += bars[i].close / BAND_PERIOD;
	for (size_t i = nr - BAND_PERIOD; i < nr; i++)
		variance += (bars[i].close - mean) * (bars[i].close - mean) / BAND_PERIOD;
	return variance > 0 ? (bars[nr - 1].close - mean) / sqrt(variance) : 0;
}

static double volatility(const struct virt_bar *bars, size_t nr)
{
	size_t first = nr > VOLATILITY_BARS ? nr - VOLATILITY_BARS : 1;
	double sum = 0;

	for (size_t i = first; i < nr; i++) {
		double step = log(bars[i].close / bars[i - 1].close);

		sum += step * step;
	}
	return nr > first ? sqrt(sum / (double)(nr - first)) : 0;
}

/* The price where most volume was traded, from a histogram over all bars. */
static double busiest_price(const struct virt_bar *bars, size_t nr, double *range)
{
	double volume[PROFILE_BINS] = {0};
	double low = bars[0].low, high = bars[0].high, bin_size;
	size_t best = 0;

	for (size_t i = 1; i < nr; i++) {
		low = fmin(low, bars[i].low);
		high = fmax(high, bars[i].high);
	}
	*range = high - low;
	bin_size = *range / (PROFILE_BINS - 1);
	if (bin_size <= 0)
		return low;
	for (size_t i = 0; i < nr; i++) {
		size_t first = (size_t)((bars[i].low - low) / bin_size);
		size_t last = (size_t)((bars[i].high - low) / bin_size);

		for (size_t bin = first; bin <= last; bin++)
			volume[bin] += bars[i].volume / (double)(last - first + 1);
	}
	for (size_t bin = 1; bin < PROFILE_BINS; bin++)
		if (volume[bin] > volume[best])
			best = bin;
	return low + ((double)best + 0.5) * bin_size;
}

static double imbalance(const struct virt_top *top)
{
	double bid = 0, ask = 0;

	for (size_t i = 0; i < top->bid_nr; i++)
		bid += top->bids[i].size / (double)(i + 1);
	for (size_t i = 0; i < top->ask_nr; i++)
		ask += top->asks[i].size / (double)(i + 1);
	return bid + ask > 0 ? (bid - ask) / (bid + ask) : 0;
}

void virt_signals_compute(const struct virt_picture *picture, const struct virt_tuning *tuning,
			  struct virt_signals *out)
{
	const struct virt_bar *bars = picture->bars;
	size_t nr = picture->bar_nr;
	double range;

	/* Labels are for a profiler; see vprof.h. */
	*out = (struct virt_signals){.flow = imbalance(&picture->top)};
	if (nr < 2)
		return;
	vprof_begin("indicator", "trend");
	out->trend = trend(bars, nr, tuning);
	vprof_end();
	vprof_begin("indicator", "reversion");
	out->reversion = tanh((50 - rsi(bars, nr)) / 25 - band_position(bars, nr) / 2);
	vprof_end();
	vprof_begin("indicator", "value");
	out->value = busiest_price(bars, nr, &range) - picture->top.mid;
	out->value = range > 0 ? tanh(2 * out->value / range) : 0;
	vprof_end();
	vprof_begin("indicator", "outlook");
	out->volatility = volatility(bars, nr);
	if (out->volatility > 0)
		out->outlook = tanh(virt_analog_outlook(bars, nr) / (4 * out->volatility));
	vprof_end();
}

double virt_signals_blend(const struct virt_signals *signals)
{
	return 0.30 * signals->trend + 0.15 * signals->reversion + 0.10 * signals->value +
	       0.30 * signals->flow + 0.15 * signals->outlook;
}
