/* Numbers as the exchange writes them, and the markets of its model. */
#include "check_main.h"
#include "model.h"
#include "text.h"

#include <errno.h>
#include <string.h>

static void expect(const char *wanted, double value, int digits)
{
	struct ex_text text = {0};

	ex_text_decimal(&text, value, digits);
	ck_assert(!text.failed);
	ex_text_bytes(&text, "", 1);
	ck_assert_str_eq(text.bytes, wanted);
	ex_text_fini(&text);
}

START_TEST(decimals_are_those_of_printf)
{
	expect("0", 0, 0);
	expect("0.00", 0, 2);
	expect("7", 7, 0);
	expect("0.5", 0.5, 1);
	expect("0.05", 0.05, 2);
	expect("64210.10", 64210.1, 2);
	expect("100", 99.6, 0);
	expect("1.000", 0.9996, 3);
	expect("123456789.12345678", 123456789.12345678, 8);
}
END_TEST

START_TEST(decimals_that_a_number_needs_are_found)
{
	ck_assert_int_eq(ex_decimals(5), 0);
	ck_assert_int_eq(ex_decimals(64210.1), 1);
	ck_assert_int_eq(ex_decimals(0.00012), 5);
	ck_assert_int_eq(ex_decimals(1.0 / 3), 8);
}
END_TEST

static double sum;

static void add(void *arg, const struct app_msg *msg)
{
	(void)arg;
	sum += msg->price * (double)(msg->type + 1) + msg->size;
	ck_assert(msg->price > 0);
	ck_assert(msg->size >= 0);
}

static double sum_of(const char *name, uint64_t seed)
{
	struct ex_model *model;

	ck_assert_int_eq(ex_model_create(name, seed, &model), 0);
	sum = 0;
	for (int64_t ts_ms = 0; ts_ms < 20000; ts_ms += EX_MODEL_STEP_MS)
		ex_model_step(model, ts_ms, add, NULL);
	ex_model_destroy(model);
	return sum;
}

START_TEST(a_seed_makes_a_market)
{
	struct ex_model *model;
	double first = sum_of("BTC/USDT", 1);

	ck_assert_double_eq(first, sum_of("BTC/USDT", 1));
	ck_assert_double_ne(first, sum_of("BTC/USDT", 2));
	ck_assert_int_eq(ex_model_create("FOO/BAR", 1, &model), -ENOENT);
	for (size_t i = 0; ex_model_name(i); i++)
		(void)sum_of(ex_model_name(i), 3);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, decimals_are_those_of_printf);
	tcase_add_test(tests, decimals_that_a_number_needs_are_found);
	tcase_add_test(tests, a_seed_makes_a_market);
}

int main(void)
{
	return check_main("exchange_text", cases);
}
