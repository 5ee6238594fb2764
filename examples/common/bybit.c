#include "bybit.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct app_bybit_reader {
	struct app_bybit_msg msg;
	struct app_level levels[2][APP_BYBIT_LEVELS_MAX];
	struct app_bybit_trade trades[APP_BYBIT_TRADES_MAX];
};

int app_bybit_reader_create(struct app_bybit_reader **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void app_bybit_reader_destroy(struct app_bybit_reader *reader)
{
	free(reader);
}

void app_bybit_symbol(const char *name, char *out)
{
	size_t used = 0;

	for (; *name && used < APP_SYMBOL_MAX - 1; name++)
		if (*name != '/')
			out[used++] = *name;
	out[used] = '\0';
}

/* A text of the message, "" where there is none; cut to fit. */
static void copy_text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));
	size_t len = text ? strnlen(text, size - 1) : 0;

	if (len)
		memcpy(out, text, len);
	out[len] = '\0';
}

/* Numbers come as texts: "0.5".  Written so that what strtod takes and JSON has not, such as
 * nan, inf and hexadecimal, is no number. */
static int number_of(const json_t *value, double min, double *out)
{
	const char *text = json_string_value(value);
	char *end;

	if (!text || !*text || text[strspn(text, "0123456789.eE+-")])
		return -EBADMSG;
	*out = strtod(text, &end);
	return *end || !isfinite(*out) || *out < min ? -EBADMSG : 0;
}

static int number_at(const json_t *object, const char *key, double min, double *out)
{
	return number_of(json_object_get(object, key), min, out);
}

static int whole_at(const json_t *object, const char *key, int64_t *out)
{
	const json_t *value = json_object_get(object, key);

	*out = json_integer_value(value);
	return json_is_integer(value) && *out >= 0 ? 0 : -EBADMSG;
}

static int symbol_at(const json_t *object, const char *key, struct app_bybit_msg *msg)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text || !*text || strlen(text) >= sizeof(msg->symbol))
		return -EBADMSG;
	strcpy(msg->symbol, text);
	return 0;
}

static int read_levels(const json_t *rows, struct app_level *levels, size_t *nr)
{
	size_t i;
	json_t *row;

	if (!json_is_array(rows) || json_array_size(rows) > APP_BYBIT_LEVELS_MAX)
		return -EBADMSG;
	json_array_foreach(rows, i, row)
	{
		if (json_array_size(row) != 2 ||
		    number_of(json_array_get(row, 0), 0, &levels[i].price) ||
		    number_of(json_array_get(row, 1), 0, &levels[i].size) || !(levels[i].price > 0))
			return -EBADMSG;
	}
	*nr = json_array_size(rows);
	return 0;
}

static int read_type(const json_t *root, struct app_bybit_msg *msg)
{
	const char *type = json_string_value(json_object_get(root, "type"));

	if (!type)
		return -EBADMSG;
	msg->is_snapshot = !strcmp(type, "snapshot");
	return msg->is_snapshot || !strcmp(type, "delta") ? 0 : -EBADMSG;
}

/* Topic "orderbook.50.BTCUSDT". */
static int read_book(struct app_bybit_reader *reader, const json_t *root, const char *rest)
{
	struct app_bybit_msg *msg = &reader->msg;
	const json_t *data = json_object_get(root, "data");
	int64_t u, seq;
	char *end;

	msg->type = APP_BYBIT_BOOK;
	msg->bids = reader->levels[0];
	msg->asks = reader->levels[1];
	msg->depth = (int)strtol(rest, &end, 10);
	if (end == rest || *end != '.' || read_type(root, msg) || symbol_at(data, "s", msg) ||
	    strcmp(end + 1, msg->symbol) || whole_at(data, "u", &u) ||
	    whole_at(data, "seq", &seq) || whole_at(root, "ts", &msg->ts_ms) ||
	    read_levels(json_object_get(data, "b"), msg->bids, &msg->bid_nr) ||
	    read_levels(json_object_get(data, "a"), msg->asks, &msg->ask_nr))
		return -EBADMSG;
	msg->u = (uint64_t)u;
	msg->seq = (uint64_t)seq;
	return 0;
}

/* Topics "publicTrade.BTCUSDT" and "allLiquidation.BTCUSDT": the same rows. */
static int read_trades(struct app_bybit_reader *reader, const json_t *root, const char *rest)
{
	struct app_bybit_msg *msg = &reader->msg;
	const json_t *rows = json_object_get(root, "data");
	size_t i;
	json_t *row;

	msg->trades = reader->trades;
	if (!json_is_array(rows) || json_array_size(rows) > APP_BYBIT_TRADES_MAX ||
	    whole_at(root, "ts", &msg->ts_ms))
		return -EBADMSG;
	json_array_foreach(rows, i, row)
	{
		struct app_bybit_trade *trade = &msg->trades[i];
		const char *side = json_string_value(json_object_get(row, "S"));

		if (!side || symbol_at(row, "s", msg) || strcmp(rest, msg->symbol) ||
		    whole_at(row, "T", &trade->ts_ms) || number_at(row, "p", 0, &trade->price) ||
		    number_at(row, "v", 0, &trade->size))
			return -EBADMSG;
		trade->is_buy = !strcmp(side, "Buy");
		if (!trade->is_buy && strcmp(side, "Sell"))
			return -EBADMSG;
	}
	msg->trade_nr = json_array_size(rows);
	return msg->trade_nr ? 0 : -EBADMSG;
}

