/* Intervals of estimated totals against tabulated values. */
#include <math.h>

#include "check_main.h"
#include "model/interval.h"

static void near_to(double got, double wanted)
{
	ck_assert_msg(fabs(got - wanted) <= 0.0007 * wanted + 1e-9, "%.6f instead of %.6f", got,
		      wanted);
}

START_TEST(garwood_is_as_tabulated)
{
	static const double table[][3] = {
	    {0, 0, 3.6889},	  {1, 0.025318, 5.5716}, {2, 0.24221, 7.2247},
	    {3, 0.61867, 8.7673}, {5, 1.6235, 11.668},	 {10, 4.7954, 18.390},
	    {20, 12.217, 30.888}, {50, 37.111, 65.919},	 {100, 81.364, 121.627},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		double low, high;

		vr_garwood(table[i][0], &low, &high);
		near_to(low, table[i][1]);
		near_to(high, table[i][2]);
	}
}
END_TEST

/* P(Poisson(mean) <= n), term by term. */
static double poisson_below(double mean, unsigned n)
{
	double sum = 0;

	for (unsigned k = 0; k <= n; k++)
		sum += exp(k * log(mean) - mean - lgamma(k + 1.0));
	return sum;
}

/* Both sides of where the exact quantile gives way to the approximation. */
START_TEST(bounds_leave_their_tails)
{
	for (unsigned n = 1; n < 20000; n += n < 250 ? 1 : n / 3) {
		double low, high;

		vr_garwood(n, &low, &high);
		ck_assert_double_eq_tol(1 - poisson_below(low, n - 1), 0.025, 1e-5);
		ck_assert_double_eq_tol(poisson_below(high, n), 0.025, 1e-5);
	}
}
END_TEST

START_TEST(totals_have_their_interval)
{
	/* 100 samples that each stand for 1000 */
	struct vr_interval interval = vr_interval_of(100000, 100 * 1e6, 1000);

	ck_assert(interval.known);
	ck_assert_double_eq_tol((double)interval.low, 81364, 60);
	ck_assert_double_eq_tol((double)interval.high, 121627, 80);
	ck_assert_double_eq_tol(vr_interval_percent(&interval, 100000), 20.13, 0.1);
	interval = vr_interval_of(0, 0, 1000);
	ck_assert(interval.known);
	ck_assert_uint_eq(interval.low, 0);
	ck_assert_uint_eq(interval.high, 3689);
	ck_assert(!vr_interval_of(100000, 0, 1000).known);
}
END_TEST

START_TEST(damaged_numbers_are_survived)
{
	static const double bad[] = {-1, NAN, INFINITY, -INFINITY, 1e-320, 1e308, 1e-5, 1e40};
	static const uint64_t totals[] = {0, 1, 1000, INT64_MAX, UINT64_MAX};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		for (size_t k = 0; k < sizeof(totals) / sizeof(totals[0]); k++) {
			struct vr_interval v = vr_interval_of(totals[k], bad[i], UINT64_MAX);

			ck_assert(v.low <= v.high);
		}
	}
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_test(tests, garwood_is_as_tabulated);
	tcase_add_test(tests, bounds_leave_their_tails);
	tcase_add_test(tests, totals_have_their_interval);
	tcase_add_test(tests, damaged_numbers_are_survived);
}

int main(void)
{
	return check_main("interval", cases);
}
