/* The monitor's indicators against values computed by hand, a published example, and a
 * separate computation from the definitions. */
#include "check_main.h"
#include "indicators.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NR	  60
#define TOLERANCE 1e-9

static struct mon_candle candles[NR];
static double out[NR], second[NR];

/* The series of the separate computation: close = 100 + 37 i mod 17, and so on. */
static void load_sawtooth(void)
{
	for (int i = 0; i < NR; i++) {
		double close = 100 + (i * 37) % 17;

		candles[i] = (struct mon_candle){
		    .start_ms = i * (int64_t)MON_CANDLE_MS,
		    .open = close,
		    .high = close + 1 + i % 3,
		    .low = close - 1 - i % 2,
		    .close = close,
		    .volume = 10 + i % 5,
		};
	}
}

/* Closes rise by one a candle; highs and lows one around them. */
static void load_ramp(void)
{
	for (int i = 0; i < NR; i++)
		candles[i] =
		    (struct mon_candle){.high = i + 1, .low = i - 1, .close = i, .volume = 1};
}

static void load_flat(void)
{
	for (int i = 0; i < NR; i++)
		candles[i] =
		    (struct mon_candle){.open = 5, .high = 5, .low = 5, .close = 5, .volume = 1};
}

/* Exactly the first nr values are NaN. */
static void expect_defined_from(const double *series, size_t nr)
{
	for (size_t i = 0; i < NR; i++)
		ck_assert_msg(isnan(series[i]) == (i < nr), "value %zu is %g", i, series[i]);
}

START_TEST(sma_by_hand)
{
	const double in[] = {1, 2, 3, 4, 10};

	ck_assert_int_eq(mon_sma(in, 5, 3, out), 0);
	ck_assert(isnan(out[0]) && isnan(out[1]));
	ck_assert_double_eq_tol(out[2], 2, TOLERANCE);
	ck_assert_double_eq_tol(out[3], 3, TOLERANCE);
	ck_assert_double_eq_tol(out[4], 17.0 / 3, TOLERANCE);
}
END_TEST

START_TEST(ema_by_hand)
{
	const double in[] = {NAN, 1, 2, 3, 4, 10};

	/* starts with the mean 2; then 2 + (4 - 2) / 2 = 3 and 3 + (10 - 3) / 2 = 6.5 */
	ck_assert_int_eq(mon_ema(in, 6, 3, out), 0);
	ck_assert(isnan(out[2]));
	ck_assert_double_eq_tol(out[3], 2, TOLERANCE);
	ck_assert_double_eq_tol(out[4], 3, TOLERANCE);
	ck_assert_double_eq_tol(out[5], 6.5, TOLERANCE);
}
END_TEST

START_TEST(ema_in_place)
{
	double both[] = {1, 2, 3, 4, 10};

	ck_assert_int_eq(mon_ema(both, 5, 3, both), 0);
	ck_assert(isnan(both[1]));
	ck_assert_double_eq_tol(both[4], 6.5, TOLERANCE);
}
END_TEST

/* The example of a widely used chart school: closes, and RSI(14) to two digits. */
START_TEST(rsi_of_the_published_example)
{
	static const double closes[] = {44.3389, 44.0902, 44.1497, 43.6124, 44.3278,
					44.8264, 45.0955, 45.4245, 45.8433, 46.0826,
					45.8931, 46.0328, 45.6140, 46.2820, 46.2820,
					46.0028, 46.0328, 46.4116, 46.2222, 45.6439};
	static const double wanted[] = {70.53, 66.32, 66.55, 69.41, 66.36, 57.97};

	for (size_t i = 0; i < 20; i++)
		candles[i] = (struct mon_candle){.close = closes[i]};
	ck_assert_int_eq(mon_rsi(candles, 20, 14, out), 0);
	ck_assert(isnan(out[13]));
	for (size_t i = 0; i < 6; i++)
		ck_assert_double_eq_tol(out[14 + i], wanted[i], 0.01);
}
END_TEST

