/* Growth verdicts on made-up heaps of many kinds, lengths, rates and block sizes:
 * what grows without bound is found, what has a bound is not taken for it.
 * GROWTH_FIGURES=SEEDS prints the table of docs/decisions/growth.md. */
#include <stdio.h>

#include "check_main.h"
#include "heap_growing.h"

#define SEEDS 25

/* --- bounded, or nobody could know ------------------------------------------- */

static void capped(struct run *r)
{
	double cap = r->blocks * between(0.05, 0.6);
	int who = (int)between(0, 3);

	EACH_TICK(r, i)
	{
		give_some(r, r->blocks / r->ticks);
		if ((double)r->heap->blocks > cap)
			hold(r->heap, cap, r->size, who);
	}
}

static void cache_80(struct run *r)
{
	double cap = r->blocks * between(0.6, 0.85);

	EACH_TICK(r, i)
	{
		give_some(r, r->blocks / r->ticks);
		if ((double)r->heap->blocks > cap)
			hold(r->heap, cap, r->size, 0);
	}
}

static void fill_and_stop(struct run *r)
{
	double until = between(0.1, 0.85);

	EACH_TICK(r, i) give_some(r, PART(r, i) < until ? r->blocks / r->ticks : 0);
}

static void warm_up(struct run *r)
{
	double warm = between(0.1, 0.6);

	EACH_TICK(r, i)
	{
		double chance = uniform();

		if (PART(r, i) < warm)
			give_some(r, r->blocks / r->ticks);
		else if (chance < 0.3)
			give(r->heap, 1, r->size);
		else if (chance < 0.6)
			take_youngest(r->heap, 1);
	}
}

static void ring(struct run *r)
{
	double slots = r->blocks * between(0.02, 0.3);

	EACH_TICK(r, i)
	{
		give_some(r, r->blocks / r->ticks);
		if ((double)r->heap->blocks > slots)
			hold(r->heap, slots, r->size, 0);
	}
}

/* What follows a curve from 0 to 1, in whole blocks; random arrivals, or not. */
static void follow(struct run *r, double (*curve)(double part, double how), double how)
{
	int random = uniform() < 0.5;
	double before = curve(0, how), given = 0;

	EACH_TICK(r, i)
	{
		double now = curve(PART(r, i + 1), how);

		if (random) {
			give_some(r, r->blocks * fmax(0, now - before));
		} else {
			give(r->heap, (uint64_t)fmax(0, r->blocks * now - given), r->size);
			given = fmax(given, floor(r->blocks * now));
		}
		before = now;
	}
}

static double levelling(double part, double how)
{
	return 1 - exp(-part / how);
}

static double logarithm(double part, double how)
{
	return log1p(part / how) / log1p(1 / how);
}

static double power(double part, double how)
{
	return pow(part, how);
}

static void lazy(struct run *r)
{
	follow(r, levelling, between(0.05, 0.4));
}

static void log_like(struct run *r)
{
	follow(r, logarithm, scaled(0.001, 0.1));
}

static void root_like(struct run *r)
{
	follow(r, power, between(0.4, 0.6));
}

/* Words of a vocabulary by Zipf's law, kept at first sight. */
static void vocabulary(struct run *r)
{
	static double sum[100000];
	static unsigned char seen[100000];
	size_t words = (size_t)scaled(2000, 100000);
	double s = between(0.9, 1.3), each = r->blocks * 4 / r->ticks;

	memset(seen, 0, sizeof(seen));
	for (size_t i = 0; i < words; i++)
		sum[i] = (i ? sum[i - 1] : 0) + pow((double)(i + 1), -s);
	EACH_TICK(r, i) for (uint64_t n = poisson(each); n; n--)
	{
		double at = uniform() * sum[words - 1];
		size_t low = 0, high = words - 1;

		while (low < high) {
			size_t middle = (low + high) / 2;

			if (sum[middle] < at)
				low = middle + 1;
			else
				high = middle;
		}
		if (!seen[low])
			give(r->heap, 1, r->size);
		seen[low] = 1;
	}
}

