/* Growth verdicts on made-up heaps of known nature (heap_blocks.h).  GROWTH_FIGURES=1 prints
 * what was found. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "heap_blocks.h"

#define SEEDS 20
#define TICKS 600 /* a minute */

/* --- what programs do ---------------------------------------------------- */

/* A map that keeps an entry of every message, up to a number of them. */
static void messages(struct sim *sim, double rate, size_t cap)
{
	for (int i = 0; i < TICKS; i++, reading(sim)) {
		for (unsigned n = poisson(rate); n; n--) {
			give(sim, 48 + below(200));
			if (sim->live > cap) /* somewhere near the old end */
				take(sim, below(1 + cap / 4));
		}
	}
}

static void unbounded_map(struct sim *sim)
{
	messages(sim, 5 + 20 * uniform(), ROOM);
}

static void capped_map(struct sim *sim)
{
	double rate = 5 + 10 * uniform();

	messages(sim, rate, (size_t)(rate * TICKS * (0.05 + 0.4 * uniform())));
}

static void slow_cache(struct sim *sim)
{
	double rate = 5 + 10 * uniform();

	messages(sim, rate, (size_t)(rate * TICKS * 0.8));
}

/* Batches that are let go but for a few blocks. */
static void sawtooth(struct sim *sim)
{
	unsigned period = 12 + (unsigned)below(12), stay = 1 + (unsigned)below(4);
	size_t floor = 0;

	for (int i = 0; i < TICKS; i++, reading(sim)) {
		for (unsigned n = 0; n < 8; n++)
			give(sim, 400 + below(400));
		if ((unsigned)i % period != period - 1)
			continue;
		floor += stay;
		while (sim->live > floor)
			take(sim, sim->live - 1);
	}
}

/* One block of 48 bytes a second, whatever else goes on. */
static void slow_leak(struct sim *sim)
{
	unsigned phase = (unsigned)below(10);

	for (int i = 0; i < TICKS; i++, reading(sim))
		if ((unsigned)i % 10 == phase)
			give(sim, 48);
}

/* 100 MB/s in blocks of 4 KiB that live for a moment. */
static void churn(struct sim *sim)
{
	for (int i = 0; i < TICKS; i++, reading(sim)) {
		while (sim->live)
			take(sim, 0);
		for (unsigned n = poisson(12); n; n--)
			give(sim, 4096);
		sim->lifetime[5] += 2400;
	}
}

static void warm_up(struct sim *sim)
{
	int warm = (int)(TICKS * (0.1 + 0.5 * uniform()));

	for (int i = 0; i < TICKS; i++, reading(sim)) {
		double chance = uniform();

		if (i < warm)
			for (unsigned n = poisson(20); n; n--)
				give(sim, 100);
		else if (chance < 0.3)
			give(sim, 100);
		else if (chance < 0.6)
			take(sim, sim->live - 1);
	}
}

static void log_ring(struct sim *sim)
{
	size_t slots = 100 + below(900);

	for (int i = 0; i < TICKS; i++, reading(sim)) {
		for (unsigned n = poisson(12); n; n--) {
			give(sim, 40 + below(160));
			if (sim->live > slots)
				take(sim, 0);
		}
	}
}

/* Mean-reverting with autocorrelation 0.99 from one point to the next. */
static void wandering(struct sim *sim)
{
	double x = normal() / sqrt(1 - 0.99 * 0.99);
	int victim = (int)below(3); /* who goes: the oldest, the youngest, any */

	for (int i = 0; i < 128; i++, reading(sim)) {
		size_t wanted = (size_t)fmax(0, 2000 + 40 * x);

		while (sim->live < wanted)
			give(sim, 64);
		while (sim->live > wanted)
			take(sim, victim == 0 ? 0 : victim == 1 ? sim->live - 1 : below(sim->live));
		x = 0.99 * x + normal();
	}
}

/* Runs all sites of one program; returns the one of the first as judged. */
static struct vr_growth_site judge(unsigned number, void (*const *program)(struct sim *),
				   size_t sites, size_t *growing)
{
	struct vr_growth_site site[4];

	random_seed(number);
	for (size_t i = 0; i < sites; i++) {
		struct sim *sim = fresh();

		program[i](sim);
		examine(sim, &site[i], 0);
		free(sim);
	}
	vr_growth_conclude(site, sites);
	*growing = 0;
	for (size_t i = 0; i < sites; i++)
		*growing += site[i].verdict == VR_GROWTH_GROWING;
	return site[0];
}

