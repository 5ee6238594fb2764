/* Growth verdicts on made-up heaps of many kinds, lengths, rates and block sizes:
 * what grows without bound is found, what has a bound is not taken for it.
 * GROWTH_FIGURES=SEEDS prints the table of docs/decisions/growth.md. */
#include <stdio.h>

#include "check_main.h"
#include "heap_kinds.h"

#define SEEDS 25

/* What a program does over so many ticks, with about so many blocks of that size. */
struct run {
	struct heap *heap;
	unsigned ticks;
	double blocks, size;
};

#define EACH_TICK(r, i) for (unsigned i = 0; i < (r)->ticks; i++, tick((r)->heap))
/* 0 to 1 over the run */
#define PART(r, i) ((double)(i) / (double)(r)->ticks)

/* Sizes that differ, or not. */
static double some_size(const struct run *r)
{
	return r->size * (r->size > 300 ? between(0.5, 1.5) : 1);
}

static void give_some(struct run *r, double mean)
{
	give(r->heap, poisson(mean), some_size(r));
}

/* --- without bound ---------------------------------------------------------- */

static void map(struct run *r)
{
	EACH_TICK(r, i) give_some(r, r->blocks / r->ticks);
}

static void regular(struct run *r)
{
	double due = uniform(), n = scaled(30, 2000);

	EACH_TICK(r, i) for (; due < n * PART(r, i + 1); due++) give(r->heap, 1, 500 + r->size);
}

static void tooth(struct run *r)
{
	double teeth = between(25, 80), stay = 1 + floor(between(0, 4)), next = 1, floor = 0;

	r->size += 500;
	EACH_TICK(r, i)
	{
		give_some(r, 4);
		for (; PART(r, i + 1) * teeth > next; next++) {
			floor += stay;
			if ((double)r->heap->blocks > floor)
				take_youngest(r->heap, r->heap->blocks - (uint64_t)floor);
		}
	}
}

/* A queue whose consumer is too slow; noise of both, or not. */
static void queue(struct run *r, double rate, double slower, int random)
{
	double made = 0, used = 0;

	EACH_TICK(r, i)
	{
		double in = rate * (i + 1) - made, out = rate * (1 - slower) * (i + 1) - used;

		give(r->heap, random ? poisson(rate) : (uint64_t)in, r->size);
		made += floor(in);
		take_oldest(r->heap, random ? poisson(rate * (1 - slower)) : (uint64_t)out);
		used += floor(out);
	}
}

static void backlog(struct run *r)
{
	queue(r, scaled(20, 3000), scaled(0.02, 0.5), 0);
}

static void backlog_random(struct run *r)
{
	double slower = scaled(0.05, 0.5);

	/* what is gained in the run must stand out of the noise */
	queue(r, fmax(scaled(20, 3000), 800 / (slower * slower * r->ticks)), slower, 1);
}

/* The consumer stands still at times, or takes whole batches. */
static void backlog_batches(struct run *r)
{
	double rate = scaled(20, 2000), slower = scaled(0.05, 0.3), every = 2 + between(0, 8);

	EACH_TICK(r, i)
	{
		give_some(r, rate);
		if (i % (unsigned)every == 0)
			take_oldest(r->heap,
				    (uint64_t)(rate * (1 - slower) * floor(every) + uniform()));
	}
}

static void steps(struct run *r, double n, double jitter)
{
	double next = uniform();

	EACH_TICK(r, i)
	for (; next < n * PART(r, i + 1);
	     next += jitter < 0 ? -log(1 - uniform()) : 1 + jitter * (uniform() - 0.5))
		give(r->heap, 1, 30000 + r->size);
}

static void steps_regular(struct run *r)
{
	steps(r, between(12.4, 40), 0);
}

static void steps_jitter(struct run *r)
{
	steps(r, between(13, 40), 0.8);
}

static void steps_random(struct run *r)
{
	steps(r, between(40, 120), -1);
}

/* A connection of three blocks, the largest of which differs. */
static void steps_groups(struct run *r)
{
	double n = between(13, 40), next = uniform();

	EACH_TICK(r, i)
	for (; next < n * PART(r, i + 1); next++) {
		give(r->heap, 2, 400);
		give(r->heap, 1, between(8000, 24000));
	}
}

static void burst_then_leak(struct run *r)
{
	EACH_TICK(r, i)
	{
		give_some(r, r->blocks / r->ticks);
		if (i == r->ticks / 50)
			give(r->heap, (uint64_t)(r->blocks * between(0.1, 2)), r->size);
	}
}

static void leak_by_day(struct run *r)
{
	double days = between(4, 20), swing = between(0.2, 0.8), phase = between(0, 7);

	EACH_TICK(r, i)
	give_some(r,
		  r->blocks / r->ticks * (1 + swing * sin(phase + 2 * M_PI * days * PART(r, i))));
}

static void faster(struct run *r)
{
	EACH_TICK(r, i) give_some(r, r->blocks / r->ticks * 2 * PART(r, i));
}

static void late_start(struct run *r)
{
	double from = between(0.05, 0.3);

	EACH_TICK(r, i) give_some(r, PART(r, i) < from ? 0 : r->blocks / r->ticks);
}

/* Of many messages some stay. */
static void some_stay(struct run *r)
{
	double rate = r->blocks / r->ticks, much = between(5, 50);
	uint64_t flying = 0;

	EACH_TICK(r, i)
	{
		uint64_t n = poisson(rate * much), stay = poisson(rate);

		take_youngest(r->heap, flying);
		give(r->heap, stay, some_size(r));
		r->heap->now_ns++;
		give(r->heap, n, some_size(r));
		r->heap->now_ns--;
		flying = n;
	}
}

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

	heap_seed(seed * 997 + (unsigned)k * 31);
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
