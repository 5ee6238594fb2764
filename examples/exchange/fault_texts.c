#include "fault_texts.h"

#include <inttypes.h>
#include <string.h>

#define BOOK(rest) "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"delta\",\"ts\":1," rest
#define LEVELS(levels)                                                                             \
	BOOK("\"data\":{\"s\":\"BTCUSDT\",\"b\":[" levels                                          \
	     "],\"a\":[],\"u\":4000000000,\"seq\":1},\"cts\":1}")

static const char *const malformed[] = {
    "",
    "{",
    "pong",
    "[]",
    "null",
    "{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"del",
    "{\"topic\":\"orderbook.50.BTCUSDT\"}",
    "{\"topic\":5,\"data\":{}}",
    "{\"topic\":\"orderbook\",\"data\":{}}",
    "{\"topic\":\"publicTrade.BTCUSDT\",\"ts\":1,\"data\":{}}",
    BOOK("\"data\":[]}"),
    BOOK("\"data\":{\"s\":\"BTCUSDT\",\"b\":7,\"a\":[],\"u\":1,\"seq\":1}}"),
    LEVELS("[\"1\"]"),
    LEVELS("[1,2]"),
    LEVELS("[\"x\",\"1\"]"),
    LEVELS("[null,\"1\"]"),
    "{\"success\":\"perhaps\",\"op\":\"subscribe\"}",
    "{\"op\":7}",
    "\xff\xfe\xfd",
    "{\"topic\":\"orderbook.50.\xc3\x28\"}",
};

static const char *const hostile[] = {
    LEVELS("[\"-1\",\"1\"]"),
    LEVELS("[\"1\",\"-1\"]"),
    LEVELS("[\"nan\",\"inf\"]"),
    LEVELS("[\"1e999\",\"1\"]"),
    LEVELS("[\"0x7fffffff\",\"1\"]"),
    LEVELS("[\"1\\u00002\",\"1\"]"),
    BOOK("\"data\":{\"s\":\"BTCUSDT\",\"b\":[],\"a\":[],\"u\":-1,\"seq\":1}}"),
    BOOK("\"data\":{\"s\":\"BTCUSDT\",\"b\":[],\"a\":[],\"u\":1e30,\"seq\":1}}"),
    BOOK("\"data\":{\"s\":\"BTCUSDT\",\"b\":[],\"a\":[],\"u\":99999999999999999999,\"seq\":1}}"),
    BOOK("\"data\":{\"s\":\"OTHERUSDT\",\"b\":[],\"a\":[],\"u\":9,\"seq\":1}}"),
    "{\"topic\":\"orderbook.50.NOBODYHASHEARDOFTHISMARKETUSDT\",\"type\":\"snapshot\",\"ts\":1,"
    "\"data\":{\"s\":\"NOBODYHASHEARDOFTHISMARKETUSDT\",\"b\":[],\"a\":[],\"u\":1,\"seq\":1}}",
    "{\"topic\":\"orderbook.999999999999.BTCUSDT\",\"type\":\"delta\",\"ts\":1,\"data\":{}}",
    "{\"topic\":\"kline.1.BTCUSDT\",\"ts\":1,\"data\":[{\"start\":-9223372036854775808}]}",
    "{\"success\":true,\"op\":\"subscribe\",\"op\":\"subscribe\",\"req_id\":\"%s%n%n%n\"}",
};

#define LISTED(list) (sizeof(list) / sizeof((list)[0]))

struct ex_message *ex_fault_malformed(uint32_t i)
{
	const char *text = malformed[i % LISTED(malformed)];

	return ex_message_create(text, strlen(text));
}

static void repeat(struct ex_text *text, const char *words, size_t times)
{
	for (size_t i = 0; i < times; i++)
		ex_text_add(text, words);
}

/* Those that are too long to be written down. */
static struct ex_message *huge(uint32_t i)
{
	struct ex_text text = {0};
	struct ex_message *message;

	switch (i) {
	case 0: /* deep */
		repeat(&text, "[", 100000);
		break;
	case 1: /* deep, and closed again */
		repeat(&text, "{\"a\":", 20000);
		ex_text_add(&text, "1");
		repeat(&text, "}", 20000);
		break;
	case 2: /* a long word */
		ex_text_add(&text, "{\"success\":true,\"op\":\"");
		repeat(&text, "subscribe", 200000);
		ex_text_add(&text, "\"}");
		break;
	default: /* more levels than there are */
		ex_text_add(&text, BOOK("\"data\":{\"s\":\"BTCUSDT\",\"b\":["));
		repeat(&text, "[\"1\",\"1\"],", 50000);
		ex_text_add(&text, "[\"1\",\"1\"]],\"a\":[],\"u\":4000000000,\"seq\":1}}");
	}
	message = ex_message_of(&text);
	ex_text_fini(&text);
	return message;
}

struct ex_message *ex_fault_hostile(uint32_t i)
{
	i %= LISTED(hostile) + 4;
	if (i >= LISTED(hostile))
		return huge(i - (uint32_t)LISTED(hostile));
	return ex_message_create(hostile[i], strlen(hostile[i]));
}

/* Its number is the next one, so that it is no old message to anybody. */
struct ex_message *ex_fault_crossed(struct ex_topic *topic)
{
	const struct ex_market *market = topic->market;
	struct ex_text text = {0};
	struct ex_message *message;

	if (!topic->told_nr[1])
		return NULL;
	ex_text_addf(&text,
		     "{\"topic\":\"%s\",\"type\":\"delta\",\"ts\":%" PRId64
		     ",\"data\":{\"s\":\"%s\",\"b\":[[\"",
		     topic->name, EX_EPOCH_MS + topic->told_ms, market->symbol);
	ex_text_decimal(&text, topic->told[1][0].price * 1.01, market->price_digits);
	ex_text_addf(&text,
		     "\",\"1\"]],\"a\":[],\"u\":%" PRIu64 ",\"seq\":%" PRIu64 "},\"cts\":%" PRId64
		     "}",
		     topic->u + 1, market->book.seq, EX_EPOCH_MS + topic->told_ms);
	message = ex_message_of(&text);
	ex_text_fini(&text);
	return message;
}