START_TEST(rsi_separately)
{
	load_sawtooth();
	ck_assert_int_eq(mon_rsi(candles, NR, 14, out), 0);
	expect_defined_from(out, 14);
	ck_assert_double_eq_tol(out[14], 56.25, TOLERANCE);
	ck_assert_double_eq_tol(out[NR - 1], 49.74517570255405, TOLERANCE);
}
END_TEST

START_TEST(rsi_of_a_ramp_is_100)
{
	load_ramp();
	mon_rsi(candles, NR, 14, out);
	ck_assert_double_eq_tol(out[NR - 1], 100, TOLERANCE);
}
END_TEST

START_TEST(macd_separately)
{
	load_sawtooth();
	ck_assert_int_eq(mon_macd(candles, NR, 12, 26, 9, out, second), 0);
	expect_defined_from(out, 25);
	expect_defined_from(second, 33);
	ck_assert_double_eq_tol(out[25], -0.384613581511303, TOLERANCE);
	ck_assert_double_eq_tol(out[NR - 1], -0.3737718709117672, TOLERANCE);
	ck_assert_double_eq_tol(second[33], 0.20125922441856087, TOLERANCE);
	ck_assert_double_eq_tol(second[NR - 1], -0.13253248014958086, TOLERANCE);
}
END_TEST

/* An average over n lags a ramp by (n - 1) / 2, so MACD is 12.5 - 5.5 throughout. */
START_TEST(macd_of_a_ramp)
{
	load_ramp();
	mon_macd(candles, NR, 12, 26, 9, out, second);
	ck_assert_double_eq_tol(out[25], 7, TOLERANCE);
	ck_assert_double_eq_tol(second[NR - 1], 7, TOLERANCE);
}
END_TEST

START_TEST(cci_separately)
{
	load_sawtooth();
	ck_assert_int_eq(mon_cci(candles, NR, 20, out), 0);
	expect_defined_from(out, 19);
	ck_assert_double_eq_tol(out[NR - 1], -4.024144869215291, TOLERANCE);
}
END_TEST

/* 9.5 above the mean, mean deviation 5: 9.5 / (0.015 * 5). */
START_TEST(cci_of_a_ramp)
{
	load_ramp();
	mon_cci(candles, NR, 20, out);
	ck_assert_double_eq_tol(out[NR - 1], 9.5 / 0.075, 1e-6);
}
END_TEST

START_TEST(atr_separately)
{
	load_sawtooth();
	ck_assert_int_eq(mon_atr(candles, NR, 14, out), 0);
	expect_defined_from(out, 13);
	ck_assert_double_eq_tol(out[13], 6.357142857142857, TOLERANCE);
	ck_assert_double_eq_tol(out[NR - 1], 7.02585824213592, TOLERANCE);
}
END_TEST

/* A candle that opens far above the last close: the gap counts. */
START_TEST(atr_counts_gaps)
{
	candles[0] = (struct mon_candle){.high = 11, .low = 9, .close = 10};
	candles[1] = (struct mon_candle){.high = 21, .low = 19, .close = 20};
	mon_atr(candles, 2, 2, out);
	ck_assert_double_eq_tol(out[1], (2 + 11) / 2.0, TOLERANCE);
}
END_TEST

START_TEST(williams_r_separately)
{
	load_sawtooth();
	ck_assert_int_eq(mon_williams_r(candles, NR, 14, out), 0);
	expect_defined_from(out, 13);
	ck_assert_double_eq_tol(out[NR - 1], -55, TOLERANCE);
}
END_TEST

START_TEST(ao_separately)
{
	load_sawtooth();
	ck_assert_int_eq(mon_ao(candles, NR, out), 0);
	expect_defined_from(out, 33);
	ck_assert_double_eq_tol(out[NR - 1], -0.1647058823529477, TOLERANCE);
}
END_TEST

