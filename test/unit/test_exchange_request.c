/* What clients ask for: each request has one answer, whatever it is. */
#include "check_main.h"
#include "exchange_told.h"
#include "request.h"

#include <stdlib.h>
#include <string.h>

static struct ex_exchange *exchange;
static struct ex_client *client;
static json_t *said;

static void set_up_as(bool is_private)
{
	static const char names[][APP_SYMBOL_MAX] = {"BTC/USDT"};
	struct ex_source *source;

	ck_assert_int_eq(ex_source_models(names, 1, 7, &source), 0);
	ck_assert_int_eq(ex_exchange_create(source, names, 1, &exchange), 0);
	client = ex_client_create(exchange, is_private);
	ck_assert_ptr_nonnull(client);
}

static void set_up(void)
{
	set_up_as(false);
}

static void tear_down(void)
{
	json_decref(said);
	said = NULL;
	ex_client_destroy(client);
	ex_exchange_destroy(exchange);
}

/* The next message; NULL: none. */
static const json_t *next(void)
{
	json_decref(said);
	said = told_next(client);
	return said;
}

static const json_t *ask_bytes(const char *text, size_t len)
{
	ex_request(client, text, len);
	return next();
}

static const json_t *ask(const char *text)
{
	return ask_bytes(text, strlen(text));
}

static bool succeeds(const json_t *answer)
{
	const json_t *success = json_object_get(answer, "success");

	ck_assert(json_is_boolean(success));
	return json_is_true(success);
}

START_TEST(ping_is_answered)
{
	const json_t *answer = ask("{\"op\":\"ping\",\"req_id\":\"a7\"}");

	ck_assert(succeeds(answer));
	ck_assert_str_eq(told_word(answer, "ret_msg"), "pong");
	ck_assert_str_eq(told_word(answer, "req_id"), "a7");
	ck_assert_ptr_null(next());
}
END_TEST

START_TEST(who_subscribes_gets_a_snapshot)
{
	const json_t *news;

	ck_assert(succeeds(
	    ask("{\"op\":\"subscribe\",\"args\":[\"orderbook.50.BTCUSDT\",\"tickers.BTCUSDT\"]}")));
	news = next();
	ck_assert_str_eq(told_word(news, "topic"), "orderbook.50.BTCUSDT");
	ck_assert_str_eq(told_word(news, "type"), "snapshot");
	ck_assert_str_eq(told_word(next(), "topic"), "tickers.BTCUSDT");
	ck_assert_ptr_null(next());
	ck_assert_uint_eq(client->topic_nr, 2);
	ck_assert(succeeds(ask("{\"op\":\"unsubscribe\",\"args\":[\"tickers.BTCUSDT\"]}")));
	ck_assert_uint_eq(client->topic_nr, 1);
}
END_TEST

START_TEST(one_bad_topic_changes_nothing)
{
	static const char *const bad[] = {"[\"tickers.BTCUSDT\",\"tickers.NOSUCH\"]",
					  "[\"tickers.BTCUSDT\",7]",
					  "[\"tickers.BTCUSDT\",\"tickers.BTCUSDT\"]",
					  "[]",
					  "{}",
					  "\"tickers.BTCUSDT\"",
					  "null"};
	char text[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "{\"op\":\"subscribe\",\"args\":%s}", bad[i]);
		ck_assert_msg(!succeeds(ask(text)), "%s", bad[i]);
		ck_assert_ptr_null(next());
		ck_assert_uint_eq(client->topic_nr, 0);
	}
}
END_TEST

START_TEST(a_long_name_is_not_cut_within_a_character)
{
	for (int shift = 0; shift < 4; shift++) {
		char text[700] = "{\"op\":\"subscribe\",\"args\":[\"";

		strcat(text, &"xxx"[3 - shift]);
		for (int i = 0; i < 60; i++)
			strcat(text, "\xf0\x9f\x98\x80");
		strcat(text, "\"]}");
		ck_assert(!succeeds(ask(text)));
		ck_assert_ptr_nonnull(strstr(told_word(said, "ret_msg"), "handler not found"));
	}
}
END_TEST

