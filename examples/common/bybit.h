/* Messages of the Bybit v5 public streams and its answers, read from their text. What a venue
 * sends is not to be trusted: what is malformed is refused whole, and nothing grows beyond the
 * limits below. */
#ifndef APP_BYBIT_H
#define APP_BYBIT_H

#include "book.h"
#include "symbol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define APP_BYBIT_BYTES_MAX  (4u << 20) /* of a message */
#define APP_BYBIT_LEVELS_MAX 1000	/* of a side, as in the deepest stream */
#define APP_BYBIT_TRADES_MAX 1024	/* of a message */

enum app_bybit_type {
	APP_BYBIT_ANSWER, /* to subscribe, unsubscribe and the like */
	APP_BYBIT_PONG,
	APP_BYBIT_BOOK,
	APP_BYBIT_TRADES,
	APP_BYBIT_LIQUIDATIONS,
	APP_BYBIT_TICKER,
	APP_BYBIT_KLINE,
};

struct app_bybit_trade {
	int64_t ts_ms;
	double price, size;
	bool is_buy; /* the taker bought; of a liquidation: a long was liquidated */
};

/* What a ticker says. In a delta absent fields are unchanged: `has` tells which are there. */
enum app_bybit_field {
	APP_BYBIT_LAST_PRICE,
	APP_BYBIT_MARK_PRICE,
	APP_BYBIT_INDEX_PRICE,
	APP_BYBIT_OPEN_INTEREST, /* base currency */
	APP_BYBIT_FUNDING,	 /* rate per interval */
	APP_BYBIT_BID_PRICE,
	APP_BYBIT_BID_SIZE,
	APP_BYBIT_ASK_PRICE,
	APP_BYBIT_ASK_SIZE,
	APP_BYBIT_TICKER_FIELDS
};

struct app_bybit_kline {
	int64_t start_ms, end_ms;
	double open, high, low, close, volume;
	bool confirm; /* it is closed */
};

/* A message. Which members are set follows from the type. */
struct app_bybit_msg {
	enum app_bybit_type type;
	bool ok;	  /* ANSWER, PONG */
	char op[24];	  /* ANSWER: what it answers */
	char req_id[40];  /* ANSWER, PONG: of the request, "" if it had none; cut when longer */
	char reason[128]; /* ANSWER: why not, cut when longer */
	char symbol[APP_SYMBOL_MAX]; /* "BTCUSDT"; of all below */
	int64_t ts_ms;
	bool is_snapshot;	       /* BOOK, TICKER */
	int depth;		       /* BOOK: of the stream */
	uint64_t u, seq;	       /* BOOK */
	struct app_level *bids, *asks; /* BOOK: as they came; size 0 deletes */
	size_t bid_nr, ask_nr;
	struct app_bybit_trade *trades; /* TRADES, LIQUIDATIONS */
	size_t trade_nr;
	unsigned int has; /* TICKER: bits of enum app_bybit_field */
	double field[APP_BYBIT_TICKER_FIELDS];
	char interval[8]; /* KLINE: "1", "240", "D" */
	struct app_bybit_kline kline;
};

/* Room that messages are read into, one after the other. */
struct app_bybit_reader;

/* Returns 0, or -ENOMEM. */
int app_bybit_reader_create(struct app_bybit_reader **out);
void app_bybit_reader_destroy(struct app_bybit_reader *reader);

/* Reads a message.
 *
 *   text  of len bytes, need not end with a NUL
 *   out   [out] valid until the next call
 *
 * Returns 0; -EBADMSG: it is no JSON, lacks something, has a number that is none, or more than
 * fits; -ENOMSG: it is well-formed and of a kind that is not known here. */
int app_bybit_read(struct app_bybit_reader *reader, const char *text, size_t len,
		   const struct app_bybit_msg **out);

/* "BTC/USDT" as the venue has it: "BTCUSDT".
 *
 *   out  [out] of APP_SYMBOL_MAX bytes */
void app_bybit_symbol(const char *name, char *out);

#endif