START_TEST(ao_of_a_ramp)
{
	load_ramp();
	mon_ao(candles, NR, out);
	ck_assert_double_eq_tol(out[NR - 1], 16.5 - 2, TOLERANCE);
}
END_TEST

START_TEST(volume_indicators_separately)
{
	load_sawtooth();
	mon_obv(candles, NR, out);
	ck_assert_double_eq_tol(out[NR - 1], 470, TOLERANCE);
	mon_adl(candles, NR, out);
	ck_assert_double_eq_tol(out[NR - 1], -84, TOLERANCE);
	ck_assert_int_eq(mon_cmf(candles, NR, 20, out), 0);
	expect_defined_from(out, 19);
	ck_assert_double_eq_tol(out[NR - 1], -0.1326388888888889, TOLERANCE);
}
END_TEST

START_TEST(nothing_moves_is_neutral)
{
	load_flat();
	mon_rsi(candles, NR, 14, out);
	ck_assert_double_eq(out[NR - 1], 50);
	mon_cci(candles, NR, 20, out);
	ck_assert_double_eq(out[NR - 1], 0);
	mon_williams_r(candles, NR, 14, out);
	ck_assert_double_eq(out[NR - 1], -50);
	mon_atr(candles, NR, 14, out);
	ck_assert_double_eq(out[NR - 1], 0);
	mon_cmf(candles, NR, 20, out);
	ck_assert_double_eq(out[NR - 1], 0);
}
END_TEST

START_TEST(too_few_candles_give_nan)
{
	load_sawtooth();
	for (size_t nr = 0; nr < 14; nr++) {
		memset(out, 0, sizeof(out));
		mon_rsi(candles, nr, 14, out);
		for (size_t i = 0; i < nr; i++)
			ck_assert(isnan(out[i]));
		mon_macd(candles, nr, 12, 26, 9, out, second);
		for (size_t i = 0; i < nr; i++)
			ck_assert(isnan(out[i]) && isnan(second[i]));
	}
}
END_TEST

START_TEST(period_zero_is_refused)
{
	ck_assert_int_eq(mon_sma(out, 1, 0, second), -EINVAL);
	ck_assert_int_eq(mon_ema(out, 1, 0, second), -EINVAL);
	ck_assert_int_eq(mon_rsi(candles, NR, 0, out), -EINVAL);
	ck_assert_int_eq(mon_macd(candles, NR, 12, 0, 9, out, second), -EINVAL);
	ck_assert_int_eq(mon_cci(candles, NR, 0, out), -EINVAL);
	ck_assert_int_eq(mon_atr(candles, NR, 0, out), -EINVAL);
	ck_assert_int_eq(mon_williams_r(candles, NR, 0, out), -EINVAL);
	ck_assert_int_eq(mon_cmf(candles, NR, 0, out), -EINVAL);
}
END_TEST

START_TEST(slope_by_hand)
{
	const double line[] = {9, 9, 1, 3, 5, 7}, noisy[] = {0, 3, 0, 3};

	ck_assert_double_eq_tol(mon_slope(line, 6, 4), 2, TOLERANCE);
	/* x = -1.5 -0.5 0.5 1.5: (-1.5 + 0 + 4.5) / 5 */
	ck_assert_double_eq_tol(mon_slope(noisy, 4, 4), 0.6, TOLERANCE);
	ck_assert(isnan(mon_slope(line, 3, 4)));
	ck_assert(isnan(mon_slope(line, 6, 1)));
}
END_TEST

START_TEST(edge_finds_a_leading_series)
{
	load_sawtooth();
	/* a series that knows the next change, and one that has it backwards */
	for (size_t i = 0; i + 1 < NR; i++) {
		out[i] = candles[i + 1].close - candles[i].close;
		second[i] = 5;
	}
	out[NR - 1] = second[NR - 1] = 5;
	ck_assert_double_eq_tol(mon_edge(out, candles, NR, 1), 1, 1e-6);
	ck_assert_double_eq(mon_edge(second, candles, NR, 1), 0);
	ck_assert_double_eq(mon_edge(out, candles, 20, 1), 0); /* too few */
}
END_TEST

