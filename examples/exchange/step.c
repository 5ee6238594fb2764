#include "step.h"
#include "deliver.h"
#include "news.h"
#include "orders.h"

static void tell(struct ex_exchange *exchange, struct ex_topic *topic)
{
	struct ex_message *message;
	bool is_delta;

	if (!topic->client_nr)
		return;
	message = ex_topic_news(topic, exchange->now_ms, &is_delta);
	if (!message)
		return;
	for (size_t i = 0; i < topic->client_nr; i++)
		ex_deliver(topic->clients[i], topic, message, is_delta);
	ex_message_unref(message);
}

int ex_step(struct ex_exchange *exchange)
{
	int err = ex_exchange_advance(exchange);

	for (size_t i = 0; i < exchange->topic_nr; i++)
		tell(exchange, &exchange->topics[i]);
	ex_orders_match(exchange);
	for (size_t i = 0; i < exchange->market_nr; i++)
		ex_market_forget(&exchange->markets[i]);
	return err;
}
