/* Messages of Bybit v5 as its documents have them, and what is not one. */
#include "bybit.h"
#include "check_main.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct app_bybit_reader *reader;
static const struct app_bybit_msg *msg;

static void set_up(void)
{
	ck_assert_int_eq(app_bybit_reader_create(&reader), 0);
}

static void tear_down(void)
{
	app_bybit_reader_destroy(reader);
}

static int read_text(const char *text)
{
	return app_bybit_read(reader, text, strlen(text), &msg);
}

#define BOOK(type, s, b, a, u)                                                                     \
	"{\"topic\":\"orderbook.50.BTCUSDT\",\"type\":\"" type "\",\"ts\":1672304484978,"          \
	"\"data\":{\"s\":\"" s "\",\"b\":" b ",\"a\":" a ",\"u\":" u ",\"seq\":7961638724},"       \
	"\"cts\":1672304484976}"

START_TEST(a_book_is_read)
{
	ck_assert_int_eq(read_text(BOOK("snapshot", "BTCUSDT",
					"[[\"16493.50\",\"0.006\"],[\"16493.00\",\"0.1\"]]",
					"[[\"16611.00\",\"0\"]]", "18521288")),
			 0);
	ck_assert_int_eq(msg->type, APP_BYBIT_BOOK);
	ck_assert(msg->is_snapshot);
	ck_assert_str_eq(msg->symbol, "BTCUSDT");
	ck_assert_int_eq(msg->depth, 50);
	ck_assert_uint_eq(msg->u, 18521288);
	ck_assert_uint_eq(msg->seq, 7961638724);
	ck_assert_int_eq(msg->ts_ms, 1672304484978);
	ck_assert_uint_eq(msg->bid_nr, 2);
	ck_assert_uint_eq(msg->ask_nr, 1);
	ck_assert_double_eq(msg->bids[0].price, 16493.5);
	ck_assert_double_eq(msg->bids[1].size, 0.1);
	ck_assert_double_eq(msg->asks[0].size, 0);
	ck_assert_int_eq(read_text(BOOK("delta", "BTCUSDT", "[]", "[]", "18521289")), 0);
	ck_assert(!msg->is_snapshot);
	ck_assert_uint_eq(msg->bid_nr, 0);
}
END_TEST

START_TEST(the_order_of_keys_does_not_matter)
{
	ck_assert_int_eq(read_text("{\"data\":{\"seq\":1,\"u\":2,\"a\":[],\"b\":[],\"s\":\"X\"},"
				   "\"cts\":1,\"ts\":3,\"topic\":\"orderbook.1.X\","
				   "\"type\":\"snapshot\"}"),
			 0);
	ck_assert_uint_eq(msg->u, 2);
	ck_assert_int_eq(msg->ts_ms, 3);
}
END_TEST

#define TRADE(p, v, side)                                                                          \
	"{\"topic\":\"publicTrade.BTCUSDT\",\"type\":\"snapshot\",\"ts\":1672304486868,\"data\":"  \
	"[{\"T\":1672304486865,\"s\":\"BTCUSDT\",\"S\":\"" side "\",\"v\":\"" v "\",\"p\":\"" p    \
	"\",\"L\":\"PlusTick\",\"i\":\"20f43950\",\"BT\":false}]}"

START_TEST(trades_and_liquidations_are_read)
{
	ck_assert_int_eq(read_text(TRADE("16578.50", "0.001", "Buy")), 0);
	ck_assert_int_eq(msg->type, APP_BYBIT_TRADES);
	ck_assert_uint_eq(msg->trade_nr, 1);
	ck_assert(msg->trades[0].is_buy);
	ck_assert_double_eq(msg->trades[0].price, 16578.5);
	ck_assert_double_eq(msg->trades[0].size, 0.001);
	ck_assert_int_eq(msg->trades[0].ts_ms, 1672304486865);
	ck_assert_int_eq(
	    read_text("{\"topic\":\"allLiquidation.ROSEUSDT\",\"type\":\"snapshot\","
		      "\"ts\":1739502303204,\"data\":[{\"T\":1739502302929,\"s\":"
		      "\"ROSEUSDT\",\"S\":\"Sell\",\"v\":\"20000\",\"p\":\"0.04499\"}]}"),
	    0);
	ck_assert_int_eq(msg->type, APP_BYBIT_LIQUIDATIONS);
	ck_assert(!msg->trades[0].is_buy);
	ck_assert_str_eq(msg->symbol, "ROSEUSDT");
}
END_TEST

