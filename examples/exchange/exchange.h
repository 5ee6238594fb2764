/* The exchange: markets, their topics, the clients that listen, and market time. It knows
 * nothing of sockets. */
#ifndef EX_EXCHANGE_H
#define EX_EXCHANGE_H

#include "cmdline.h"
#include "source.h"
#include "topic.h"

struct ex_exchange {
	struct ex_source *source;
	struct ex_market *markets;
	size_t market_nr;
	struct ex_topic *topics; /* EX_TOPICS a market */
	size_t topic_nr;
	struct ex_client *clients; /* a list */
	size_t client_nr;
	int64_t now_ms; /* market time */
	int err;	/* why no more can be had of the source, or 0 */
	uint64_t connected, messages, faults, slow, orders, fills;
};

/* Takes the source over.
 *
 *   names  of the markets, in any number up to APP_SYMBOLS_MAX
 *
 * Returns 0, or -ENOMEM. */
int ex_exchange_create(struct ex_source *source, const char (*names)[APP_SYMBOL_MAX], size_t nr,
		       struct ex_exchange **out);
void ex_exchange_destroy(struct ex_exchange *exchange);

/* NULL if there is none of that name. */
struct ex_topic *ex_exchange_topic(const struct ex_exchange *exchange, const char *name);
/* By its name at the venue, "BTCUSDT". */
struct ex_market *ex_exchange_market(const struct ex_exchange *exchange, const char *symbol);

/* Market time goes on by a step, and the markets take in what happened. Nobody is told. Returns
 * 0, or what ex_source_advance() does. */
int ex_exchange_advance(struct ex_exchange *exchange);

#endif
