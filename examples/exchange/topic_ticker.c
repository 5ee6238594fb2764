#include "topic_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FUNDING_MS (8 * 3600 * 1000LL)

enum field {
	TICK_DIRECTION,
	PRICE_24H_PCNT,
	LAST_PRICE,
	PREV_PRICE_24H,
	HIGH_PRICE_24H,
	LOW_PRICE_24H,
	PREV_PRICE_1H,
	MARK_PRICE,
	INDEX_PRICE,
	OPEN_INTEREST,
	OPEN_INTEREST_VALUE,
	TURNOVER_24H,
	VOLUME_24H,
	NEXT_FUNDING_TIME,
	FUNDING_RATE,
	BID1_PRICE,
	BID1_SIZE,
	ASK1_PRICE,
	ASK1_SIZE,
	FIELDS
};
_Static_assert(FIELDS <= EX_TICKER_FIELDS, "a topic has room for the fields");

static const char *const names[FIELDS] = {
    "tickDirection",	 "price24hPcnt", "lastPrice", "prevPrice24h",	 "highPrice24h",
    "lowPrice24h",	 "prevPrice1h",	 "markPrice", "indexPrice",	 "openInterest",
    "openInterestValue", "turnover24h",	 "volume24h", "nextFundingTime", "fundingRate",
    "bid1Price",	 "bid1Size",	 "ask1Price", "ask1Size",
};

typedef char field_text[EX_TICKER_BYTES];

static void put(field_text *now, enum field field, double value, int digits)
{
	snprintf(now[field], sizeof(now[field]), "%.*f", digits, value);
}

/* The day is the time that the exchange has seen. */
static void put_day(const struct ex_market *m, field_text *now)
{
	int digits = m->price_digits;
	double change = m->first_price > 0 ? m->last_price / m->first_price - 1 : 0;

	strcpy(now[TICK_DIRECTION], m->last_tick < 0 ? "MinusTick" : "PlusTick");
	put(now, PRICE_24H_PCNT, change, 6);
	put(now, LAST_PRICE, m->last_price, digits);
	put(now, PREV_PRICE_24H, m->first_price, digits);
	put(now, HIGH_PRICE_24H, m->high, digits);
	put(now, LOW_PRICE_24H, m->low, digits);
	put(now, PREV_PRICE_1H, m->first_price, digits);
	put(now, TURNOVER_24H, m->turnover, 4);
	put(now, VOLUME_24H, m->volume, m->size_digits);
}

static void put_now(const struct ex_market *m, field_text *now, int64_t now_ms)
{
	struct app_level bid = {0}, ask = {0};
	int64_t funding_ms = (now_ms / FUNDING_MS + 1) * FUNDING_MS + EX_EPOCH_MS;

	(void)app_book_best(&m->book, &bid, &ask);
	put(now, MARK_PRICE, m->mark_price, m->price_digits + 1);
	put(now, INDEX_PRICE, m->mark_price, m->price_digits + 1);
	put(now, OPEN_INTEREST, m->open_interest, m->size_digits);
	put(now, OPEN_INTEREST_VALUE, m->open_interest * m->mark_price, 2);
	snprintf(now[NEXT_FUNDING_TIME], sizeof(now[0]), "%" PRId64, funding_ms);
	put(now, FUNDING_RATE, m->funding, 8);
	put(now, BID1_PRICE, bid.price, m->price_digits);
	put(now, BID1_SIZE, bid.size, m->size_digits);
	put(now, ASK1_PRICE, ask.price, m->price_digits);
	put(now, ASK1_SIZE, ask.size, m->size_digits);
}

struct ex_message *ex_text_ticker(struct ex_topic *topic, int64_t now_ms, bool whole)
{
	field_text now[FIELDS];
	struct ex_text *text = &topic->text;
	bool any = whole;

	put_day(topic->market, now);
	put_now(topic->market, now, now_ms);
	ex_text_clear(text);
	ex_text_addf(text, "{\"topic\":\"%s\",\"type\":\"%s\",\"data\":{\"symbol\":\"%s\"",
		     topic->name, whole ? "snapshot" : "delta", topic->market->symbol);
	for (size_t i = 0; i < FIELDS; i++) {
		if (!whole && !strcmp(now[i], topic->field[i]))
			continue;
		any = true;
		ex_text_addf(text, ",\"%s\":\"%s\"", names[i], now[i]);
		/* A new listener must not keep the others from hearing what changed. */
		if (!whole || topic->client_nr <= 1)
			strcpy(topic->field[i], now[i]);
	}
	ex_text_addf(text, "},\"cs\":%" PRIu64 ",\"ts\":%" PRId64 "}", ++topic->cs,
		     EX_EPOCH_MS + now_ms);
	return any ? ex_message_of(text) : NULL;
}