static void figure(const char *name, size_t hits, size_t of)
{
	if (getenv("GROWTH_FIGURES"))
		fprintf(stderr, "%-14s growing in %zu of %zu\n", name, hits, of);
}

static const struct {
	const char *name;
	void (*program[2])(struct sim *);
	int leaks;
	double slope; /* bytes a second where known */
} scenario[] = {
    {"unbounded map", {unbounded_map}, 1, 0}, {"sawtooth", {sawtooth}, 1, 0},
    {"slow leak", {slow_leak, churn}, 1, 48}, {"capped map", {capped_map}, 0, 0},
    {"slow cache", {slow_cache}, 0, 0},	      {"warm-up", {warm_up}, 0, 0},
    {"log ring", {log_ring}, 0, 0},
};

START_TEST(scenarios_get_their_verdict)
{
	size_t sites = scenario[_i].program[1] ? 2 : 1, right = 0, alarms = 0, growing;

	for (unsigned s = 0; s < SEEDS; s++) {
		struct vr_growth_site site = judge(s, scenario[_i].program, sites, &growing);

		right += site.verdict == VR_GROWTH_GROWING;
		alarms += growing - (site.verdict == VR_GROWTH_GROWING);
		if (site.verdict != VR_GROWTH_GROWING)
			continue;
		ck_assert(site.low > 0 && site.low <= site.slope && site.slope <= site.high);
		ck_assert(site.confidence > 0.8 && site.confidence <= 1);
		if (scenario[_i].slope > 0)
			ck_assert_double_eq_tol(site.slope, scenario[_i].slope, 5);
	}
	figure(scenario[_i].name, right, SEEDS);
	ck_assert_uint_eq(alarms, 0);
	if (scenario[_i].leaks)
		ck_assert_uint_ge(right, SEEDS - 1);
	else
		ck_assert_uint_eq(right, 0);
}
END_TEST

START_TEST(wandering_heaps_raise_no_alarm)
{
	void (*const program[])(struct sim *) = {wandering};
	size_t alarms = 0, growing;

	for (unsigned s = 0; s < 200; s++) {
		judge(s, program, 1, &growing);
		alarms += growing;
	}
	figure("AR(1) at 0.99", alarms, 200);
	ck_assert_uint_le(alarms, 2);
}
END_TEST

/* The trend alone, without the ages: p holds even for a random walk. */
START_TEST(p_is_honest)
{
	size_t hits = 0;

	for (unsigned s = 0; s < 1000; s++) {
		double y[VR_TREND_POINTS_MAX], x = 1e6;
		struct vr_trend trend;

		random_seed(s);
		for (size_t i = 0; i < VR_TREND_POINTS_MAX; i++)
			y[i] = x += normal();
		ck_assert_int_eq(vr_trend_of(y, VR_TREND_POINTS_MAX, 0, &trend), 0);
		hits += trend.p < 0.05;
	}
	figure("random walks", hits, 1000);
	ck_assert_uint_le(hits, 70); /* 50, and three standard deviations */
	ck_assert_uint_ge(hits, 10); /* and it is not simply blind */
}
END_TEST

START_TEST(few_readings_are_too_few)
{
	struct vr_growth_site site;
	struct sim *sim = fresh();

	random_seed(1);
	for (int i = 0; i < 29; i++, reading(sim))
		give(sim, 1000);
	examine(sim, &site, 0);
	ck_assert_int_eq(site.verdict, VR_GROWTH_TOO_SHORT);
	for (int i = 0; i < 20; i++, reading(sim))
		give(sim, 1000);
	examine(sim, &site, 0);
	vr_growth_conclude(&site, 1);
	ck_assert_int_eq(site.verdict, VR_GROWTH_GROWING);
	ck_assert_double_eq_tol(site.slope, 10000, 1);
	free(sim);
}
END_TEST

START_TEST(iterations_need_less)
{
	struct vr_growth_site site;
	struct sim *sim = fresh();

	for (int i = 0; i < 20; i++, reading(sim)) {
		give(sim, 24);
		for (int n = 0; n < 50; n++)
			give(sim, 4000);
		for (int n = 0; n < 50; n++)
			take(sim, sim->live - 1);
	}
	examine(sim, &site, 1);
	vr_growth_conclude(&site, 1);
	ck_assert_int_eq(site.verdict, VR_GROWTH_GROWING);
	ck_assert_double_eq_tol(site.slope, 24, 0.01);
	free(sim);
}
END_TEST

