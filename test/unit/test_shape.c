/* Shapes of timelines of known shape, 20 seeds each: what is there is named,
 * with the right figures, and nothing else is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "model/shape.h"
#include "model/slope.h"

#define SEEDS  20
#define POINTS 2000
#define MIB    1048576.0
#define HIGH   (16ull << 20)

static struct vr_shape_point point[POINTS];
static struct vr_shape shape;
static uint64_t state;

static double uniform(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15ull;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return (double)((x ^ (x >> 31)) >> 11) / 0x1p53;
}

static double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

static void put(size_t i, double seconds, double bytes)
{
	uint64_t value = bytes > 0 ? (uint64_t)bytes : 0;

	point[i] = (struct vr_shape_point){(uint64_t)(seconds * 1e9), value, value, value};
}

/* A program of this seed: `count` points of 0.1 s with a level, start-up in
 * the first tenth, noise of 1 to 5 % that remembers, freed at the end or not. */
static void work(int seed, size_t count, double level)
{
	double noise = 0, sigma, memory;

	state = (uint64_t)seed * 7919;
	sigma = level * (0.01 + 0.04 * uniform());
	memory = 0.8 * uniform();
	for (size_t i = 0; i < count; i++) {
		double part = fmin(1, (double)i / (double)count * 10);

		noise = memory * noise + sigma * sqrt(1 - memory * memory) * normal();
		put(i, 0.1 * (double)i, part * (level + noise));
	}
	if (seed % 2)
		put(count - 1, 0.1 * (double)(count - 1), 0);
}

static void add(size_t i, double bytes)
{
	put(i, (double)point[i].t_ns / 1e9, (double)point[i].value + bytes);
}

static void judge(size_t count)
{
	vr_shape_find(point, count, HIGH, &shape);
	ck_assert(shape.judged);
}

/* 0..1, of this seed and nothing else. */
static double chance(int seed)
{
	state = (uint64_t)seed * 31 + 5;
	return uniform();
}

static size_t count_of(int seed)
{
	static const size_t count[] = {20, 33, 60, 200, 600};

	return count[seed % 5];
}

static void only(int seed, int steady, size_t spikes, int baseline)
{
	ck_assert_msg(shape.steady.found == steady && shape.spikes == spikes &&
			  shape.baseline.found == baseline,
		      "seed %d: steady %d (%.0f in %.0f..%.0f) spikes %zu baseline %d (%.1f MiB)",
		      seed, shape.steady.found, shape.steady.slope, shape.steady.slope_low,
		      shape.steady.slope_high, shape.spikes, shape.baseline.found,
		      (double)shape.baseline.bytes / MIB);
}

START_TEST(nothing_is_named_without_reason)
{
	work(_i, count_of(_i), 8 * MIB);
	judge(count_of(_i));
	only(_i, 0, 0, 0);
	ck_assert(vr_shape_none(&shape));
}
END_TEST

static int inside; /* intervals that hold the true slope */

START_TEST(a_steady_increase_has_its_slope)
{
	size_t count = count_of(_i);
	double rate = MIB * (1 + 10 * chance(_i)); /* bytes a point */

	work(_i, count, 4 * MIB);
	for (size_t i = 0; i < count - 1; i++)
		add(i, rate * (double)i);
	judge(count);
	only(_i, 1, 0, 0);
	ck_assert_double_eq_tol(shape.steady.slope, 10 * rate, rate);
	ck_assert(shape.steady.slope_low <= shape.steady.slope);
	ck_assert(shape.steady.slope_high >= shape.steady.slope);
	ck_assert(shape.steady.to_bytes > shape.steady.from_bytes);
}
END_TEST

START_TEST(the_interval_holds_the_slope)
{
	for (int seed = 0; seed < 200; seed++) {
		work(2 * seed, 60, 8 * MIB);
		for (size_t i = 0; i < 60; i++)
			add(i, 0.5 * MIB * (double)i);
		judge(60);
		inside += shape.steady.slope_low <= 5 * MIB && shape.steady.slope_high >= 5 * MIB;
	}
	ck_assert_msg(inside >= 180, "%d of 200 intervals hold it", inside);
}
END_TEST

