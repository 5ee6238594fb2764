#include "topic_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void begin(struct ex_topic *topic, const char *type, int64_t now_ms)
{
	ex_text_clear(&topic->text);
	ex_text_addf(&topic->text,
		     "{\"topic\":\"%s\",\"type\":\"%s\",\"ts\":%" PRId64 ",\"data\":", topic->name,
		     type, EX_EPOCH_MS + now_ms);
}

/* A price or size, as a text of JSON. */
static void put(struct ex_topic *topic, const char *before, double value, int digits)
{
	ex_text_add(&topic->text, before);
	ex_text_decimal(&topic->text, value, digits);
	ex_text_bytes(&topic->text, "\"", 1);
}

static void put_level(struct ex_topic *topic, bool *first, double price, double size)
{
	const struct ex_market *market = topic->market;

	put(topic, *first ? "[\"" : ",[\"", price, market->price_digits);
	put(topic, ",\"", size, size > 0 ? market->size_digits : 0);
	ex_text_bytes(&topic->text, "]", 1);
	*first = false;
}

static void begin_book(struct ex_topic *topic, const char *type, int64_t now_ms)
{
	begin(topic, type, now_ms);
	ex_text_addf(&topic->text, "{\"s\":\"%s\",\"b\":[", topic->market->symbol);
}

static void end_book(struct ex_topic *topic, int64_t now_ms)
{
	ex_text_addf(&topic->text, "],\"u\":%" PRIu64 ",\"seq\":%" PRIu64 "},\"cts\":%" PRId64 "}",
		     topic->u, topic->market->book.seq, EX_EPOCH_MS + now_ms);
}

struct ex_message *ex_text_book_snapshot(struct ex_topic *topic, int64_t now_ms)
{
	begin_book(topic, "snapshot", now_ms);
	for (int side = 0; side < 2; side++) {
		bool first = true;

		if (side)
			ex_text_add(&topic->text, "],\"a\":[");
		for (size_t i = 0; i < topic->told_nr[side]; i++)
			put_level(topic, &first, topic->told[side][i].price,
				  topic->told[side][i].size);
	}
	end_book(topic, now_ms);
	return ex_message_of(&topic->text);
}

/* Both lists have the best level first: what is only in the old one was deleted. */
static void put_changes(struct ex_topic *topic, int side, const struct app_level *now, size_t nr)
{
	const struct app_level *told = topic->told[side];
	size_t i = 0, j = 0;
	bool first = true;

	while (i < topic->told_nr[side] || j < nr) {
		bool has_old = i < topic->told_nr[side], has_new = j < nr;
		/* > 0: the old one is the better one */
		double ahead = has_old && has_new ? told[i].price - now[j].price : 0;

		if (side)
			ahead = -ahead;
		if (!has_new || (has_old && ahead > 0)) {
			put_level(topic, &first, told[i++].price, 0);
		} else if (!has_old || ahead < 0) {
			put_level(topic, &first, now[j].price, now[j].size);
			j++;
		} else {
			if (told[i].size > now[j].size || told[i].size < now[j].size)
				put_level(topic, &first, now[j].price, now[j].size);
			i++;
			j++;
		}
	}
}

void ex_text_book_delta(struct ex_topic *topic, int64_t now_ms)
{
	const struct app_book *book = &topic->market->book;

	begin_book(topic, "delta", now_ms);
	put_changes(topic, 0, book->bids.levels,
		    book->bids.nr < topic->depth ? book->bids.nr : topic->depth);
	ex_text_add(&topic->text, "],\"a\":[");
	put_changes(topic, 1, book->asks.levels,
		    book->asks.nr < topic->depth ? book->asks.nr : topic->depth);
	end_book(topic, now_ms);
}

struct ex_message *ex_text_trades(struct ex_topic *topic, int64_t now_ms)
{
	static const char *const ticks[] = {"MinusTick", "ZeroMinusTick", "PlusTick"};
	const struct ex_market *market = topic->market;

