/* Percentiles, delays and rhythms against what is known of what they are computed from, and
 * the loops and stalls of a record. */
#include <inttypes.h>
#include <math.h>

#include "model/loops.h"
#include "random.h"
#include "ring_file.h"

/* --- histograms ---------------------------------------------------------------- */

struct times {
	uint64_t *ns;
	size_t count;
	uint64_t bucket[VPROF_LOOP_BUCKETS], max_ns, sum_ns;
};

static void add_time(struct times *times, uint64_t ns)
{
	if (!(times->count & (times->count - 1)))
		times->ns = realloc(times->ns, (times->count ? 2 * times->count : 1) * sizeof(ns));
	times->ns[times->count++] = ns;
	times->bucket[vprof_histogram_bucket(ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					     VPROF_LOOP_BUCKETS)]++;
	times->max_ns = ns > times->max_ns ? ns : times->max_ns;
	times->sum_ns += ns;
}

static struct vr_histogram histogram_of(const struct times *times)
{
	return vr_histogram_of(times->bucket, VPROF_LOOP_BUCKETS, VPROF_LOOP_UNIT_BITS,
			       VPROF_LOOP_SUB_BITS, times->max_ns);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

START_TEST(buckets_have_their_ends)
{
	struct times times = {0};
	struct vr_histogram histogram = histogram_of(&times);
	uint64_t low, high, end = 0;

	for (uint32_t i = 0; i < VPROF_LOOP_BUCKETS; i++) {
		vr_histogram_ends(&histogram, i, &low, &high);
		ck_assert_uint_eq(low, end);
		ck_assert_uint_gt(high, low);
		ck_assert(low < 1024 || (double)(high - low) / (double)low <= 1.0 / 16);
		ck_assert_uint_eq(vprof_histogram_bucket(low, VPROF_LOOP_UNIT_BITS,
							 VPROF_LOOP_SUB_BITS, VPROF_LOOP_BUCKETS),
				  i);
		end = high;
	}
	ck_assert(!vr_histogram_quantile(&histogram, 0.5).known);
	ck_assert(!vr_histogram_delay(&histogram, 1000, 0.5).known);
}
END_TEST

/* Each percentile lies in the bucket of the value that has this rank. */
START_TEST(percentiles_are_ranks)
{
	static const double share[] = {0.001, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
	struct times times = {0};
	struct vr_histogram histogram;

	random_seed((unsigned)_i);
	for (size_t i = 0; i < 5000u; i++)
		add_time(&times, (uint64_t)exp(4 + 16 * uniform()));
	histogram = histogram_of(&times);
	qsort(times.ns, times.count, sizeof(*times.ns), by_value);
	for (size_t i = 0; i < sizeof(share) / sizeof(share[0]); i++) {
		size_t rank = (size_t)ceil(share[i] * (double)times.count - 1e-6);
		struct vr_quantile got = vr_histogram_quantile(&histogram, share[i]);

		ck_assert(got.known);
		ck_assert_uint_le(got.low_ns, times.ns[rank - 1]);
		ck_assert_uint_ge(got.high_ns, times.ns[rank - 1]);
		ck_assert_uint_le(got.low_ns, got.ns);
		ck_assert_uint_ge(got.high_ns, got.ns);
	}
	ck_assert_uint_eq(vr_histogram_quantile(&histogram, 1).ns, times.max_ns);
	free(times.ns);
}
END_TEST

/* --- delay of arrivals ------------------------------------------------------- */

/* Kinds of loops: the length of an iteration, and of the wait before it, in ns. */
static uint64_t iteration_ns(int kind)
{
	double u = uniform();

	switch (kind) {
	case 0: /* 1 ms, and in 1.5 % of all 20 ms: what the study reckons with */
		return u < 0.015 ? 20 * MK_MS : MK_MS;
	case 1: /* exponential of 200 us */
		return (uint64_t)(-log(1 - u) * 200e3);
	case 2: /* heavy tail: Pareto, at most 1 s */
		return (uint64_t)fmin(1e9, 20e3 / pow(1 - u, 1 / 1.5));
	default: /* 2 to 3 ms */
		return (uint64_t)(2e6 + 1e6 * u);
	}
}

/* Events come at Poisson times to a loop whose iterations are known: each waits until the one
 * that it falls into is over.  What is measured is what the histogram alone tells. */
START_TEST(arrivals_wait_as_reckoned)
{
	static const double share[] = {0.5, 0.99, 0.999};
	struct times times = {0};
	struct vr_histogram histogram;
	double *delay = calloc(2000000, sizeof(*delay)), now = 0, next = 0;
	size_t arrivals = 0;

	random_seed((unsigned)_i);
	while (arrivals < 2000000) {
		double idle = _i == 3 ? 0 : 1e6 * uniform();
		uint64_t took = iteration_ns(_i);

		for (now += idle; next < now && arrivals < 2000000; arrivals++)
			next += -log(1 - uniform()) * 20e3; /* they wait for nothing */
		add_time(&times, took);
		for (now += (double)took; next < now && arrivals < 2000000; arrivals++) {
			delay[arrivals] = now - next;
			next += -log(1 - uniform()) * 20e3;
		}
	}
	histogram = histogram_of(&times);
	for (size_t i = 0; i < arrivals; i++) /* as integers: they sort with the others */
		((uint64_t *)(void *)delay)[i] = (uint64_t)delay[i];
	qsort(delay, arrivals, sizeof(*delay), by_value);
	for (size_t i = 0; i < sizeof(share) / sizeof(share[0]); i++) {
		uint64_t seen =
		    ((uint64_t *)(void *)delay)[(size_t)ceil(share[i] * (double)arrivals) - 1];
		struct vr_quantile got = vr_histogram_delay(&histogram, (uint64_t)now, share[i]);

		ck_assert(got.known);
		ck_assert_msg(fabs((double)got.ns - (double)seen) <= 0.03 * (double)seen + 200,
			      "loop %d, share %g: %" PRIu64 " ns reckoned, %" PRIu64 " seen", _i,
			      share[i], got.ns, seen);
		ck_assert_uint_le(got.low_ns, got.ns);
		ck_assert_uint_ge(got.high_ns, got.ns);
	}
	free(delay);
	free(times.ns);
}
END_TEST

/* 15 iterations of 20 ms among 970 of 1 ms fill 23 % of the time. */
START_TEST(few_stalls_meet_many_arrivals)
{
	struct times times = {0};
	struct vr_histogram histogram;

	for (int i = 0; i < 985; i++)
		add_time(&times, i < 15 ? 20 * MK_MS : MK_MS);
	histogram = histogram_of(&times);
	ck_assert_uint_lt(vr_histogram_quantile(&histogram, 0.98).ns, 2 * MK_MS);
	ck_assert(fabs(vr_histogram_delayed(&histogram, times.sum_ns, MK_MS + MK_MS / 16) -
		       0.2224) < 0.003);
	ck_assert(fabs(vr_histogram_delayed(&histogram, times.sum_ns, 0) - 1) < 0.03);
	ck_assert(vr_histogram_delayed(&histogram, times.sum_ns, 20 * MK_MS) == 0);
	free(times.ns);
}
END_TEST

/* --- rhythm ------------------------------------------------------------------ */

#define RUN_NS (100000 * MK_MS)

static struct vr_rhythm rhythm_of(uint64_t *moment, size_t count)
{
	qsort(moment, count, sizeof(*moment), by_value);
	return vr_rhythm_of(moment, count, RUN_NS);
}

/* 7 or more on a beat of 1 s, late by up to 3 % of it; then with beats left out. */
START_TEST(a_beat_is_found)
{
	uint64_t moment[64], at = 0;
	size_t count = 7 + (size_t)_i % 50;
	struct vr_rhythm rhythm;

	random_seed((unsigned)_i);
	for (size_t i = 0; i < count; i++) {
		at += _i % 2 && i % 3 == 2 ? 2000 * MK_MS : 1000 * MK_MS;
		moment[i] = at + (uint64_t)(30e6 * uniform());
	}
	rhythm = rhythm_of(moment, count);
	ck_assert_int_eq(rhythm.kind, VR_RHYTHM_PERIODIC);
	ck_assert_msg(llabs((long long)rhythm.period_ns - 1000 * (long long)MK_MS) <
			  20 * (long long)MK_MS,
		      "%" PRIu64 " ns", rhythm.period_ns);
	ck_assert_uint_lt(rhythm.spread_ns, 40 * MK_MS);
	ck_assert(rhythm.chance < 1e-3);
}
END_TEST

/* Moments at random, in bursts, few: hardly ever called periodic. */
START_TEST(no_beat_is_invented)
{
	uint64_t moment[64];
	unsigned found = 0;

	random_seed(1);
	for (unsigned run = 0; run < 3000; run++) {
		size_t count = 3 + run % 60;

		for (size_t i = 0; i < count; i++)
			moment[i] = run % 3 == 2 && i % 4
					? moment[i - 1] + (uint64_t)(50e6 * uniform())
					: (uint64_t)((double)RUN_NS * uniform());
		found += rhythm_of(moment, count).kind == VR_RHYTHM_PERIODIC;
	}
	ck_assert_msg(found <= 6, "%u of 3000", found); /* 1e-3 each */
}
END_TEST

START_TEST(a_cluster_is_told)
{
	uint64_t moment[] = {50 * MK_MS, 60 * MK_MS, 300 * MK_MS, 301 * MK_MS};
	struct vr_rhythm rhythm = rhythm_of(moment, 4);

	ck_assert_int_eq(rhythm.kind, VR_RHYTHM_CLUSTERED);
	ck_assert_uint_eq(rhythm.from_ns, 50 * MK_MS);
	ck_assert_uint_eq(rhythm.to_ns, 301 * MK_MS);
	ck_assert_int_eq(vr_rhythm_of(moment, 2, RUN_NS).kind, VR_RHYTHM_NONE);
	ck_assert_int_eq(vr_rhythm_of(moment, 0, RUN_NS).kind, VR_RHYTHM_NONE);
	ck_assert_int_eq(vr_rhythm_of(moment, 4, 1000 * MK_MS).kind, VR_RHYTHM_NONE);
}
END_TEST

/* --- a record ------------------------------------------------------------------ */

static struct vr_profile *profile;

static struct vr_loops *load(struct vr_select select, const char *name)
{
	struct vr_err err;
	struct mkprof mk;

	vr_profile_close(profile);
	ck_assert_int_eq(mk_shape("loops", &mk), 0);
	ck_assert_int_eq(mk_write(&mk, path, 0), 0);
	ck_assert_int_eq(vr_profile_open(path, &select, NULL, &profile, &err), 0);
	mk_free(&mk);
	return vr_loops_new(profile, name);
}

static void forget_file(void)
{
	vr_profile_close(profile);
	profile = NULL;
	remove_path();
}

static const struct vr_select all = {.until_ns = UINT64_MAX, .inlines = 1};

START_TEST(loops_and_stalls_are_read)
{
	struct vr_loops *loops = load(all, NULL);
	size_t *order = vr_loops_order(loops, VR_LOOPS_STALL);
	const struct vr_loop *first = &loops->loop[order[0]];

	ck_assert_uint_eq(loops->n_loops, 3);
	ck_assert_str_eq(first->name, "app+0x2000");
	ck_assert_uint_eq(first->stalls, 14);
	ck_assert_uint_eq(first->longest_ns, 41 * MK_MS);
	ck_assert_uint_eq(first->stall_ns, 251 * MK_MS);
	ck_assert_uint_eq(first->wall_ns, 1900 * MK_MS);
	ck_assert(fabs(first->delayed - 600.0 / 1900) < 0.01);
	ck_assert_uint_eq(loops->frozen, 1);
	ck_assert_uint_eq(loops->n_stalls, 16);
	ck_assert_uint_eq(loops->n_causes, 5);
	ck_assert_ptr_null(loops->cause[0].worst->loop); /* of no loop, 1100 ms */
	ck_assert_uint_eq(loops->cause[1].stalls, 12);
	ck_assert_uint_eq(loops->cause[1].sum_ns, 206 * MK_MS);
	ck_assert_uint_eq(loops->cause[1].worst->row->duration_ns, 41 * MK_MS);
	ck_assert_int_eq(loops->cause[1].rhythm.kind, VR_RHYTHM_PERIODIC);
	for (size_t i = 0; i < loops->n_stalls; i++)
		ck_assert_uint_eq(loops->cause[loops->stall[i].cause].worst->class,
				  loops->stall[i].class);
	free(order);
	order = vr_loops_order(loops, VR_LOOPS_SPIN);
	ck_assert_str_eq(loops->loop[order[0]].name, "app+0x3000");
	free(order);
	vr_loops_free(loops);
}
END_TEST

/* The function that was on the stack nearly all the time: neither the one that ran at the look
 * nor main. */
START_TEST(a_stall_is_named_by_its_samples)
{
	static const char *const name[][2] = {{"app+0x2000", "serve"},
					      {"app+0x3000", "parse"},
					      {"app+0x1000", "loop"},
					      {"libbook.so.1+0x300", "least"}};
	struct vr_loops *loops = load(all, "*0x1000");

	ck_assert_str_eq(loops->stall[0].function.name, "libbook.so.1+0x300");
	vr_loops_free(loops);
	for (size_t i = 0; i < profile->stacks->n_functions; i++)
		for (size_t k = 0; k < sizeof(name) / sizeof(name[0]); k++)
			if (strcmp(profile->stacks->function[i].name, name[k][0]) == 0)
				profile->stacks->function[i].name = name[k][1];
	loops = vr_loops_new(profile, "loop");
	ck_assert_uint_eq(loops->n_stalls, 1);
	ck_assert_str_eq(loops->stall[0].function.name, "serve");
	vr_loops_free(loops);
}
END_TEST

START_TEST(some_are_selected)
{
	struct vr_select select = all;
	struct vr_loops *loops;

	ck_assert_ptr_null(load(all, "feed*"));
	loops = load(all, "*0x1000");
	ck_assert_uint_eq(loops->n_loops, 1);
	ck_assert_uint_eq(loops->n_stalls, 1);
	vr_loops_free(loops);
	select.thread = "main";
	loops = load(select, NULL);
	ck_assert_uint_eq(loops->n_loops, 1);
	ck_assert_uint_eq(loops->n_stalls, 14);
	vr_loops_free(loops);
	select = all;
	select.windowed = 1;
	select.since_ns = 400 * MK_MS;
	select.until_ns = 500 * MK_MS;
	loops = load(select, NULL);
	ck_assert_uint_eq(loops->n_loops, 3);
	ck_assert_uint_eq(loops->n_stalls, 2); /* fsync at 399, over at 414, and the lock */
	vr_loops_free(loops);
	select = all;
	select.module = "libbook*";
	loops = load(select, NULL);
	ck_assert_uint_eq(loops->n_loops, 1); /* of the worker */
	vr_loops_free(loops);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_checked_fixture(tests, make_path, forget_file);
	tcase_add_test(tests, buckets_have_their_ends);
	tcase_add_loop_test(tests, percentiles_are_ranks, 0, 5);
	tcase_add_loop_test(tests, arrivals_wait_as_reckoned, 0, 4);
	tcase_add_test(tests, few_stalls_meet_many_arrivals);
	tcase_add_loop_test(tests, a_beat_is_found, 0, 40);
	tcase_add_test(tests, no_beat_is_invented);
	tcase_add_test(tests, a_cluster_is_told);
	tcase_add_test(tests, loops_and_stalls_are_read);
	tcase_add_test(tests, a_stall_is_named_by_its_samples);
	tcase_add_test(tests, some_are_selected);
}

int main(void)
{
	return check_main("loops", cases);
}