START_TEST(absent_fields_of_a_ticker_are_told)
{
	ck_assert_int_eq(read_text("{\"topic\":\"tickers.BTCUSDT\",\"type\":\"delta\",\"data\":"
				   "{\"symbol\":\"BTCUSDT\",\"fundingRate\":\"-0.000212\","
				   "\"bid1Size\":\"84.489\"},\"cs\":24987956059,\"ts\":1}"),
			 0);
	ck_assert_int_eq(msg->type, APP_BYBIT_TICKER);
	ck_assert_uint_eq(msg->has, 1u << APP_BYBIT_FUNDING | 1u << APP_BYBIT_BID_SIZE);
	ck_assert_double_eq(msg->field[APP_BYBIT_FUNDING], -0.000212);
}
END_TEST

START_TEST(a_kline_is_read)
{
	ck_assert_int_eq(
	    read_text("{\"topic\":\"kline.240.BTCUSDT\",\"data\":[{\"start\":60000,\"end\":119999,"
		      "\"interval\":\"240\",\"open\":\"2\",\"close\":\"3\",\"high\":\"4\","
		      "\"low\":\"1\",\"volume\":\"9\",\"turnover\":\"5\",\"confirm\":true,"
		      "\"timestamp\":7}],\"ts\":8,\"type\":\"snapshot\"}"),
	    0);
	ck_assert_int_eq(msg->type, APP_BYBIT_KLINE);
	ck_assert_str_eq(msg->interval, "240");
	ck_assert_str_eq(msg->symbol, "BTCUSDT");
	ck_assert(msg->kline.confirm);
	ck_assert_double_eq(msg->kline.high, 4);
	ck_assert_int_eq(msg->kline.end_ms, 119999);
}
END_TEST

START_TEST(answers_are_read)
{
	ck_assert_int_eq(read_text("{\"success\":true,\"ret_msg\":\"\",\"conn_id\":\"2\","
				   "\"req_id\":\"q\",\"op\":\"subscribe\"}"),
			 0);
	ck_assert_int_eq(msg->type, APP_BYBIT_ANSWER);
	ck_assert(msg->ok);
	ck_assert_str_eq(msg->req_id, "q");
	ck_assert_int_eq(read_text("{\"success\":false,\"ret_msg\":\"no such topic\","
				   "\"op\":\"subscribe\"}"),
			 0);
	ck_assert(!msg->ok);
	ck_assert_str_eq(msg->reason, "no such topic");
	ck_assert_int_eq(read_text("{\"success\":true,\"ret_msg\":\"pong\",\"op\":\"ping\"}"), 0);
	ck_assert_int_eq(msg->type, APP_BYBIT_PONG);
}
END_TEST

static const char *const malformed[] = {
    "",
    "{",
    "[]",
    "1",
    "\xff\xfe{}",
    "{\"success\":\"yes\",\"op\":\"subscribe\"}",
    BOOK("update", "BTCUSDT", "[]", "[]", "1"),
    BOOK("delta", "ETHUSDT", "[]", "[]", "1"), /* another market's */
    BOOK("delta", "BTCUSDT", "[]", "{}", "1"),
    BOOK("delta", "BTCUSDT", "[]", "[]", "-1"),
    BOOK("delta", "BTCUSDT", "[]", "[]", "\"1\""),
    BOOK("delta", "BTCUSDT", "[]", "[]", "1.5"),
    BOOK("delta", "BTCUSDT", "[[\"1\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"1\",\"2\",\"3\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[1,2]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"nan\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"inf\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"0x10\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"1e999\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"0\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"-1\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"1\",\"-2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"1 \",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT", "[[\"1\\u0000\",\"2\"]]", "[]", "1"),
    BOOK("delta", "BTCUSDT12345678", "[]", "[]", "1"),
    "{\"topic\":\"orderbook..X\",\"type\":\"delta\",\"ts\":1,\"data\":{}}",
    "{\"topic\":\"orderbook.50.X\",\"type\":\"delta\",\"ts\":1,\"data\":[]}",
    TRADE("0x1", "1", "Buy"),
    TRADE("1", "-1", "Buy"),
    TRADE("1", "1", "Bid"),
    "{\"topic\":\"publicTrade.X\",\"ts\":1,\"data\":[]}",
    "{\"topic\":\"tickers.X\",\"type\":\"delta\",\"ts\":1,\"data\":{\"symbol\":\"X\","
    "\"lastPrice\":5}}",
    "{\"topic\":\"kline.1.X\",\"ts\":1,\"data\":[]}",
};

