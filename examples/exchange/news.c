#include "news.h"
#include "topic_text.h"

#include <string.h>

#define BOOK_REPEAT_MS 3000 /* level 1 is told again when it has not changed */

static size_t depth_of(const struct ex_topic *topic, const struct app_side *side)
{
	return side->nr < topic->depth ? side->nr : topic->depth;
}

/* What is in the book now has been told. */
static void remember(struct ex_topic *topic, int64_t now_ms)
{
	const struct app_side *sides[] = {&topic->market->book.bids, &topic->market->book.asks};

	for (int i = 0; i < 2; i++) {
		topic->told_nr[i] = depth_of(topic, sides[i]);
		if (topic->told_nr[i])
			memcpy(topic->told[i], sides[i]->levels,
			       topic->told_nr[i] * sizeof(struct app_level));
	}
	topic->told_ms = now_ms;
}

static bool side_is_told(const struct ex_topic *topic, int i, const struct app_side *side)
{
	size_t nr = depth_of(topic, side);

	return nr == topic->told_nr[i] &&
	       (!nr || !memcmp(topic->told[i], side->levels, nr * sizeof(struct app_level)));
}

/* Whether the book is as it was told. */
static bool is_told(const struct ex_topic *topic)
{
	return side_is_told(topic, 0, &topic->market->book.bids) &&
	       side_is_told(topic, 1, &topic->market->book.asks);
}

static struct ex_message *book_news(struct ex_topic *topic, int64_t now_ms, bool *is_delta)
{
	if (topic->restart) {
		topic->restart = false;
		topic->u = 1;
		remember(topic, now_ms);
		return ex_text_book_snapshot(topic, now_ms);
	}
	if (is_told(topic)) {
		if (topic->depth > 1 || now_ms - topic->told_ms < BOOK_REPEAT_MS)
			return NULL;
		topic->told_ms = now_ms;
		return ex_text_book_snapshot(topic, now_ms);
	}
	topic->u++;
	if (topic->depth == 1) {
		remember(topic, now_ms);
		return ex_text_book_snapshot(topic, now_ms);
	}
	*is_delta = true;
	ex_text_book_delta(topic, now_ms);
	remember(topic, now_ms);
	return ex_message_of(&topic->text);
}

struct ex_message *ex_topic_first(struct ex_topic *topic, int64_t now_ms)
{
	switch (topic->kind) {
	case EX_BOOK:
		/* The first listener gets the book as it is, others what the first was told. */
		if (topic->client_nr <= 1) {
			topic->u++;
			remember(topic, now_ms);
		}
		return ex_text_book_snapshot(topic, now_ms);
	case EX_TICKER:
		return ex_text_ticker(topic, now_ms, true);
	default:
		return NULL;
	}
}

struct ex_message *ex_topic_news(struct ex_topic *topic, int64_t now_ms, bool *is_delta)
{
	*is_delta = false;
	/* A closed candle does not wait. */
	if (now_ms < topic->due_ms &&
	    !(topic->kind == EX_KLINE && topic->market->has_closed[topic->interval]))
		return NULL;
	topic->due_ms = now_ms + topic->every_ms;
	switch (topic->kind) {
	case EX_BOOK:
		return book_news(topic, now_ms, is_delta);
	case EX_TRADES:
		return ex_text_trades(topic, now_ms);
	case EX_TICKER:
		return ex_text_ticker(topic, now_ms, false);
	case EX_KLINE:
		return ex_text_kline(topic, now_ms);
	case EX_LIQUIDATIONS:
		return ex_text_liquidations(topic, now_ms);
	}
	return NULL;
}
