/* What the bars and the book say about the next minutes. Nothing here keeps state; any
 * thread may call it. */
#ifndef VIRT_SIGNALS_H
#define VIRT_SIGNALS_H

#include "venue.h"

/* Periods of the trend rule that the calibration tunes. */
struct virt_tuning {
	unsigned int fast, slow, signal; /* bars, fast < slow */
};

/* Each -1..1: positive for rising prices; 0 when it cannot tell. */
struct virt_signals {
	double trend;	   /* MACD against its signal line */
	double reversion;  /* RSI and Bollinger bands: stretched moves come back */
	double value;	   /* distance to the price where most was traded */
	double flow;	   /* imbalance of the book */
	double outlook;	   /* how similar stretches of the past went on */
	double volatility; /* not signed: standard deviation of a bar's return */
};

void virt_signals_compute(const struct virt_picture *picture, const struct virt_tuning *tuning,
			  struct virt_signals *out);

/* One number from all of them, -1..1. */
double virt_signals_blend(const struct virt_signals *signals);

#endif
