#include "orders.h"
#include "order_text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Codes of the protocol. */
#define BAD_PARAMETER 10001
#define NO_SUCH_ORDER 110001
#define TOO_MANY      110020

#define DUST 1e-12

static bool number_at(const json_t *arg, const char *key, double *out)
{
	const char *text = json_string_value(json_object_get(arg, key));
	char *end;

	if (!text || !*text || text[strspn(text, "0123456789.")])
		return false;
	*out = strtod(text, &end);
	return !*end && isfinite(*out) && *out > 0;
}

/* One of some words. Returns its number, or -1. */
static int word_at(const json_t *arg, const char *key, const char *const *words, int nr)
{
	const char *text = json_string_value(json_object_get(arg, key));

	for (int i = 0; text && i < nr; i++)
		if (!strcmp(text, words[i]))
			return i;
	return -1;
}

static const char *read_words(const json_t *arg, struct ex_order *order)
{
	static const char *const sides[] = {"Sell", "Buy"}, *const types[] = {"Limit", "Market"};
	static const char *const times[] = {"GTC", "IOC", "FOK", "PostOnly"};
	int side = word_at(arg, "side", sides, 2), type = word_at(arg, "orderType", types, 2);
	int time =
	    json_object_get(arg, "timeInForce") ? word_at(arg, "timeInForce", times, 4) : EX_GTC;
	const char *link = json_string_value(json_object_get(arg, "orderLinkId"));

	if (side < 0)
		return "params error: side invalid";
	if (type < 0)
		return "params error: orderType invalid";
	if (time < 0)
		return "params error: timeInForce invalid";
	if (link && strlen(link) >= sizeof(order->link))
		return "params error: orderLinkId too long";
	strcpy(order->link, link ? link : "");
	order->is_buy = side;
	order->is_market = type;
	order->time_in_force =
	    order->is_market && time != EX_FOK ? EX_IOC : (enum ex_time_in_force)time;
	return NULL;
}

int ex_orders_read(struct ex_client *client, const json_t *arg, struct ex_order *out,
		   const char **why)
{
	const char *symbol = json_string_value(json_object_get(arg, "symbol"));

	*out = (struct ex_order){.created_ms = client->exchange->now_ms};
	out->market = symbol ? ex_exchange_market(client->exchange, symbol) : NULL;
	*why = out->market ? read_words(arg, out) : "params error: symbol invalid";
	if (!*why && !number_at(arg, "qty", &out->size))
		*why = "params error: qty invalid";
	if (!*why && !out->is_market && !number_at(arg, "price", &out->price))
		*why = "params error: price invalid";
	if (*why)
		return BAD_PARAMETER;
	if (client->orders.nr == EX_ORDERS_MAX) {
		*why = "too many open orders";
		return TOO_MANY;
	}
	out->id = ++client->exchange->orders;
	return 0;
}

static bool reaches(const struct ex_order *order, double price)
{
	return order->is_market || (order->is_buy ? price <= order->price : price >= order->price);
}

static const struct app_side *other_side(const struct ex_order *order)
{
	return order->is_buy ? &order->market->book.asks : &order->market->book.bids;
}

/* What the book has for it at its price. */
static double on_offer(const struct ex_order *order)
{
	const struct app_side *side = other_side(order);
	double size = 0;

	for (size_t i = 0; i < side->nr && reaches(order, side->levels[i].price); i++)
		size += side->levels[i].size;
	return size;
}

static bool is_done(const struct ex_order *order)
{
	return order->size - order->filled <= DUST;
}

static void fill(struct ex_client *client, struct ex_order *order, double price, double size,
		 bool is_maker)
{
	order->filled += size;
	if (is_done(order))
		order->filled = order->size;
	order->paid += price * size;
	order->fills++;
	client->exchange->fills++;
	ex_order_tell_fill(client, order, price, size, is_maker);
}

/* Takes from the levels it reaches, each at its price. */
static void take(struct ex_client *client, struct ex_order *order)
{
	const struct app_side *side = other_side(order);

	for (size_t i = 0; i < side->nr && reaches(order, side->levels[i].price); i++) {
		double left = order->size - order->filled;

		if (is_done(order))
			return;
		fill(client, order, side->levels[i].price, fmin(left, side->levels[i].size), false);
	}
}

static int keep(struct ex_orders *orders, const struct ex_order *order)
{
	if (orders->nr == orders->cap) {
		size_t cap = orders->cap ? 2 * orders->cap : 8;
		struct ex_order *open = reallocarray(orders->open, cap, sizeof(*open));

		if (!open)
			return -ENOMEM;
		orders->open = open;
		orders->cap = cap;
	}
	orders->open[orders->nr++] = *order;
	return 0;
}

void ex_orders_place(struct ex_client *client, const struct ex_order *asked)
{
	struct ex_order order = *asked;
	bool crosses =
	    other_side(&order)->nr && reaches(&order, other_side(&order)->levels[0].price);

	ex_order_tell(client, &order, "New");
	if ((order.time_in_force == EX_POST_ONLY && crosses) ||
	    (order.time_in_force == EX_FOK && on_offer(&order) < order.size)) {
		ex_order_tell(client, &order, "Cancelled");
		return;
	}
	take(client, &order);
	if (is_done(&order))
		ex_order_tell(client, &order, "Filled");
	else if (order.time_in_force == EX_IOC || order.time_in_force == EX_FOK ||
		 keep(&client->orders, &order))
		ex_order_tell(client, &order, "Cancelled");
	else if (order.filled > 0)
		ex_order_tell(client, &order, "PartiallyFilled");
}

int ex_orders_cancel(struct ex_client *client, const json_t *arg, struct ex_order *out,
		     const char **why)
{
	const char *id = json_string_value(json_object_get(arg, "orderId"));
	const char *link = json_string_value(json_object_get(arg, "orderLinkId"));
	struct ex_orders *orders = &client->orders;

	for (size_t i = 0; i < orders->nr; i++) {
		struct ex_order *order = &orders->open[i];

		if (!(id && strtoull(id, NULL, 10) == order->id) &&
		    !(link && *link && !strcmp(link, order->link)))
			continue;
		*out = *order;
		*order = orders->open[--orders->nr];
		return 0;
	}
	*why = "order not exists or too late to cancel";
	return NO_SUCH_ORDER;
}

void ex_orders_tell_cancelled(struct ex_client *client, const struct ex_order *order)
{
	ex_order_tell(client, order, "Cancelled");
}

static void match_client(struct ex_client *client)
{
	struct ex_orders *orders = &client->orders;

	for (size_t i = 0; i < orders->nr;) {
		struct ex_order *order = &orders->open[i];
		const struct app_side *side = other_side(order);

		if (!side->nr || !reaches(order, side->levels[0].price)) {
			i++;
			continue;
		}
		/* It was there first: its own price, and no more than came. */
		fill(client, order, order->price,
		     fmin(order->size - order->filled, side->levels[0].size), true);
		ex_order_tell(client, order, is_done(order) ? "Filled" : "PartiallyFilled");
		if (is_done(order))
			*order = orders->open[--orders->nr];
		else
			i++;
	}
}

void ex_orders_match(struct ex_exchange *exchange)
{
	for (struct ex_client *client = exchange->clients; client; client = client->next)
		match_client(client);
}