START_TEST(candles_from_trades)
{
	struct mon_window window;
	struct mon_candle *last;

	mon_window_init(&window, sizeof(struct mon_candle), 10);
	mon_candle_add_trade(&window, -1, 10, 1, true); /* the minute before 0 */
	mon_candle_add_trade(&window, 0, 11, 2, true);
	mon_candle_add_trade(&window, 59999, 9, 3, false);
	mon_candle_add_trade(&window, 59000, 10, 1, false); /* late: joins the newest */
	ck_assert_uint_eq(mon_window_nr(&window), 2);
	last = mon_window_last(&window);
	ck_assert_int_eq(last->start_ms, 0);
	ck_assert_double_eq(last->open, 11);
	ck_assert_double_eq(last->high, 11);
	ck_assert_double_eq(last->low, 9);
	ck_assert_double_eq(last->close, 10);
	ck_assert_double_eq(last->volume, 6);
	ck_assert_double_eq(last->buy_volume, 2);
	ck_assert_int_eq(last[-1].start_ms, -60000);
	mon_window_fini(&window);
}
END_TEST

START_TEST(resampling_keeps_extremes_and_sums)
{
	static struct mon_candle longer[NR];
	size_t nr;

	load_sawtooth();
	nr = mon_candle_resample(candles, NR, 5, longer);
	ck_assert_uint_eq(nr, 12);
	ck_assert_int_eq(longer[1].start_ms, 5 * MON_CANDLE_MS);
	ck_assert_double_eq(longer[0].open, candles[0].open);
	ck_assert_double_eq(longer[0].close, candles[4].close);
	ck_assert_double_eq(longer[0].high, 112 + 2); /* of candle 4 */
	ck_assert_double_eq(longer[0].volume, 10 + 11 + 12 + 13 + 14);
}
END_TEST

START_TEST(window_keeps_the_newest)
{
	struct mon_window window;
	int *rows;
	void *copy;
	size_t nr;

	mon_window_init(&window, sizeof(int), 5);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(mon_window_push(&window, &i), 0);
		ck_assert_uint_le(window.nr, 10);
	}
	ck_assert_int_eq(mon_window_copy(&window, &copy, &nr), 0);
	rows = copy;
	ck_assert_uint_eq(nr, 5);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(rows[i], 995 + i);
	free(copy);
	mon_window_fini(&window);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, sma_by_hand);
	tcase_add_test(tests, ema_by_hand);
	tcase_add_test(tests, ema_in_place);
	tcase_add_test(tests, rsi_of_the_published_example);
	tcase_add_test(tests, rsi_separately);
	tcase_add_test(tests, rsi_of_a_ramp_is_100);
	tcase_add_test(tests, macd_separately);
	tcase_add_test(tests, macd_of_a_ramp);
	tcase_add_test(tests, cci_separately);
	tcase_add_test(tests, cci_of_a_ramp);
	tcase_add_test(tests, atr_separately);
	tcase_add_test(tests, atr_counts_gaps);
	tcase_add_test(tests, williams_r_separately);
	tcase_add_test(tests, ao_separately);
	tcase_add_test(tests, ao_of_a_ramp);
	tcase_add_test(tests, volume_indicators_separately);
	tcase_add_test(tests, nothing_moves_is_neutral);
	tcase_add_test(tests, too_few_candles_give_nan);
	tcase_add_test(tests, period_zero_is_refused);
	tcase_add_test(tests, slope_by_hand);
	tcase_add_test(tests, edge_finds_a_leading_series);
	tcase_add_test(tests, candles_from_trades);
	tcase_add_test(tests, resampling_keeps_extremes_and_sums);
	tcase_add_test(tests, window_keeps_the_newest);
}

int main(void)
{
	return check_main("monitor_indicators", cases);
}
