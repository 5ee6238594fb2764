#include "order_text.h"
#include "json_send.h"

#include <inttypes.h>
#include <stdio.h>

#define NUMBER_BYTES 40

static const char *decimal(char *out, double value, int digits)
{
	snprintf(out, NUMBER_BYTES, "%.*f", digits, value);
	return out;
}

static const char *id_of(char *out, uint64_t id)
{
	snprintf(out, NUMBER_BYTES, "%" PRIu64, id);
	return out;
}

static const char *time_of(char *out, int64_t ms)
{
	snprintf(out, NUMBER_BYTES, "%" PRId64, EX_EPOCH_MS + ms);
	return out;
}

static void send_topic(struct ex_client *client, const char *topic, json_t *row)
{
	char id[NUMBER_BYTES];

	ex_json_send(client,
		     json_pack("{s:s,s:s,s:I,s:[o]}", "id", id_of(id, ++client->exchange->messages),
			       "topic", topic, "creationTime",
			       (json_int_t)(EX_EPOCH_MS + client->exchange->now_ms), "data", row));
}

/* What the rows of both topics have. */
static json_t *row_of(const struct ex_order *order)
{
	char id[NUMBER_BYTES], price[NUMBER_BYTES], size[NUMBER_BYTES], left[NUMBER_BYTES];
	int digits = order->market->size_digits;

	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "category", "linear", "symbol",
			 order->market->symbol, "orderId", id_of(id, order->id), "orderLinkId",
			 order->link, "side", order->is_buy ? "Buy" : "Sell", "orderType",
			 order->is_market ? "Market" : "Limit", "price",
			 decimal(price, order->price, order->market->price_digits), "qty",
			 decimal(size, order->size, digits), "leavesQty",
			 decimal(left, order->size - order->filled, digits));
}

static void set(json_t *row, const char *key, const char *text)
{
	json_object_set_new(row, key, json_string(text));
}

void ex_order_tell(struct ex_client *client, const struct ex_order *order, const char *status)
{
	char text[NUMBER_BYTES];
	json_t *row;

	if (!client->wants_orders)
		return;
	row = row_of(order);
	set(row, "orderStatus", status);
	set(row, "cumExecQty", decimal(text, order->filled, order->market->size_digits));
	set(row, "cumExecValue", decimal(text, order->paid, 8));
	set(row, "avgPrice",
	    order->filled > 0 ? decimal(text, order->paid / order->filled, 8) : "");
	set(row, "createdTime", time_of(text, order->created_ms));
	set(row, "updatedTime", time_of(text, client->exchange->now_ms));
	send_topic(client, "order", row);
}

void ex_order_tell_fill(struct ex_client *client, const struct ex_order *order, double price,
			double size, bool is_maker)
{
	char text[NUMBER_BYTES];
	json_t *row;

	if (!client->wants_executions)
		return;
	row = row_of(order);
	snprintf(text, sizeof(text), "%" PRIu64 "-%" PRIu64, order->id, order->fills);
	set(row, "execId", text);
	set(row, "execPrice", decimal(text, price, order->market->price_digits));
	set(row, "execQty", decimal(text, size, order->market->size_digits));
	set(row, "execValue", decimal(text, price * size, 8));
	set(row, "execFee", "0");
	set(row, "execType", "Trade");
	set(row, "execTime", time_of(text, client->exchange->now_ms));
	json_object_set_new(row, "isMaker", json_boolean(is_maker));
	json_object_set_new(row, "seq", json_integer((json_int_t)order->market->book.seq));
	send_topic(client, "execution", row);
}
