#include "topic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KLINE_EVERY_MS	1000
#define TICKER_EVERY_MS 100

static const struct {
	size_t depth;
	int64_t every_ms;
} books[] = {{1, 10}, {50, 20}, {200, 100}, {1000, 200}};

#define BOOKS (sizeof(books) / sizeof(books[0]))

static int init_book(struct ex_topic *topic, size_t i)
{
	topic->kind = EX_BOOK;
	topic->depth = books[i].depth;
	topic->every_ms = books[i].every_ms;
	snprintf(topic->name, sizeof(topic->name), "orderbook.%zu.%s", topic->depth,
		 topic->market->symbol);
	for (int side = 0; side < 2; side++) {
		topic->told[side] = calloc(topic->depth, sizeof(struct app_level));
		if (!topic->told[side])
			return -ENOMEM;
	}
	return 0;
}

int ex_topic_init(struct ex_topic *topic, struct ex_market *market, size_t i)
{
	static const struct {
		const char *name;
		enum ex_topic_kind kind;
		int64_t every_ms;
	} plain[] = {{"publicTrade", EX_TRADES, 0},
		     {"tickers", EX_TICKER, TICKER_EVERY_MS},
		     {"allLiquidation", EX_LIQUIDATIONS, 0}};

	*topic = (struct ex_topic){.market = market};
	if (i < BOOKS)
		return init_book(topic, i);
	i -= BOOKS;
	if (i < 3) {
		topic->kind = plain[i].kind;
		topic->every_ms = plain[i].every_ms;
		snprintf(topic->name, sizeof(topic->name), "%s.%s", plain[i].name, market->symbol);
		return 0;
	}
	topic->kind = EX_KLINE;
	topic->interval = i - 3;
	topic->every_ms = KLINE_EVERY_MS;
	snprintf(topic->name, sizeof(topic->name), "kline.%s.%s",
		 ex_intervals[topic->interval].name, market->symbol);
	return 0;
}

void ex_topic_fini(struct ex_topic *topic)
{
	free(topic->told[0]);
	free(topic->told[1]);
	free(topic->clients);
	ex_text_fini(&topic->text);
}

int ex_topic_add(struct ex_topic *topic, struct ex_client *client)
{
	if (topic->client_nr == topic->client_cap) {
		size_t cap = topic->client_cap ? 2 * topic->client_cap : 4;
		struct ex_client **clients = reallocarray(topic->clients, cap, sizeof(*clients));

		if (!clients)
			return -ENOMEM;
		topic->clients = clients;
		topic->client_cap = cap;
	}
	topic->clients[topic->client_nr++] = client;
	return 0;
}

void ex_topic_remove(struct ex_topic *topic, struct ex_client *client)
{
	for (size_t i = 0; i < topic->client_nr; i++) {
		if (topic->clients[i] == client) {
			topic->clients[i] = topic->clients[--topic->client_nr];
			return;
		}
	}
}
