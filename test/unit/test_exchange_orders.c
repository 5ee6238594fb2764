/* Orders against a book of three levels a side: what they get, at which price, what becomes of
 * what is left, and what a client is told. */
#include "check_main.h"
#include "exchange_told.h"
#include "orders.h"

#include <stdio.h>
#include <string.h>

/* Asks 101 x 1, 102 x 2, 103 x 4; bids 99 x 1, 98 x 2, 97 x 4. */
static struct ex_market market;
static struct ex_exchange exchange;
static struct ex_client *client;
static json_t *told;

static void set_book(double lift)
{
	static const double size[] = {1, 2, 4};

	ck_assert_int_eq(app_book_begin(&market.book, true, market.book.seq + 1), APP_BOOK_TAKEN);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(app_book_set(&market.book, false, 101 + lift + i, size[i]), 0);
		ck_assert_int_eq(app_book_set(&market.book, true, 99 + lift - i, size[i]), 0);
	}
	ck_assert_int_eq(app_book_end(&market.book), 0);
}

static void set_up(void)
{
	ex_market_init(&market, "BTC/USDT");
	market.price_digits = market.size_digits = 1;
	exchange = (struct ex_exchange){.markets = &market, .market_nr = 1};
	client = ex_client_create(&exchange, true);
	ck_assert_ptr_nonnull(client);
	client->wants_orders = client->wants_executions = true;
	set_book(0);
}

static void tear_down(void)
{
	json_decref(told);
	told = NULL;
	ex_client_destroy(client);
	ex_market_fini(&market);
}

/* The next row that the client is told; NULL: there is none. */
static const json_t *next(const char *topic)
{
	json_decref(told);
	told = told_next(client);
	if (!told)
		return NULL;
	ck_assert_str_eq(told_word(told, "topic"), topic);
	return json_array_get(json_object_get(told, "data"), 0);
}

static void expect_status(const char *status, const char *filled)
{
	const json_t *row = next("order");

	ck_assert_str_eq(told_word(row, "orderStatus"), status);
	ck_assert_str_eq(told_word(row, "cumExecQty"), filled);
}

static void expect_fill(double price, const char *size)
{
	const json_t *row = next("execution");
	double got;

	ck_assert_int_eq(sscanf(told_word(row, "execPrice"), "%lf", &got), 1);
	ck_assert_double_eq(got, price);
	ck_assert_str_eq(told_word(row, "execQty"), size);
}

static void expect_silence(void)
{
	ck_assert_uint_eq(client->waiting, 0);
}

static int read_order(const char *text, struct ex_order *order, const char **why)
{
	json_t *arg = json_loads(text, 0, NULL);
	int code;

	ck_assert_ptr_nonnull(arg);
	code = ex_orders_read(client, arg, order, why);
	json_decref(arg);
	return code;
}

static void place(const char *text)
{
	struct ex_order order;
	const char *why;

	ck_assert_int_eq(read_order(text, &order, &why), 0);
	ex_orders_place(client, &order);
}

#define ORDER(side, qty, price, rest)                                                              \
	"{\"symbol\":\"BTCUSDT\",\"side\":\"" side "\",\"orderType\":\"Limit\",\"qty\":\"" qty     \
	"\",\"price\":\"" price "\"" rest "}"

START_TEST(a_market_order_goes_through_the_levels)
{
	place("{\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"orderType\":\"Market\",\"qty\":\"2.5\"}");
	expect_status("New", "0.0");
	expect_fill(101, "1.0");
	expect_fill(102, "1.5");
	expect_status("Filled", "2.5");
	expect_silence();
	ck_assert_uint_eq(exchange.fills, 2);
	ck_assert_uint_eq(client->orders.nr, 0);
}
END_TEST

START_TEST(of_one_larger_than_the_book_the_rest_is_cancelled)
{
	place("{\"symbol\":\"BTCUSDT\",\"side\":\"Sell\",\"orderType\":\"Market\",\"qty\":\"10\"}");
	expect_status("New", "0.0");
	expect_fill(99, "1.0");
	expect_fill(98, "2.0");
	expect_fill(97, "4.0");
	expect_status("Cancelled", "7.0");
	expect_silence();
}
END_TEST

START_TEST(a_limit_is_kept_to_and_the_rest_stays)
{
	place(ORDER("Buy", "2", "101.5", ""));
	expect_status("New", "0.0");
	expect_fill(101, "1.0");
	expect_status("PartiallyFilled", "1.0");
	expect_silence();
	ck_assert_uint_eq(client->orders.nr, 1);
	/* Orders take nothing away from the book: there is an ask of 101 again. */
	ex_orders_match(&exchange);
	expect_fill(101.5, "1.0");
	expect_status("Filled", "2.0");
	ck_assert_uint_eq(client->orders.nr, 0);
}
END_TEST

START_TEST(what_rests_is_filled_when_the_book_comes)
{
	place(ORDER("Buy", "3", "95", ""));
	expect_status("New", "0.0");
	ex_orders_match(&exchange);
	expect_silence();
	set_book(-7); /* asks 94 x 1, ... */
	ex_orders_match(&exchange);
	expect_fill(95, "1.0"); /* it was there first: its own price */
	expect_status("PartiallyFilled", "1.0");
	ex_orders_match(&exchange);
	ex_orders_match(&exchange);
	expect_fill(95, "1.0");
	expect_status("PartiallyFilled", "2.0");
	expect_fill(95, "1.0");
	expect_status("Filled", "3.0");
	ex_orders_match(&exchange);
	expect_silence();
}
END_TEST

