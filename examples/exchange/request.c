#include "request.h"
#include "client.h"
#include "json_send.h"
#include "news.h"
#include "orders.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NOT_AUTHORIZED 10004
#define SHOWN_BYTES    100 /* of a name that an answer repeats */

/* A request while it is dealt with. */
struct request {
	struct ex_client *client;
	const char *op, *id; /* id: "" without one */
	const json_t *args;
	char conn_id[24];
};

/* The answer of subscriptions and the like. */
static void answer(const struct request *request, bool success, const char *words)
{
	ex_json_send(request->client, json_pack("{s:b,s:s,s:s,s:s,s:s}", "success", success,
						"ret_msg", words, "conn_id", request->conn_id,
						"req_id", request->id, "op", request->op));
}

/* That of orders. */
static void answer_order(const struct request *request, int code, const char *words,
			 const struct ex_order *order)
{
	json_t *data = json_object();
	char id[24];

	if (order) {
		snprintf(id, sizeof(id), "%" PRIu64, order->id);
		json_object_set_new(data, "orderId", json_string(id));
		json_object_set_new(data, "orderLinkId", json_string(order->link));
	}
	ex_json_send(request->client, json_pack("{s:s,s:i,s:s,s:s,s:o,s:s}", "reqId", request->id,
						"retCode", code, "retMsg", words, "op", request->op,
						"data", data, "connId", request->conn_id));
}

/* How many bytes of a name are shown: no character of UTF-8 is cut, or it would be no JSON. */
static int shown(const char *name)
{
	size_t len = strnlen(name, SHOWN_BYTES);

	while (name[len] && len && (name[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

/* Something was wrong with a name. */
static void answer_about(const struct request *request, const char *what, const char *name)
{
	char words[160];

	snprintf(words, sizeof(words), "error:%s%.*s", what, shown(name), name);
	answer(request, false, words);
}

static void ping(const struct request *request)
{
	answer(request, true, "pong");
}

/* One name of `args`; NULL if all are texts and known. */
static const char *first_unknown(const struct request *request)
{
	size_t i;
	const json_t *arg;

	json_array_foreach(request->args, i, arg)
	{
		const char *name = json_string_value(arg);

		if (!name)
			return "(no text)";
		if (request->client->is_private
			? strcmp(name, "order") && strcmp(name, "execution")
			: !ex_exchange_topic(request->client->exchange, name))
			return name;
	}
	return NULL;
}

/* All or nothing: a request with one bad topic changes nothing. */
static bool refuse(const struct request *request)
{
	const char *unknown = first_unknown(request);

	if (!json_array_size(request->args)) {
		answer(request, false, "error:args is empty");
		return true;
	}
	if (request->client->is_private && !request->client->authorized) {
		answer(request, false, "error:not authorized");
		return true;
	}
	if (!unknown)
		return false;
	answer_about(request, "handler not found,topic:", unknown);
	return true;
}

static void want(const struct request *request, bool wants)
{
	size_t i;
	const json_t *arg;

	json_array_foreach(request->args, i, arg)
	{
		if (!strcmp(json_string_value(arg), "order"))
			request->client->wants_orders = wants;
		else
			request->client->wants_executions = wants;
	}
	answer(request, true, "");
}

static void subscribe(const struct request *request)
{
	struct ex_client *client = request->client;
	size_t i, before = client->topic_nr;
	const json_t *arg;
	int err = 0;

	if (refuse(request))
		return;
	if (client->is_private) {
		want(request, true);
		return;
	}
	json_array_foreach(request->args, i, arg)
	{
		const char *name = json_string_value(arg);

		err = ex_client_listen(client, ex_exchange_topic(client->exchange, name));
		if (!err)
			continue;
		while (client->topic_nr > before)
			(void)ex_client_leave(client, client->topics[client->topic_nr - 1]);
		answer_about(request,
			     err == -EEXIST  ? "already subscribed,topic:"
			     : err == -E2BIG ? "too many topics,topic:"
					     : "no memory,topic:",
			     name);
		return;
	}
	answer(request, true, "");
	for (i = before; i < client->topic_nr; i++)
		ex_client_give(client, ex_topic_first(client->topics[i], client->exchange->now_ms));
}

static void unsubscribe(const struct request *request)
{
	struct ex_client *client = request->client;
	size_t i;
	const json_t *arg;

	if (refuse(request))
		return;
	if (client->is_private) {
		want(request, false);
		return;
	}
	json_array_foreach(request->args, i, arg)(void)
	    ex_client_leave(client, ex_exchange_topic(client->exchange, json_string_value(arg)));
	answer(request, true, "");
}

/* Anybody may: nobody but programs on this machine connects. */
static void authorize(const struct request *request)
{
	const char *key = json_string_value(json_array_get(request->args, 0));

	request->client->authorized = key && *key;
	answer(request, request->client->authorized,
	       request->client->authorized ? "" : "error:a key is missing");
}

static void inject(const struct request *request)
{
	const json_t *arg;
	size_t i;

	json_array_foreach(request->args, i, arg)
	{
		const char *name = json_string_value(arg);

		if (name && !ex_faults_ask(&request->client->faults, name))
			continue;
		answer_about(request, "no such fault,", name ? name : "");
		return;
	}
	answer(request, true, "");
}

static void create_order(const struct request *request)
{
	struct ex_order order;
	const char *why;
	int code = ex_orders_read(request->client, json_array_get(request->args, 0), &order, &why);

	answer_order(request, code, code ? why : "OK", code ? NULL : &order);
	if (!code)
		ex_orders_place(request->client, &order);
}

static void cancel_order(const struct request *request)
{
	struct ex_order order;
	const char *why;
	int code =
	    ex_orders_cancel(request->client, json_array_get(request->args, 0), &order, &why);

	answer_order(request, code, code ? why : "OK", code ? NULL : &order);
	if (!code)
		ex_orders_tell_cancelled(request->client, &order);
}

static const struct {
	const char *op;
	void (*run)(const struct request *request);
	bool is_private, is_order;
} ops[] = {
    {"ping", ping, false, false},
    {"subscribe", subscribe, false, false},
    {"unsubscribe", unsubscribe, false, false},
    {"inject", inject, false, false},
    {"auth", authorize, true, false},
    {"order.create", create_order, true, true},
    {"order.cancel", cancel_order, true, true},
};

static void run(struct request *request)
{
	struct ex_client *client = request->client;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(ops[i].op, request->op) || (ops[i].is_private && !client->is_private))
			continue;
		if (ops[i].is_order && !client->authorized)
			answer_order(request, NOT_AUTHORIZED, "not authorized", NULL);
		else
			ops[i].run(request);
		return;
	}
	answer(request, false, "error:request op not found");
}

void ex_request(struct ex_client *client, const char *text, size_t len)
{
	json_t *root = json_loadb(text, len, 0, NULL);
	const char *id = json_string_value(json_object_get(root, "req_id"));
	const char *other_id = json_string_value(json_object_get(root, "reqId"));
	const char *op = json_string_value(json_object_get(root, "op"));
	struct request request = {
	    .client = client,
	    .op = op ? op : "",
	    .id = id	     ? id
		  : other_id ? other_id
			     : "",
	    .args = json_object_get(root, "args"),
	};

	snprintf(request.conn_id, sizeof(request.conn_id), "%" PRIu64, client->id);
	if (root)
		run(&request);
	else
		answer(&request, false, "error:request is no JSON");
	json_decref(root);
}