START_TEST(spikes_are_found_where_they_are)
{
	size_t count = count_of(_i) + 20;
	size_t wide = 1 + (size_t)_i % 3;
	size_t at[2] = {count / 3, 3 * count / 4};

	work(_i, count, 4 * MIB);
	for (size_t n = 0; n < 2; n++)
		for (size_t i = 0; i < wide; i++)
			add(at[n] + i, (double)(n + 1) * 16 * MIB);
	judge(count);
	only(_i, 0, 2, 0);
	for (size_t n = 0; n < 2; n++) {
		const struct vr_shape_spike *spike = &shape.spike[n];

		ck_assert_uint_eq(spike->from_ns, point[at[n] - 1].t_ns);
		ck_assert_uint_eq(spike->to_ns, point[at[n] + wide].t_ns);
		ck_assert_double_eq_tol((double)(spike->top_bytes - spike->base_bytes) / MIB,
					(double)(n + 1) * 16, 1.5);
	}
}
END_TEST

START_TEST(a_baseline_has_its_height)
{
	size_t count = count_of(_i);
	double level = MIB * (30 + 200 * chance(_i));

	work(_i, count, level);
	judge(count);
	only(_i, 0, 0, 1);
	ck_assert_double_eq_tol((double)shape.baseline.bytes, level, 0.25 * level);
	ck_assert(shape.baseline.percent > 70 && shape.baseline.percent <= 100);
}
END_TEST

START_TEST(all_three_at_once)
{
	work(_i, 200, 64 * MIB);
	for (size_t i = 0; i < 199; i++)
		add(i, 0.5 * MIB * (double)i);
	for (size_t i = 70; i < 75; i++)
		add(i, 100 * MIB);
	judge(200);
	only(_i, 1, 1, 1);
}
END_TEST

/* A collector's teeth: two periods and a half or more. */
START_TEST(a_sawtooth_is_no_increase)
{
	size_t count = count_of(_i) + 12;
	double teeth = 2.5 + 20 * chance(_i);
	double phase = uniform();

	if (teeth > (double)count / 4)
		teeth = (double)count / 4;
	work(_i, count, 4 * MIB);
	for (size_t i = 0; i < count - 1; i++)
		add(i, 12 * MIB * fmod(phase + teeth * (double)i / (double)count, 1));
	judge(count);
	ck_assert_msg(!shape.steady.found, "seed %d: %.1f teeth of %zu points", _i, teeth, count);
	ck_assert_uint_eq(shape.spikes, 0);
}
END_TEST

/* A cache that fills with time constant a tenth to a fifth of the run. */
START_TEST(what_levels_off_is_no_increase)
{
	size_t count = count_of(_i) + 40;
	double constant = (double)count * (0.05 + 0.15 * chance(_i));

	work(_i, count, 2 * MIB);
	for (size_t i = 0; i < count - 1; i++)
		add(i, 12 * MIB * (1 - exp(-(double)i / constant)));
	judge(count);
	ck_assert_msg(!shape.steady.found, "seed %d: constant %.2f of the run", _i,
		      constant / (double)count);
	ck_assert_uint_eq(shape.spikes, 0);
}
END_TEST

/* One step up is no increase and no spike. */
START_TEST(a_step_is_no_increase)
{
	size_t count = count_of(_i);

	work(_i, count, 4 * MIB);
	for (size_t i = count * (3 + (size_t)_i % 4) / 10; i < count - 1; i++)
		add(i, 6 * MIB);
	judge(count);
	only(_i, 0, 0, 0);
}
END_TEST

/* Steps of noise that add up, without a trend. */
START_TEST(a_random_walk_is_rarely_an_increase)
{
	int named = 0;

	for (int seed = 0; seed < 200; seed++) {
		double level = 8 * MIB;

		state = (uint64_t)seed * 104729;
		for (size_t i = 0; i < 200; i++) {
			level = fmax(MIB, level + 0.3 * MIB * normal());
			put(i, 0.1 * (double)i, level);
		}
		judge(200);
		named += shape.steady.found;
	}
	ck_assert_msg(named <= 12, "%d of 200 random walks are called steady", named);
}
END_TEST