START_TEST(immediate_or_cancel)
{
	place(ORDER("Buy", "4", "102", ",\"timeInForce\":\"IOC\""));
	expect_status("New", "0.0");
	expect_fill(101, "1.0");
	expect_fill(102, "2.0");
	expect_status("Cancelled", "3.0");
	ck_assert_uint_eq(client->orders.nr, 0);
}
END_TEST

START_TEST(fill_or_kill)
{
	place(ORDER("Buy", "3.5", "102", ",\"timeInForce\":\"FOK\""));
	expect_status("New", "0.0");
	expect_status("Cancelled", "0.0");
	place(ORDER("Buy", "3", "102", ",\"timeInForce\":\"FOK\""));
	expect_status("New", "0.0");
	expect_fill(101, "1.0");
	expect_fill(102, "2.0");
	expect_status("Filled", "3.0");
	expect_silence();
}
END_TEST

START_TEST(post_only)
{
	place(ORDER("Sell", "1", "99", ",\"timeInForce\":\"PostOnly\""));
	expect_status("New", "0.0");
	expect_status("Cancelled", "0.0");
	place(ORDER("Sell", "1", "99.5", ",\"timeInForce\":\"PostOnly\""));
	expect_status("New", "0.0");
	expect_silence();
	ck_assert_uint_eq(client->orders.nr, 1);
}
END_TEST

START_TEST(a_cancelled_order_is_gone)
{
	struct ex_order gone;
	const char *why = NULL;
	json_t *mine = json_pack("{s:s}", "orderLinkId", "mine");

	place(ORDER("Buy", "1", "90", ",\"orderLinkId\":\"mine\""));
	place(ORDER("Buy", "1", "91", ",\"orderLinkId\":\"other\""));
	ck_assert_int_eq(ex_orders_cancel(client, mine, &gone, &why), 0);
	ck_assert_double_eq(gone.price, 90);
	ck_assert_int_eq(ex_orders_cancel(client, mine, &gone, &why), 110001);
	ck_assert_ptr_nonnull(why);
	ck_assert_uint_eq(client->orders.nr, 1);
	ck_assert_double_eq(client->orders.open[0].price, 91);
	json_decref(mine);
}
END_TEST

START_TEST(what_is_no_order_is_told_why)
{
	static const struct {
		const char *text, *names;
	} bad[] = {
	    {"{}", "symbol"},
	    {"{\"symbol\":\"ETHUSDT\"}", "symbol"},
	    {"{\"symbol\":\"BTCUSDT\",\"side\":\"buy\"}", "side"},
	    {"{\"symbol\":\"BTCUSDT\",\"side\":\"Buy\",\"orderType\":5}", "orderType"},
	    {ORDER("Buy", "", "1", ""), "qty"},
	    {ORDER("Buy", "0", "1", ""), "qty"},
	    {ORDER("Buy", "-1", "1", ""), "qty"},
	    {ORDER("Buy", "0x10", "1", ""), "qty"},
	    {ORDER("Buy", "1e3", "1", ""), "qty"},
	    {ORDER("Buy", "nan", "1", ""), "qty"},
	    {ORDER("Buy", "1.2.3", "1", ""), "qty"},
	    {ORDER("Buy", "1", "inf", ""), "price"},
	    {ORDER("Buy", "1", "0", ""), "price"},
	    {ORDER("Buy", "1", "1", ",\"timeInForce\":\"GTD\""), "timeInForce"},
	    {ORDER("Buy", "1", "1",
		   ",\"orderLinkId\":\"0123456789012345678901234567890123456789\""),
	     "orderLinkId"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ex_order order;
		const char *why = NULL;

		ck_assert_int_eq(read_order(bad[i].text, &order, &why), 10001);
		ck_assert_msg(why && strstr(why, bad[i].names), "%s: %s", bad[i].text, why);
	}
	ck_assert_uint_eq(exchange.orders, 0);
}
END_TEST

START_TEST(there_is_an_end_to_open_orders)
{
	struct ex_order order;
	const char *why = NULL;

	client->wants_orders = false;
	for (int i = 0; i < EX_ORDERS_MAX; i++)
		place(ORDER("Buy", "1", "50", ""));
	ck_assert_int_eq(read_order(ORDER("Buy", "1", "50", ""), &order, &why), 110020);
	ck_assert_ptr_nonnull(why);
	expect_silence(); /* whoever does not listen is not told */
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_market_order_goes_through_the_levels);
	tcase_add_test(tests, of_one_larger_than_the_book_the_rest_is_cancelled);
	tcase_add_test(tests, a_limit_is_kept_to_and_the_rest_stays);
	tcase_add_test(tests, what_rests_is_filled_when_the_book_comes);
	tcase_add_test(tests, immediate_or_cancel);
	tcase_add_test(tests, fill_or_kill);
	tcase_add_test(tests, post_only);
	tcase_add_test(tests, a_cancelled_order_is_gone);
	tcase_add_test(tests, what_is_no_order_is_told_why);
	tcase_add_test(tests, there_is_an_end_to_open_orders);
}

int main(void)
{
	return check_main("exchange_orders", cases);
}
