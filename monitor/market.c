#include "market.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TICKER_LIMIT 288 /* a day of open interest at one point in 5 minutes */

void mon_market_init(struct mon_market *market, const char *symbol, size_t history)
{
	*market = (struct mon_market){0};
	memcpy(market->symbol, symbol, strnlen(symbol, APP_SYMBOL_MAX - 1));
	app_book_init(&market->book);
	mon_window_init(&market->candles, sizeof(struct mon_candle), history);
	mon_window_init(&market->trades, sizeof(struct mon_trade), history);
	mon_window_init(&market->tickers, sizeof(struct mon_ticker), history ? TICKER_LIMIT : 0);
}

void mon_market_fini(struct mon_market *market)
{
	app_book_fini(&market->book);
	mon_window_fini(&market->candles);
	mon_window_fini(&market->trades);
	mon_window_fini(&market->tickers);
}

static int apply_kline(struct mon_market *market, const struct app_msg *msg)
{
	struct mon_candle candle = {
	    .start_ms = msg->ts_ms,
	    .open = msg->open,
	    .high = msg->high,
	    .low = msg->low,
	    .close = msg->price,
	    .volume = msg->size,
	    .buy_volume = msg->buy_size,
	};

	market->stats.klines++;
	return mon_window_push(&market->candles, &candle);
}

static int apply_trade(struct mon_market *market, const struct app_msg *msg)
{
	struct mon_trade trade = {msg->ts_ms, msg->price, msg->size, msg->is_buy};
	int err = mon_window_push(&market->trades, &trade);

	market->stats.trades++;
	if (err)
		return err;
	return mon_candle_add_trade(&market->candles, msg->ts_ms, msg->price, msg->size,
				    msg->is_buy);
}

static int apply_ticker(struct mon_market *market, const struct app_msg *msg)
{
	struct mon_ticker ticker = {
	    msg->ts_ms, msg->price, msg->size, msg->funding, msg->long_ratio,
	};

	market->stats.tickers++;
	return mon_window_push(&market->tickers, &ticker);
}

static int apply_level(struct mon_market *market, const struct app_msg *msg)
{
	market->stats.book_rows++;
	if (msg->type == APP_MSG_SNAPSHOT)
		return app_book_snapshot(&market->book, msg->seq, msg->is_buy, msg->price,
					 msg->size);
	return app_book_delta(&market->book, msg->seq, msg->is_buy, msg->price, msg->size);
}

void mon_market_apply(struct mon_market *market, const struct app_msg *msg)
{
	int err = 0;

	switch (msg->type) {
	case APP_MSG_KLINE:
		err = apply_kline(market, msg);
		break;
	case APP_MSG_SNAPSHOT:
	case APP_MSG_DELTA:
		err = apply_level(market, msg);
		break;
	case APP_MSG_TRADE:
		err = apply_trade(market, msg);
		break;
	case APP_MSG_TICKER:
		err = apply_ticker(market, msg);
		break;
	}
	/* A crossed book is counted where it is found. */
	if (err == -ENOMEM)
		market->stats.failed++;
}

static size_t copy_side(const struct app_side *side, struct app_level *out)
{
	size_t nr = side->nr < MON_VIEW_LEVELS ? side->nr : MON_VIEW_LEVELS;

	if (nr)
		memcpy(out, side->levels, nr * sizeof(*out));
	return nr;
}

static double current_price(const struct mon_view *view)
{
	if (view->bid_nr && view->ask_nr)
		return (view->bids[0].price + view->asks[0].price) / 2;
	return view->candle_nr ? view->candles[view->candle_nr - 1].close : 0;
}

static int copy_windows(const struct mon_market *market, struct mon_view *view)
{
	void *rows;
	int err = mon_window_copy(&market->candles, &rows, &view->candle_nr);

	if (err)
		return err;
	view->candles = rows;
	err = mon_window_copy(&market->trades, &rows, &view->trade_nr);
	if (err)
		return err;
	view->trades = rows;
	err = mon_window_copy(&market->tickers, &rows, &view->ticker_nr);
	if (!err)
		view->tickers = rows;
	return err;
}

int mon_view_create(struct mon_market *market, int64_t ts_ms, struct mon_view **out)
{
	struct mon_view *view = calloc(1, sizeof(*view));

	if (!view)
		return -ENOMEM;
	/* The last message may still be open; a crossed book shows as an empty one. */
	(void)app_book_commit(&market->book);
	memcpy(view->symbol, market->symbol, sizeof(view->symbol));
	view->ts_ms = ts_ms;
	view->bid_nr = copy_side(&market->book.bids, view->bids);
	view->ask_nr = copy_side(&market->book.asks, view->asks);
	if (copy_windows(market, view)) {
		mon_view_destroy(view);
		return -ENOMEM;
	}
	view->price = current_price(view);
	*out = view;
	return 0;
}

void mon_view_destroy(struct mon_view *view)
{
	if (!view)
		return;
	free(view->candles);
	free(view->trades);
	free(view->tickers);
	free(view);
}