START_TEST(the_highest_spikes_are_kept_in_order)
{
	work(2, 600, 4 * MIB);
	for (size_t n = 0; n < 20; n++)
		add(20 + 28 * n, (double)(10 + n * 7 % 20) * MIB);
	judge(600);
	ck_assert_uint_eq(shape.spikes, 20);
	ck_assert_uint_eq(vr_shape_spikes_kept(&shape), VR_SPIKES_KEPT);
	for (size_t i = 0; i < VR_SPIKES_KEPT; i++) {
		ck_assert(shape.spike[i].top_bytes > 24 * MIB);
		ck_assert(!i || shape.spike[i].top_ns > shape.spike[i - 1].top_ns);
	}
}
END_TEST

START_TEST(odd_data_is_survived)
{
	vr_shape_find(point, 0, HIGH, &shape);
	ck_assert(!shape.judged);
	for (size_t count = 1; count < VR_SHAPE_POINTS_MIN; count++) {
		work(0, count, MIB);
		vr_shape_find(point, count, HIGH, &shape);
		ck_assert(!shape.judged);
		ck_assert(vr_shape_none(&shape));
	}
	/* all at one time; nothing; the largest numbers */
	for (size_t i = 0; i < 40; i++)
		put(i, 7, 100 * MIB);
	vr_shape_find(point, 40, HIGH, &shape);
	ck_assert(!shape.steady.found);
	for (size_t i = 0; i < 40; i++)
		put(i, (double)i, 0);
	vr_shape_find(point, 40, HIGH, &shape);
	ck_assert(vr_shape_none(&shape));
	for (size_t i = 0; i < 40; i++)
		point[i] = (struct vr_shape_point){i << 58, 0, i % 2 ? UINT64_MAX : 0, UINT64_MAX};
	vr_shape_find(point, 40, HIGH, &shape);
	ck_assert(!shape.baseline.found);
}
END_TEST

START_TEST(a_slope_shrugs_off_outliers)
{
	double x[400], y[400];
	struct vr_slope line;

	state = 1;
	for (int i = 0; i < 400; i++) {
		x[i] = i;
		y[i] = 5 + 3 * i + normal() + (i % 10 == 3 && i > 200 ? 500 : 0);
	}
	line = vr_slope_of(x, y, 200);
	ck_assert_double_eq_tol(line.slope, 3, 0.01);
	ck_assert_double_eq_tol(line.intercept, 5, 0.5);
	ck_assert(line.low < 3 && line.high > 3 && line.high - line.low < 0.05);
	ck_assert_double_eq_tol(vr_slope_of(x, y, 240).slope, 3, 0.05);
	ck_assert_double_eq(vr_slope_of(x, y, 3).slope, 0);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, nothing_is_named_without_reason, 0, SEEDS);
	tcase_add_loop_test(tests, a_steady_increase_has_its_slope, 0, SEEDS);
	tcase_add_test(tests, the_interval_holds_the_slope);
	tcase_add_loop_test(tests, spikes_are_found_where_they_are, 0, SEEDS);
	tcase_add_loop_test(tests, a_baseline_has_its_height, 0, SEEDS);
	tcase_add_loop_test(tests, all_three_at_once, 0, SEEDS);
	tcase_add_loop_test(tests, a_sawtooth_is_no_increase, 0, SEEDS);
	tcase_add_loop_test(tests, what_levels_off_is_no_increase, 0, SEEDS);
	tcase_add_loop_test(tests, a_step_is_no_increase, 0, SEEDS);
	tcase_add_test(tests, a_random_walk_is_rarely_an_increase);
	tcase_add_test(tests, the_highest_spikes_are_kept_in_order);
	tcase_add_test(tests, odd_data_is_survived);
	tcase_add_test(tests, a_slope_shrugs_off_outliers);
}

int main(void)
{
	return check_main("shape", cases);
}
