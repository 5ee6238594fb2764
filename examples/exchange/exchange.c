#include "exchange.h"
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ex_exchange_create(struct ex_source *source, const char (*names)[APP_SYMBOL_MAX], size_t nr,
		       struct ex_exchange **out)
{
	struct ex_exchange *exchange = calloc(1, sizeof(*exchange));
	int err = 0;

	if (!exchange)
		return -ENOMEM;
	exchange->markets = calloc(nr, sizeof(*exchange->markets));
	exchange->topics = calloc(nr * EX_TOPICS, sizeof(*exchange->topics));
	if (!exchange->markets || !exchange->topics)
		err = -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++) {
		ex_market_init(&exchange->markets[exchange->market_nr++], names[i]);
		for (size_t k = 0; k < EX_TOPICS && !err; k++)
			err = ex_topic_init(&exchange->topics[exchange->topic_nr++],
					    &exchange->markets[i], k);
	}
	if (err) {
		ex_exchange_destroy(exchange);
		return err;
	}
	exchange->source = source;
	/* History and the books, before anybody listens. */
	exchange->now_ms = -EX_MODEL_STEP_MS;
	err = ex_exchange_advance(exchange);
	if (err) {
		exchange->source = NULL; /* still the caller's */
		ex_exchange_destroy(exchange);
		return err;
	}
	*out = exchange;
	return 0;
}

void ex_exchange_destroy(struct ex_exchange *exchange)
{
	if (!exchange)
		return;
	for (size_t i = 0; i < exchange->topic_nr; i++)
		ex_topic_fini(&exchange->topics[i]);
	for (size_t i = 0; i < exchange->market_nr; i++)
		ex_market_fini(&exchange->markets[i]);
	ex_source_destroy(exchange->source);
	free(exchange->topics);
	free(exchange->markets);
	free(exchange);
}

struct ex_topic *ex_exchange_topic(const struct ex_exchange *exchange, const char *name)
{
	for (size_t i = 0; i < exchange->topic_nr; i++)
		if (!strcmp(exchange->topics[i].name, name))
			return &exchange->topics[i];
	return NULL;
}

struct ex_market *ex_exchange_market(const struct ex_exchange *exchange, const char *symbol)
{
	for (size_t i = 0; i < exchange->market_nr; i++)
		if (!strcmp(exchange->markets[i].symbol, symbol))
			return &exchange->markets[i];
	return NULL;
}

static void on_message(void *arg, const struct app_msg *msg)
{
	struct ex_exchange *exchange = arg;

	for (size_t i = 0; i < exchange->market_nr; i++) {
		if (!strcmp(exchange->markets[i].name, msg->symbol)) {
			if (ex_market_apply(&exchange->markets[i], msg))
				exchange->err = -ENOMEM;
			return;
		}
	}
}

int ex_exchange_advance(struct ex_exchange *exchange)
{
	int err;

	exchange->now_ms += EX_MODEL_STEP_MS;
	err = ex_source_advance(exchange->source, exchange->now_ms, on_message, exchange);
	exchange->err = exchange->err ? exchange->err : err;
	for (size_t i = 0; i < exchange->market_nr; i++)
		ex_market_end_step(&exchange->markets[i], exchange->now_ms);
	return exchange->err;
}