static int read_ticker(struct app_bybit_reader *reader, const json_t *root, const char *rest)
{
	static const char *const names[APP_BYBIT_TICKER_FIELDS] = {
	    [APP_BYBIT_LAST_PRICE] = "lastPrice",   [APP_BYBIT_MARK_PRICE] = "markPrice",
	    [APP_BYBIT_INDEX_PRICE] = "indexPrice", [APP_BYBIT_OPEN_INTEREST] = "openInterest",
	    [APP_BYBIT_FUNDING] = "fundingRate",    [APP_BYBIT_BID_PRICE] = "bid1Price",
	    [APP_BYBIT_BID_SIZE] = "bid1Size",	    [APP_BYBIT_ASK_PRICE] = "ask1Price",
	    [APP_BYBIT_ASK_SIZE] = "ask1Size",
	};
	struct app_bybit_msg *msg = &reader->msg;
	const json_t *data = json_object_get(root, "data");

	msg->type = APP_BYBIT_TICKER;
	if (read_type(root, msg) || symbol_at(data, "symbol", msg) || strcmp(rest, msg->symbol) ||
	    whole_at(root, "ts", &msg->ts_ms))
		return -EBADMSG;
	for (unsigned int i = 0; i < APP_BYBIT_TICKER_FIELDS; i++) {
		const json_t *value = json_object_get(data, names[i]);

		if (!value)
			continue;
		/* A funding rate may be below zero. */
		if (number_of(value, i == APP_BYBIT_FUNDING ? -1 : 0, &msg->field[i]))
			return -EBADMSG;
		msg->has |= 1u << i;
	}
	return 0;
}

/* Topic "kline.1.BTCUSDT". */
static int read_kline(struct app_bybit_reader *reader, const json_t *root, const char *rest)
{
	struct app_bybit_msg *msg = &reader->msg;
	const json_t *row = json_array_get(json_object_get(root, "data"), 0);
	const json_t *confirm = json_object_get(row, "confirm");
	struct app_bybit_kline *kline = &msg->kline;
	size_t len = strcspn(rest, ".");

	msg->type = APP_BYBIT_KLINE;
	copy_text(row, "interval", msg->interval, sizeof(msg->interval));
	if (rest[len] != '.' || len != strlen(msg->interval) || strncmp(rest, msg->interval, len) ||
	    strlen(rest + len + 1) >= sizeof(msg->symbol) || !json_is_boolean(confirm) ||
	    whole_at(root, "ts", &msg->ts_ms) || whole_at(row, "start", &kline->start_ms) ||
	    whole_at(row, "end", &kline->end_ms) || number_at(row, "open", 0, &kline->open) ||
	    number_at(row, "high", 0, &kline->high) || number_at(row, "low", 0, &kline->low) ||
	    number_at(row, "close", 0, &kline->close) ||
	    number_at(row, "volume", 0, &kline->volume) || kline->low > kline->high)
		return -EBADMSG;
	strcpy(msg->symbol, rest + len + 1);
	kline->confirm = json_is_true(confirm);
	return 0;
}

static int read_topic(struct app_bybit_reader *reader, const json_t *root, const char *topic)
{
	static const struct {
		const char *prefix;
		int (*read)(struct app_bybit_reader *reader, const json_t *root, const char *rest);
		enum app_bybit_type type;
	} kinds[] = {
	    {"orderbook.", read_book, APP_BYBIT_BOOK},
	    {"publicTrade.", read_trades, APP_BYBIT_TRADES},
	    {"allLiquidation.", read_trades, APP_BYBIT_LIQUIDATIONS},
	    {"tickers.", read_ticker, APP_BYBIT_TICKER},
	    {"kline.", read_kline, APP_BYBIT_KLINE},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);

		if (!strncmp(topic, kinds[i].prefix, len)) {
			reader->msg.type = kinds[i].type;
			return kinds[i].read(reader, root, topic + len);
		}
	}
	return -ENOMSG;
}

static int read_answer(struct app_bybit_msg *msg, const json_t *root)
{
	const json_t *success = json_object_get(root, "success");

	copy_text(root, "op", msg->op, sizeof(msg->op));
	copy_text(root, "req_id", msg->req_id, sizeof(msg->req_id));
	copy_text(root, "ret_msg", msg->reason, sizeof(msg->reason));
	if (!*msg->op)
		return -ENOMSG;
	if (!json_is_boolean(success))
		return -EBADMSG;
	msg->ok = json_is_true(success);
	msg->type =
	    strcmp(msg->op, "ping") && strcmp(msg->op, "pong") ? APP_BYBIT_ANSWER : APP_BYBIT_PONG;
	return 0;
}

int app_bybit_read(struct app_bybit_reader *reader, const char *text, size_t len,
		   const struct app_bybit_msg **out)
{
	const char *topic;
	json_t *root;
	int err = -EBADMSG;

	if (len > APP_BYBIT_BYTES_MAX)
		return -EBADMSG;
	root = json_loadb(text, len, 0, NULL);
	reader->msg = (struct app_bybit_msg){0};
	if (json_is_object(root)) {
		topic = json_string_value(json_object_get(root, "topic"));
		err = topic ? read_topic(reader, root, topic) : read_answer(&reader->msg, root);
	}
	json_decref(root);
	*out = &reader->msg;
	return err;
}