/* One block that gets larger and larger as it fills, linearly. */
static void doubling(struct run *r)
{
	double factor = uniform() < 0.5 ? 2 : between(1.5, 2), room = scaled(8, 64);

	EACH_TICK(r, i)
	for (int new = !i; new || r->blocks *PART(r, i) > room; new = 0) {
		room *= new ? 1 : factor;
		take_oldest(r->heap, 1);
		give(r->heap, 1, room * 64);
	}
}

static void teeth(struct run *r)
{
	double n = between(2.2, 30), high = r->blocks * between(0.02, 0.5), before = 0;

	EACH_TICK(r, i)
	{
		double in = PART(r, i) * n - floor(PART(r, i) * n);

		if (in < before)
			take_youngest(r->heap, r->heap->blocks);
		hold(r->heap, high * in, r->size, 1);
		before = in;
	}
}

static void day_curve(struct run *r)
{
	double days = scaled(1.2, 20), phase = between(0, 7), swing = between(0.2, 0.9);
	int who = (int)between(0, 3);

	EACH_TICK(r, i)
	hold(r->heap,
	     r->blocks * 0.05 * (1 + swing * sin(phase + 2 * M_PI * days * PART(r, i))) +
		 0.3 * sqrt(r->blocks) * uniform(),
	     r->size, who);
}

static void random_walk(struct run *r)
{
	double x = r->blocks * 0.1, move = r->blocks * 0.01 / sqrt(r->ticks);
	int who = (int)between(0, 3);

	EACH_TICK(r, i) hold(r->heap, x += move * normal(), r->size, who);
}

static void wander(struct run *r)
{
	double keep = 1 - scaled(1, 100) / r->ticks, x = normal() / sqrt(1 - keep * keep);
	double wide = r->blocks * 0.02 * sqrt(1 - keep * keep);
	int who = (int)between(0, 3);

	EACH_TICK(r, i)
	{
		x = keep * x + normal();
		hold(r->heap, r->blocks * 0.1 + wide * x, r->size, who);
	}
}

static void busy_queue(struct run *r)
{
	double rate = scaled(5, 500), load = between(0.8, 0.99);

	EACH_TICK(r, i)
	{
		give(r->heap, poisson(rate), r->size);
		take_oldest(r->heap, poisson(rate / load));
	}
}

/* More and more traffic, each message held for a fixed time. */
static void more_traffic(struct run *r)
{
	double rate = r->blocks / r->ticks * 5, held = r->ticks * between(0.01, 0.1);

	EACH_TICK(r, i)
	{
		give_some(r, rate * (0.2 + PART(r, i)));
		expire(r->heap, held);
	}
}

static void kept_for_a_time(struct run *r)
{
	double held = r->ticks * between(0.05, 0.5);

	EACH_TICK(r, i)
	{
		give_some(r, r->blocks / r->ticks);
		expire(r->heap, held);
	}
}

static void few_steps_stop(struct run *r)
{
	double until = between(0.4, 0.75), n = between(10, 60), next = 0;

	EACH_TICK(r, i)
	for (; next < n * PART(r, i + 1) && PART(r, i) < until; next++)
		give(r->heap, 1, 30000 + r->size);
}

static void sparser_steps(struct run *r)
{
	double n = between(8, 40), how = scaled(0.02, 0.2);

	EACH_TICK(r, i)
	while ((double)r->heap->blocks < n * logarithm(PART(r, i + 1), how))
		give(r->heap, 1, 30000 + r->size);
}

/* Sessions that come and go; a pool keeps as many as there ever were at once. */
static void pool(struct run *r)
{
	double rate = scaled(0.5, 20), held = between(20, 200), most = 0, now = 0;

	EACH_TICK(r, i)
	{
		now += (double)poisson(rate) - (double)poisson(now / held);
		now = fmax(now, 0);
		most = fmax(most, now);
		hold(r->heap, most, 2000 + r->size, 1);
	}
}