/* A site that never let go of a block and stopped: levelled, not growing. */
START_TEST(verdicts_say_why)
{
	struct vr_growth_site site;
	struct sim *sim = fresh();

	for (int i = 0; i < 120; i++, reading(sim))
		if (i < 90)
			give(sim, 1000);
	examine(sim, &site, 0);
	vr_growth_conclude(&site, 1);
	ck_assert_int_eq(site.verdict, VR_GROWTH_LEVELS);
	free(sim);

	/* grows, but every block is replaced before it is old */
	sim = fresh();
	for (int i = 0; i < 120; i++, reading(sim)) {
		for (size_t n = sim->live > 12 ? sim->live / 6 : 0; n; n--)
			take(sim, 0);
		while (sim->live < (size_t)(20 + i))
			give(sim, 1000);
	}
	examine(sim, &site, 0);
	vr_growth_conclude(&site, 1);
	ck_assert_int_eq(site.verdict, VR_GROWTH_RENEWED);
	free(sim);
}
END_TEST

/* A busy machine reads less and less often, or more and more. */
START_TEST(readings_need_not_be_even)
{
	for (int faster = 0; faster < 2; faster++) {
		struct vr_growth_site site;
		struct sim *sim = fresh();

		for (int i = 0; i < 120; i++, reading(sim)) {
			unsigned ticks = 1 + (unsigned)(faster ? 119 - i : i) / 30;

			sim->now_ns += (ticks - 1) * TICK_NS;
			for (unsigned n = 0; n < 5 * ticks; n++)
				give(sim, 500);
		}
		examine(sim, &site, 0);
		vr_growth_conclude(&site, 1);
		ck_assert_int_eq(site.verdict, VR_GROWTH_GROWING);
		free(sim);
	}
}
END_TEST

START_TEST(few_steps_say_how_many_more)
{
	struct vr_growth_site site;
	struct sim *sim = fresh();

	for (int i = 0; i < 105; i++, reading(sim))
		if (i % 20 == 10)
			give(sim, 50000);
	examine(sim, &site, 0);
	vr_growth_conclude(&site, 1);
	ck_assert_int_eq(site.verdict, VR_GROWTH_UNDECIDED);
	ck_assert_double_ge(site.more, 6); /* four steps more, 2 s each */
	ck_assert_double_le(site.more, 11);
	for (int i = 105; i < 200; i++, reading(sim))
		if (i % 20 == 10)
			give(sim, 50000);
	examine(sim, &site, 0);
	vr_growth_conclude(&site, 1);
	ck_assert_int_eq(site.verdict, VR_GROWTH_GROWING);
	ck_assert_double_eq_tol(site.slope, 25000, 4000);
	free(sim);
}
END_TEST

START_TEST(student_is_as_tabulated)
{
	ck_assert_double_eq_tol(vr_student_above(12.706, 1), 0.025, 1e-5);
	ck_assert_double_eq_tol(vr_student_above(2.228, 10), 0.025, 1e-5);
	ck_assert_double_eq_tol(vr_student_above(3.169, 10), 0.005, 1e-5);
	ck_assert_double_eq_tol(vr_student_above(-1.812, 10), 0.95, 1e-4);
	ck_assert_double_eq_tol(vr_student_above(2.626, 100), 0.005, 1e-5);
	ck_assert_double_eq_tol(vr_student_quantile(0.025, 10), 2.228, 1e-3);
}
END_TEST

START_TEST(false_discoveries_are_counted)
{
	/* the example of Benjamini and Hochberg (1995): four are rejected at 5 % */
	double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
		      0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
	size_t rejected = 0;

	vr_fdr_adjust(p, 15);
	for (size_t i = 0; i < 15; i++)
		rejected += p[i] <= 0.05;
	ck_assert_uint_eq(rejected, 4);
	ck_assert_double_eq_tol(p[3], 0.0095 * 15 / 4, 1e-9);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, scenarios_get_their_verdict, 0,
			    (int)(sizeof(scenario) / sizeof(scenario[0])));
	tcase_add_test(tests, wandering_heaps_raise_no_alarm);
	tcase_add_test(tests, p_is_honest);
	tcase_add_test(tests, few_readings_are_too_few);
	tcase_add_test(tests, iterations_need_less);
	tcase_add_test(tests, verdicts_say_why);
	tcase_add_test(tests, readings_need_not_be_even);
	tcase_add_test(tests, few_steps_say_how_many_more);
	tcase_add_test(tests, student_is_as_tabulated);
	tcase_add_test(tests, false_discoveries_are_counted);
}

int main(void)
{
	return check_main("growth", cases);
}
