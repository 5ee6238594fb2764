/* A stream that clients subscribe to: what was told of it, and the messages that tell what is
 * new. Where nobody listens nothing is made. */
#ifndef EX_TOPIC_H
#define EX_TOPIC_H

#include "market.h"
#include "message.h"

#define EX_TICKER_FIELDS 20
#define EX_TICKER_BYTES	 24 /* of a field's text */

struct ex_client;

enum ex_topic_kind { EX_BOOK, EX_TRADES, EX_TICKER, EX_KLINE, EX_LIQUIDATIONS };

struct ex_topic {
	enum ex_topic_kind kind;
	char name[48];
	struct ex_market *market;
	size_t depth;	 /* BOOK */
	size_t interval; /* KLINE: of ex_intervals */
	int64_t every_ms, due_ms;
	struct ex_client **clients;
	size_t client_nr, client_cap;
	struct ex_text text; /* where messages are written */
	/* BOOK: what was told */
	struct app_level *told[2]; /* bids, asks */
	size_t told_nr[2];
	uint64_t u;
	int64_t told_ms;
	bool restart; /* the next message is a snapshot that counts from 1 */
	/* TICKER */
	char field[EX_TICKER_FIELDS][EX_TICKER_BYTES];
	uint64_t cs;
};

/* The topics of a market: how many, and which.
 *
 *   i  below EX_TOPICS
 *
 * Returns 0, or -ENOMEM. */
#define EX_TOPICS (4 + 3 + EX_INTERVALS)
int ex_topic_init(struct ex_topic *topic, struct ex_market *market, size_t i);
void ex_topic_fini(struct ex_topic *topic);

/* Adds and removes one who listens. Returns 0, or -ENOMEM. */
int ex_topic_add(struct ex_topic *topic, struct ex_client *client);
void ex_topic_remove(struct ex_topic *topic, struct ex_client *client);

#endif
