/* Faults that are asked for: when they happen, and that what is sent is what it is called. */
#include "bybit.h"
#include "check_main.h"
#include "fault_texts.h"
#include "faults.h"

#include <errno.h>

static struct ex_faults faults;

static void set_up(void)
{
	faults = (struct ex_faults){0};
}

static void tear_down(void)
{
	ex_faults_fini(&faults);
}

START_TEST(once_is_the_next_message)
{
	ck_assert(!ex_fault_is_due(&faults, EX_GAP));
	ck_assert_int_eq(ex_faults_ask(&faults, "gap"), 0);
	ck_assert(faults.any);
	ck_assert(!ex_fault_is_due(&faults, EX_RESET));
	ck_assert(ex_fault_is_due(&faults, EX_GAP));
	for (int i = 0; i < 100; i++)
		ck_assert(!ex_fault_is_due(&faults, EX_GAP));
}
END_TEST

START_TEST(each_third_is_each_third)
{
	int due = 0;

	ck_assert_int_eq(ex_faults_ask(&faults, "hostile:3"), 0);
	for (int i = 1; i <= 30; i++) {
		int is_due = ex_fault_is_due(&faults, EX_HOSTILE);

		ck_assert_int_eq(is_due, i % 3 == 0);
		due += is_due;
	}
	ck_assert_int_eq(due, 10);
}
END_TEST

START_TEST(what_is_no_fault_is_refused)
{
	static const char *const bad[] = {"",	   "ga",     "gaps",   "GAP",  "gap:",
					  "gap:0", "gap:-1", "gap:1x", "gap:", "gap:99999999999"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(ex_faults_ask(&faults, bad[i]), -EINVAL);
	ck_assert(!faults.any);
}
END_TEST

/* Whoever reads the feed as documented can make nothing of any of them. */
START_TEST(malformed_is_no_message)
{
	struct app_bybit_reader *reader;
	const struct app_bybit_msg *msg;

	ck_assert_int_eq(app_bybit_reader_create(&reader), 0);
	for (uint32_t i = 0; i < 60; i++) {
		struct ex_message *message = ex_fault_malformed(i);

		ck_assert_ptr_nonnull(message);
		ck_assert_msg(
		    app_bybit_read(reader, (const char *)message->text, message->len, &msg) < 0,
		    "%u: %.*s", i, (int)message->len, (const char *)message->text);
		ex_message_unref(message);
	}
	app_bybit_reader_destroy(reader);
}
END_TEST

/* Each is survived; those that are JSON of a market say so. */
START_TEST(hostile_ones_come_round)
{
	struct app_bybit_reader *reader;
	const struct app_bybit_msg *msg;
	size_t longest = 0;

	ck_assert_int_eq(app_bybit_reader_create(&reader), 0);
	for (uint32_t i = 0; i < 40; i++) {
		struct ex_message *message = ex_fault_hostile(i);

		ck_assert_ptr_nonnull(message);
		if (message->len > longest)
			longest = message->len;
		(void)app_bybit_read(reader, (const char *)message->text, message->len, &msg);
		ex_message_unref(message);
	}
	ck_assert_uint_gt(longest, 1000000);
	app_bybit_reader_destroy(reader);
}
END_TEST

START_TEST(a_crossed_delta_is_the_next_and_crosses)
{
	struct app_bybit_reader *reader;
	const struct app_bybit_msg *msg;
	struct ex_market market;
	struct ex_topic topic;
	struct ex_message *message;

	ex_market_init(&market, "BTC/USDT");
	ck_assert_int_eq(ex_topic_init(&topic, &market, 1), 0);
	ck_assert_ptr_null(ex_fault_crossed(&topic)); /* nothing to cross */
	topic.told[1][0] = (struct app_level){100, 1};
	topic.told_nr[1] = 1;
	topic.u = 7;
	message = ex_fault_crossed(&topic);
	ck_assert_ptr_nonnull(message);
	ck_assert_int_eq(app_bybit_reader_create(&reader), 0);
	ck_assert_int_eq(app_bybit_read(reader, (const char *)message->text, message->len, &msg),
			 0);
	ck_assert_uint_eq(msg->u, 8);
	ck_assert_uint_eq(msg->bid_nr, 1);
	ck_assert_double_gt(msg->bids[0].price, 100);
	ex_message_unref(message);
	app_bybit_reader_destroy(reader);
	ex_topic_fini(&topic);
	ex_market_fini(&market);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, once_is_the_next_message);
	tcase_add_test(tests, each_third_is_each_third);
	tcase_add_test(tests, what_is_no_fault_is_refused);
	tcase_add_test(tests, malformed_is_no_message);
	tcase_add_test(tests, hostile_ones_come_round);
	tcase_add_test(tests, a_crossed_delta_is_the_next_and_crosses);
}

int main(void)
{
	return check_main("exchange_faults", cases);
}