START_TEST(what_is_malformed_is_refused)
{
	ck_assert_msg(read_text(malformed[_i]) == -EBADMSG, "%s", malformed[_i]);
}
END_TEST

START_TEST(what_is_not_known_is_told_apart)
{
	ck_assert_int_eq(read_text("{\"topic\":\"lt.X\",\"data\":{}}"), -ENOMSG);
	ck_assert_int_eq(read_text("{}"), -ENOMSG);
}
END_TEST

/* nr levels of "LEVEL", comma between. */
static char *text_of(const char *before, const char *level, size_t nr, const char *after)
{
	char *text = malloc(strlen(before) + nr * (strlen(level) + 1) + strlen(after) + 1), *end;

	end = stpcpy(text, before);
	for (size_t i = 0; i < nr; i++) {
		end = stpcpy(end, level);
		*end++ = ',';
	}
	strcpy(nr ? end - 1 : end, after);
	return text;
}

START_TEST(what_is_too_much_is_refused)
{
	static const char before[] = "{\"topic\":\"orderbook.50.X\",\"type\":\"delta\",\"ts\":1,"
				     "\"data\":{\"s\":\"X\",\"u\":1,\"seq\":1,\"a\":[],\"b\":[";
	char *text = text_of(before, "[\"1\",\"1\"]", APP_BYBIT_LEVELS_MAX, "]}}");

	ck_assert_int_eq(read_text(text), 0);
	free(text);
	text = text_of(before, "[\"1\",\"1\"]", APP_BYBIT_LEVELS_MAX + 1, "]}}");
	ck_assert_int_eq(read_text(text), -EBADMSG);
	free(text);
	text = text_of("{\"success\":true,\"op\":\"", "x", APP_BYBIT_BYTES_MAX / 2, "\"}");
	ck_assert_int_eq(read_text(text), -EBADMSG);
	free(text);
	text = malloc(200001);
	memset(text, '[', 200000);
	text[200000] = '\0';
	ck_assert_int_eq(read_text(text), -EBADMSG);
	free(text);
}
END_TEST

START_TEST(names_are_the_venues)
{
	char out[APP_SYMBOL_MAX];

	app_bybit_symbol("BTC/USDT", out);
	ck_assert_str_eq(out, "BTCUSDT");
	app_bybit_symbol("BTCUSDT", out);
	ck_assert_str_eq(out, "BTCUSDT");
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_book_is_read);
	tcase_add_test(tests, the_order_of_keys_does_not_matter);
	tcase_add_test(tests, trades_and_liquidations_are_read);
	tcase_add_test(tests, absent_fields_of_a_ticker_are_told);
	tcase_add_test(tests, a_kline_is_read);
	tcase_add_test(tests, answers_are_read);
	tcase_add_loop_test(tests, what_is_malformed_is_refused, 0,
			    sizeof(malformed) / sizeof(malformed[0]));
	tcase_add_test(tests, what_is_not_known_is_told_apart);
	tcase_add_test(tests, what_is_too_much_is_refused);
	tcase_add_test(tests, names_are_the_venues);
}

int main(void)
{
	return check_main("app_bybit", cases);
}