static const struct {
	const char *name;
	void (*run)(struct run *);
	int grows;
	unsigned percent; /* at least so many found, or at most so many called growing */
} kind[] = {
    {"map", map, 1, 90},
    {"regular", regular, 1, 90},
    {"tooth", tooth, 1, 90},
    {"backlog", backlog, 1, 90},
    {"backlog, random", backlog_random, 1, 80},
    {"backlog, batches", backlog_batches, 1, 80},
    {"steps, regular", steps_regular, 1, 90},
    {"steps, jitter", steps_jitter, 1, 80},
    {"steps, random", steps_random, 1, 50},
    {"steps, groups", steps_groups, 1, 80},
    {"burst, then leak", burst_then_leak, 1, 90},
    {"leak by day", leak_by_day, 1, 50},
    {"faster", faster, 1, 80},
    {"late start", late_start, 1, 80},
    {"some stay", some_stay, 1, 80},
    {"capped", capped, 0, 4},
    {"cache 60-85 %", cache_80, 0, 4},
    {"fill and stop", fill_and_stop, 0, 4},
    {"warm-up", warm_up, 0, 4},
    {"ring", ring, 0, 4},
    {"lazy", lazy, 0, 4},
    {"log-like", log_like, 0, 4},
    {"root-like", root_like, 0, 4},
    {"vocabulary", vocabulary, 0, 8},
    {"doubling", doubling, 0, 4},
    {"teeth", teeth, 0, 4},
    {"day curve", day_curve, 0, 4},
    {"random walk", random_walk, 0, 4},
    {"wander", wander, 0, 4},
    {"busy queue", busy_queue, 0, 4},
    {"more traffic", more_traffic, 0, 4},
    {"kept for a time", kept_for_a_time, 0, 4},
    {"steps that stop", few_steps_stop, 0, 4},
    {"sparser steps", sparser_steps, 0, 4},
    {"pool", pool, 0, 4},
};
#define KINDS (sizeof(kind) / sizeof(kind[0]))

static enum vr_growth_verdict judge(size_t k, unsigned seed)
{
	static struct heap heap;
	struct run r = {.heap = &heap};
	struct vr_growth_site site;

	random_seed(seed * 997 + (unsigned)k * 31);
	memset(&heap, 0, sizeof(heap));
	r.ticks = (unsigned)scaled(100, 10000);
	r.blocks = scaled(300, 30000);
	r.size = floor(scaled(32, 2000));
	kind[k].run(&r);
	heap_examine(&heap, &site);
	vr_growth_conclude(&site, 1);
	return site.verdict;
}

START_TEST(kinds_get_their_verdict)
{
	unsigned seeds = SEEDS, count[VR_GROWTH_COUNT] = {0}, growing;
	const char *figures = getenv("GROWTH_FIGURES");

	if (figures)
		seeds = (unsigned)atoi(figures);
	for (unsigned s = 0; s < seeds; s++)
		count[judge((size_t)_i, s)]++;
	growing = count[VR_GROWTH_GROWING];
	if (figures) {
		fprintf(stderr, "%-17s %-7s", kind[_i].name, kind[_i].grows ? "grows" : "bounded");
		for (int v = 0; v < VR_GROWTH_COUNT; v++)
			if (count[v])
				fprintf(stderr, " %s %u", vr_growth_name((enum vr_growth_verdict)v),
					count[v]);
		fputc('\n', stderr);
	}
	if (kind[_i].grows)
		ck_assert_uint_ge(growing * 100, kind[_i].percent * seeds);
	else
		ck_assert_uint_le(growing * 100, kind[_i].percent * seeds);
}
END_TEST

static void cases(TCase *tests)
{
	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, kinds_get_their_verdict, 0, (int)KINDS);
}

int main(void)
{
	return check_main("growth_kinds", cases);
}
