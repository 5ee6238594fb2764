/* One-minute candles from trades, and longer ones from those. */
#ifndef MON_CANDLE_H
#define MON_CANDLE_H

#include "window.h"

#include <stdbool.h>
#include <stdint.h>

#define MON_CANDLE_MS 60000

struct mon_candle {
	int64_t start_ms; /* a multiple of its length */
	double open, high, low, close;
	double volume;	   /* base currency */
	double buy_volume; /* the part of it that takers bought */
};

/* Adds a trade to the candle of its minute, opening that candle if it is new. A trade
 * of an older minute joins the newest candle. Minutes without trades have no candle.
 *
 *   window  of struct mon_candle
 *
 * Returns 0, or -ENOMEM. */
int mon_candle_add_trade(struct mon_window *window, int64_t ts_ms, double price, double size,
			 bool is_buy);

/* Merges candles into longer ones.
 *
 *   factor  minutes a candle of the result covers, >= 1
 *   out     [out] room for nr candles
 *
 * Returns how many there are. */
size_t mon_candle_resample(const struct mon_candle *in, size_t nr, unsigned int factor,
			   struct mon_candle *out);

#endif