	if (!market->trade_nr)
		return NULL;
	begin(topic, "snapshot", now_ms);
	for (size_t i = 0; i < market->trade_nr; i++) {
		const struct ex_trade *trade = &market->trade[i];

		ex_text_addf(&topic->text, "%s{\"T\":%" PRId64 ",\"s\":\"%s\",\"S\":\"%s\"",
			     i ? "," : "[", EX_EPOCH_MS + trade->ts_ms, market->symbol,
			     trade->is_buy ? "Buy" : "Sell");
		put(topic, ",\"v\":\"", trade->size, market->size_digits);
		put(topic, ",\"p\":\"", trade->price, market->price_digits);
		ex_text_addf(&topic->text,
			     ",\"L\":\"%s\",\"i\":\"%s-%" PRIu64
			     "\",\"BT\":false,\"RPI\":false,\"seq\":%" PRIu64 "}",
			     ticks[trade->tick + 1], market->symbol, trade->id, trade->seq);
	}
	ex_text_add(&topic->text, "]}");
	return ex_message_of(&topic->text);
}

struct ex_message *ex_text_liquidations(struct ex_topic *topic, int64_t now_ms)
{
	const struct ex_market *market = topic->market;
	bool any = false;

	for (size_t i = 0; i < market->trade_nr; i++) {
		const struct ex_trade *trade = &market->trade[i];

		if (!trade->is_liquidation)
			continue;
		if (!any)
			begin(topic, "snapshot", now_ms);
		/* Buy means that a long was liquidated, whose position is sold. */
		ex_text_addf(&topic->text, "%s{\"T\":%" PRId64 ",\"s\":\"%s\",\"S\":\"%s\"",
			     any ? "," : "[", EX_EPOCH_MS + trade->ts_ms, market->symbol,
			     trade->is_buy ? "Sell" : "Buy");
		put(topic, ",\"v\":\"", trade->size, market->size_digits);
		put(topic, ",\"p\":\"", trade->price, market->price_digits);
		ex_text_add(&topic->text, "}");
		any = true;
	}
	if (!any)
		return NULL;
	ex_text_add(&topic->text, "]}");
	return ex_message_of(&topic->text);
}

static void put_kline(struct ex_topic *topic, const struct ex_candle *candle, bool confirm,
		      int64_t now_ms)
{
	const struct ex_interval *interval = &ex_intervals[topic->interval];
	int digits = topic->market->price_digits;

	ex_text_addf(&topic->text, "{\"start\":%" PRId64 ",\"end\":%" PRId64 ",\"interval\":\"%s\"",
		     EX_EPOCH_MS + candle->start_ms,
		     EX_EPOCH_MS + candle->start_ms + interval->ms - 1, interval->name);
	put(topic, ",\"open\":\"", candle->open, digits);
	put(topic, ",\"close\":\"", candle->close, digits);
	put(topic, ",\"high\":\"", candle->high, digits);
	put(topic, ",\"low\":\"", candle->low, digits);
	put(topic, ",\"volume\":\"", candle->volume, topic->market->size_digits);
	put(topic, ",\"turnover\":\"", candle->turnover, 4);
	ex_text_addf(&topic->text, ",\"confirm\":%s,\"timestamp\":%" PRId64 "}",
		     confirm ? "true" : "false", EX_EPOCH_MS + now_ms);
}

struct ex_message *ex_text_kline(struct ex_topic *topic, int64_t now_ms)
{
	struct ex_market *market = topic->market;
	size_t i = topic->interval;
	bool closed = market->has_closed[i];

	if (!closed && !(market->candle[i].open > 0))
		return NULL;
	begin(topic, "snapshot", now_ms);
	ex_text_add(&topic->text, "[");
	put_kline(topic, closed ? &market->closed[i] : &market->candle[i], closed, now_ms);
	ex_text_add(&topic->text, "]}");
	return ex_message_of(&topic->text);
}
