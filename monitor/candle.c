#include "candle.h"

#include <math.h>

/* Rounds down, below zero as well: history has negative times. */
static int64_t floor_to(int64_t ts_ms, int64_t step_ms)
{
	int64_t rest = ts_ms % step_ms;

	return ts_ms - (rest < 0 ? rest + step_ms : rest);
}

int mon_candle_add_trade(struct mon_window *window, int64_t ts_ms, double price, double size,
			 bool is_buy)
{
	int64_t start_ms = floor_to(ts_ms, MON_CANDLE_MS);
	struct mon_candle *last = mon_window_last(window);

	if (!last || start_ms > last->start_ms) {
		struct mon_candle candle = {
		    .start_ms = start_ms,
		    .open = price,
		    .high = price,
		    .low = price,
		    .close = price,
		    .volume = size,
		    .buy_volume = is_buy ? size : 0,
		};

		return mon_window_push(window, &candle);
	}
	last->high = fmax(last->high, price);
	last->low = fmin(last->low, price);
	last->close = price;
	last->volume += size;
	if (is_buy)
		last->buy_volume += size;
	return 0;
}

size_t mon_candle_resample(const struct mon_candle *in, size_t nr, unsigned int factor,
			   struct mon_candle *out)
{
	int64_t step_ms = (int64_t)factor * MON_CANDLE_MS;
	size_t out_nr = 0;

	for (size_t i = 0; i < nr; i++) {
		int64_t start_ms = floor_to(in[i].start_ms, step_ms);
		struct mon_candle *last = out_nr ? &out[out_nr - 1] : NULL;

		if (!last || last->start_ms != start_ms) {
			out[out_nr] = in[i];
			out[out_nr++].start_ms = start_ms;
			continue;
		}
		last->high = fmax(last->high, in[i].high);
		last->low = fmin(last->low, in[i].low);
		last->close = in[i].close;
		last->volume += in[i].volume;
		last->buy_volume += in[i].buy_volume;
	}
	return out_nr;
}
