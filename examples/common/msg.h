/* What the feed says, one struct a row. */
#ifndef APP_MSG_H
#define APP_MSG_H

#include "symbol.h"

#include <stdbool.h>
#include <stdint.h>

enum app_msg_type {
	APP_MSG_KLINE,	  /* a closed 1m candle of the history */
	APP_MSG_SNAPSHOT, /* one level of a whole book */
	APP_MSG_DELTA,	  /* one changed level */
	APP_MSG_TRADE,
	APP_MSG_TICKER,
};

struct app_msg {
	enum app_msg_type type;
	bool is_buy; /* bid level, or taker bought */
	char symbol[APP_SYMBOL_MAX];
	int64_t ts_ms;		/* of the replay; negative = history */
	uint64_t seq;		/* version of the book this belongs to */
	double price;		/* level, trade, close or mark price */
	double size;		/* level, trade, volume or open interest; 0 deletes a level */
	double open, high, low; /* KLINE */
	double buy_size;	/* KLINE: the part of size that takers bought */
	double funding;		/* TICKER: rate per interval */
	double long_ratio;	/* TICKER: 0..1 */
};

#endif
