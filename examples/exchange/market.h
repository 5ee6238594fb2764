/* One market as the exchange sees it: book, what happened since it was last told, candles and
 * what is known of the day. Where the messages come from does not matter. */
#ifndef EX_MARKET_H
#define EX_MARKET_H

#include "book.h"
#include "msg.h"

#define EX_EPOCH_MS   INT64_C(1767225600000) /* 2026-01-01: market time 0 */
#define EX_INTERVALS  9
#define EX_EVENTS_MAX 1024 /* trades that one message tells */

struct ex_trade {
	int64_t ts_ms; /* market time */
	double price, size;
	bool is_buy; /* the taker */
	int tick;    /* 1, 0, -1: against the trade before */
	bool is_liquidation;
	uint64_t id, seq;
};

struct ex_candle {
	int64_t start_ms; /* market time */
	double open, high, low, close, volume, turnover;
};

struct ex_interval {
	const char *name;
	int64_t ms;
};
extern const struct ex_interval ex_intervals[EX_INTERVALS];

struct ex_market {
	char name[APP_SYMBOL_MAX];     /* "BTC/USDT" */
	char symbol[APP_SYMBOL_MAX];   /* "BTCUSDT" */
	int price_digits, size_digits; /* decimals seen so far */
	struct app_book book;
	struct ex_trade trade[EX_EVENTS_MAX]; /* of this step */
	size_t trade_nr;
	struct ex_candle candle[EX_INTERVALS], closed[EX_INTERVALS];
	bool has_closed[EX_INTERVALS]; /* closed[] has one that was not told yet */
	double mark_price, open_interest, funding;
	double first_price, last_price, high, low, volume, turnover; /* since market time 0 */
	int last_tick;
	double mean_size; /* of a trade */
	uint64_t trades;
};

/*   name  shorter than APP_SYMBOL_MAX */
void ex_market_init(struct ex_market *market, const char *name);
void ex_market_fini(struct ex_market *market);

/* Takes a message of this market in. Returns 0, or -ENOMEM. */
int ex_market_apply(struct ex_market *market, const struct app_msg *msg);

/* A step has been applied: candles that are over are closed. */
void ex_market_end_step(struct ex_market *market, int64_t now_ms);

/* The trades and closed candles have been told. */
void ex_market_forget(struct ex_market *market);

#endif
