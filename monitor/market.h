/* All that is known of one symbol: book, candles, trades, tickers. Belongs to the
 * thread of the event loop; other threads get a view, which is a copy. */
#ifndef MON_MARKET_H
#define MON_MARKET_H

#include "book.h"
#include "candle.h"
#include "msg.h"
#include "window.h"

#define MON_VIEW_LEVELS 50 /* of a book side that a view holds at most */

struct mon_trade {
	int64_t ts_ms;
	double price, size;
	bool is_buy; /* the taker bought */
};

struct mon_ticker {
	int64_t ts_ms;
	double mark_price;
	double open_interest; /* base currency */
	double funding;	      /* rate per interval */
	double long_ratio;    /* 0..1 */
};

struct mon_market_stats {
	uint64_t book_rows, trades, tickers, klines;
	uint64_t failed; /* messages lost to lack of memory */
};

struct mon_market {
	char symbol[APP_SYMBOL_MAX];
	struct app_book book;
	struct mon_window candles; /* struct mon_candle, 1m */
	struct mon_window trades;  /* struct mon_trade */
	struct mon_window tickers; /* struct mon_ticker */
	struct mon_market_stats stats;
};

/* What the analyses see: a copy of the market at one moment. */
struct mon_view {
	char symbol[APP_SYMBOL_MAX];
	int64_t ts_ms;
	double price;		    /* middle of the book, or the last close; 0 = none */
	struct mon_candle *candles; /* oldest first, like all below */
	size_t candle_nr;
	struct mon_trade *trades;
	size_t trade_nr;
	struct mon_ticker *tickers;
	size_t ticker_nr;
	struct app_level bids[MON_VIEW_LEVELS]; /* best first */
	struct app_level asks[MON_VIEW_LEVELS];
	size_t bid_nr, ask_nr;
};

/* Prepares an empty market.
 *
 *   symbol   shorter than APP_SYMBOL_MAX
 *   history  candles, and trades, to keep; 0 = all */
void mon_market_init(struct mon_market *market, const char *symbol, size_t history);

void mon_market_fini(struct mon_market *market);

/* Takes one message of this market in; what cannot be stored is counted. */
void mon_market_apply(struct mon_market *market, const struct app_msg *msg);

/* Copies the market as it is now.
 *
 *   out  [out] to be given to mon_view_destroy()
 *
 * Returns 0, or -ENOMEM. */
int mon_view_create(struct mon_market *market, int64_t ts_ms, struct mon_view **out);

/* Frees a view; NULL is fine. Context: any thread. */
void mon_view_destroy(struct mon_view *view);

#endif