START_TEST(no_request_is_without_an_answer)
{
	static const char *const bad[] = {"",
					  "{",
					  "[]",
					  "null",
					  "7",
					  "\"ping\"",
					  "{}",
					  "{\"op\":7}",
					  "{\"op\":\"\"}",
					  "{\"op\":\"auth\"}",
					  "{\"op\":\"order.create\"}",
					  "\xff\xfe",
					  "{\"op\":\"\xc3\x28\"}",
					  "{\"op\":\"ping\\u0000\"}",
					  "ping"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(!succeeds(ask(bad[i])), "%s", bad[i]);
		ck_assert_ptr_null(next());
	}
}
END_TEST

START_TEST(each_beginning_of_a_request_is_answered)
{
	const char *whole =
	    "{\"req_id\":\"1\",\"op\":\"subscribe\",\"args\":[\"kline.1.BTCUSDT\"]}";

	for (size_t len = 0; len < strlen(whole); len++) {
		/* in memory of its own, so that a look beyond its end is one */
		char *part = malloc(len + 1);

		memcpy(part, whole, len);
		part = realloc(part, len ? len : 1);
		ck_assert(!succeeds(ask_bytes(part, len)));
		free(part);
	}
	ck_assert(succeeds(ask(whole)));
}
END_TEST

START_TEST(orders_are_for_who_said_who_they_are)
{
	const json_t *answer;

	tear_down();
	set_up_as(true);
	answer =
	    ask("{\"op\":\"order.create\",\"reqId\":\"9\",\"args\":[{\"symbol\":\"BTCUSDT\"}]}");
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "retCode")), 10004);
	ck_assert_str_eq(told_word(answer, "reqId"), "9");
	ck_assert(!succeeds(ask("{\"op\":\"subscribe\",\"args\":[\"order\"]}")));
	ck_assert(!succeeds(ask("{\"op\":\"auth\",\"args\":[]}")));
	ck_assert(!succeeds(ask("{\"op\":\"auth\",\"args\":[\"\"]}")));
	ck_assert(succeeds(ask("{\"op\":\"auth\",\"args\":[\"key\",1,\"signature\"]}")));
	ck_assert(!succeeds(ask("{\"op\":\"subscribe\",\"args\":[\"tickers.BTCUSDT\"]}")));
	ck_assert(succeeds(ask("{\"op\":\"subscribe\",\"args\":[\"order\",\"execution\"]}")));
	answer = ask("{\"op\":\"order.create\",\"args\":[{\"symbol\":\"BTCUSDT\",\"side\":\"Buy\","
		     "\"orderType\":\"Market\",\"qty\":\"0.001\"}]}");
	ck_assert_int_eq(json_integer_value(json_object_get(answer, "retCode")), 0);
	ck_assert_str_eq(told_word(next(), "topic"), "order");
	ck_assert_str_eq(told_word(next(), "topic"), "execution");
	answer = ask("{\"op\":\"order.create\",\"args\":7}");
	while (!json_object_get(said, "retCode"))
		ck_assert_ptr_nonnull(next());
	ck_assert_int_eq(json_integer_value(json_object_get(said, "retCode")), 10001);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(ask("{\"op\":\"order.cancel\"}"), "retCode")),
	    110001);
}
END_TEST

START_TEST(faults_are_asked_for_by_name)
{
	ck_assert(succeeds(ask("{\"op\":\"inject\",\"args\":[\"gap\",\"reset:100\"]}")));
	ck_assert(client->faults.any);
	ck_assert(!succeeds(ask("{\"op\":\"inject\",\"args\":[\"gap:x\"]}")));
	ck_assert(!succeeds(ask("{\"op\":\"inject\",\"args\":[7]}")));
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, ping_is_answered);
	tcase_add_test(tests, who_subscribes_gets_a_snapshot);
	tcase_add_test(tests, one_bad_topic_changes_nothing);
	tcase_add_test(tests, a_long_name_is_not_cut_within_a_character);
	tcase_add_test(tests, no_request_is_without_an_answer);
	tcase_add_test(tests, each_beginning_of_a_request_is_answered);
	tcase_add_test(tests, orders_are_for_who_said_who_they_are);
	tcase_add_test(tests, faults_are_asked_for_by_name);
}

int main(void)
{
	return check_main("exchange_request", cases);
}
