#include "market.h"
#include "bybit.h"
#include "text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MINUTE_MS      60000LL
#define LIQUIDATION_BY 12 /* a trade so many times the mean is somebody's liquidation */

const struct ex_interval ex_intervals[EX_INTERVALS] = {
    {"1", MINUTE_MS},	      {"3", 3 * MINUTE_MS},	{"5", 5 * MINUTE_MS},
    {"15", 15 * MINUTE_MS},   {"30", 30 * MINUTE_MS},	{"60", 60 * MINUTE_MS},
    {"120", 120 * MINUTE_MS}, {"240", 240 * MINUTE_MS}, {"D", 1440 * MINUTE_MS},
};

void ex_market_init(struct ex_market *market, const char *name)
{
	*market = (struct ex_market){0};
	strncpy(market->name, name, sizeof(market->name) - 1);
	app_bybit_symbol(name, market->symbol);
	app_book_init(&market->book);
}

void ex_market_fini(struct ex_market *market)
{
	app_book_fini(&market->book);
}

static int64_t start_of(int64_t ts_ms, int64_t ms)
{
	return ts_ms - (ts_ms % ms + ms) % ms;
}

/* Puts a candle that is over aside and begins the next where it ended. */
static void roll(struct ex_market *market, size_t i, int64_t now_ms)
{
	struct ex_candle *candle = &market->candle[i];
	double price = candle->close;

	if (now_ms < candle->start_ms + ex_intervals[i].ms)
		return;
	market->closed[i] = *candle;
	market->has_closed[i] = candle->open > 0;
	*candle = (struct ex_candle){.start_ms = start_of(now_ms, ex_intervals[i].ms),
				     .open = price,
				     .high = price,
				     .low = price,
				     .close = price};
}

static void add_to_candle(struct ex_candle *candle, double price, double size)
{
	if (!(candle->open > 0))
		candle->open = candle->high = candle->low = price;
	candle->high = fmax(candle->high, price);
	candle->low = fmin(candle->low, price);
	candle->close = price;
	candle->volume += size;
	candle->turnover += price * size;
}

static void add_to_day(struct ex_market *market, double price, double size)
{
	if (!(market->first_price > 0))
		market->first_price = market->high = market->low = price;
	market->high = fmax(market->high, price);
	market->low = fmin(market->low, price);
	market->volume += size;
	market->turnover += price * size;
	market->last_price = price;
}

static void apply_trade(struct ex_market *market, const struct app_msg *msg)
{
	double change = market->last_price > 0 ? msg->price - market->last_price : 0;
	struct ex_trade trade = {
	    .ts_ms = msg->ts_ms,
	    .price = msg->price,
	    .size = msg->size,
	    .is_buy = msg->is_buy,
	    .tick = change > 0	 ? 1
		    : change < 0 ? -1
				 : 0,
	    .is_liquidation =
		market->trades > 100 && msg->size > LIQUIDATION_BY * market->mean_size,
	    .id = ++market->trades,
	    .seq = msg->seq,
	};

	market->last_tick = trade.tick ? trade.tick : market->last_tick;
	market->mean_size += (msg->size - market->mean_size) /
			     (double)(market->trades < 1000 ? market->trades : 1000);
	for (size_t i = 0; i < EX_INTERVALS; i++) {
		roll(market, i, msg->ts_ms);
		add_to_candle(&market->candle[i], msg->price, msg->size);
	}
	add_to_day(market, msg->price, msg->size);
	/* More in one step than a message tells: the later ones stay in the candles only. */
	if (market->trade_nr < EX_EVENTS_MAX)
		market->trade[market->trade_nr++] = trade;
}

/* A candle of the history ends before market time 0: it says where the day began. */
static void apply_kline(struct ex_market *market, const struct app_msg *msg)
{
	add_to_day(market, msg->open, 0);
	add_to_day(market, msg->high, 0);
	add_to_day(market, msg->low, 0);
	add_to_day(market, msg->price, msg->size);
}

static void learn_digits(struct ex_market *market, const struct app_msg *msg)
{
	int price = ex_decimals(msg->price), size = ex_decimals(msg->size);

	market->price_digits = price > market->price_digits ? price : market->price_digits;
	market->size_digits = size > market->size_digits ? size : market->size_digits;
}

int ex_market_apply(struct ex_market *market, const struct app_msg *msg)
{
	int err = 0;

	switch (msg->type) {
	case APP_MSG_SNAPSHOT:
		learn_digits(market, msg);
		err =
		    app_book_snapshot(&market->book, msg->seq, msg->is_buy, msg->price, msg->size);
		break;
	case APP_MSG_DELTA:
		learn_digits(market, msg);
		err = app_book_delta(&market->book, msg->seq, msg->is_buy, msg->price, msg->size);
		break;
	case APP_MSG_TRADE:
		learn_digits(market, msg);
		apply_trade(market, msg);
		break;
	case APP_MSG_TICKER:
		market->mark_price = msg->price;
		market->open_interest = msg->size;
		market->funding = msg->funding;
		break;
	case APP_MSG_KLINE:
		apply_kline(market, msg);
		break;
	}
	/* A recording that crosses the book empties it until its next snapshot. */
	return err == -ENOMEM ? err : 0;
}

void ex_market_end_step(struct ex_market *market, int64_t now_ms)
{
	(void)app_book_commit(&market->book);
	for (size_t i = 0; i < EX_INTERVALS; i++)
		roll(market, i, now_ms);
}

void ex_market_forget(struct ex_market *market)
{
	market->trade_nr = 0;
	for (size_t i = 0; i < EX_INTERVALS; i++)
		market->has_closed[i] = false;
}
