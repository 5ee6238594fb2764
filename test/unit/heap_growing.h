/* Programs whose heap grows without bound, for test_growth_kinds.c. */
#ifndef HEAP_GROWING_H
#define HEAP_GROWING_H

#include "heap_kinds.h"

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
static inline double some_size(const struct run *r)
{
	return r->size * (r->size > 300 ? between(0.5, 1.5) : 1);
}

static inline void give_some(struct run *r, double mean)
{
	give(r->heap, poisson(mean), some_size(r));
}

static inline void map(struct run *r)
{
	EACH_TICK(r, i) give_some(r, r->blocks / r->ticks);
}

static inline void regular(struct run *r)
{
	double due = uniform(), n = scaled(30, 2000);

	EACH_TICK(r, i) for (; due < n * PART(r, i + 1); due++) give(r->heap, 1, 500 + r->size);
}

static inline void tooth(struct run *r)
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
static inline void queue(struct run *r, double rate, double slower, int random)
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

static inline void backlog(struct run *r)
{
	queue(r, scaled(20, 3000), scaled(0.02, 0.5), 0);
}

static inline void backlog_random(struct run *r)
{
	double slower = scaled(0.05, 0.5);

	/* what is gained in the run must stand out of the noise */
	queue(r, fmax(scaled(20, 3000), 800 / (slower * slower * r->ticks)), slower, 1);
}

/* The consumer stands still at times, or takes whole batches. */
static inline void backlog_batches(struct run *r)
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

static inline void steps(struct run *r, double n, double jitter)
{
	double next = uniform();

	EACH_TICK(r, i)
	for (; next < n * PART(r, i + 1);
	     next += jitter < 0 ? -log(1 - uniform()) : 1 + jitter * (uniform() - 0.5))
		give(r->heap, 1, 30000 + r->size);
}

static inline void steps_regular(struct run *r)
{
	steps(r, between(12.4, 40), 0);
}

static inline void steps_jitter(struct run *r)
{
	steps(r, between(13, 40), 0.8);
}

static inline void steps_random(struct run *r)
{
	steps(r, between(40, 120), -1);
}

/* A connection of three blocks, the largest of which differs. */
static inline void steps_groups(struct run *r)
{
	double n = between(13, 40), next = uniform();

	EACH_TICK(r, i)
	for (; next < n * PART(r, i + 1); next++) {
		give(r->heap, 2, 400);
		give(r->heap, 1, between(8000, 24000));
	}
}

static inline void burst_then_leak(struct run *r)
{
	EACH_TICK(r, i)
	{
		give_some(r, r->blocks / r->ticks);
		if (i == r->ticks / 50)
			give(r->heap, (uint64_t)(r->blocks * between(0.1, 2)), r->size);
	}
}

static inline void leak_by_day(struct run *r)
{
	double days = between(4, 20), swing = between(0.2, 0.8), phase = between(0, 7);

	EACH_TICK(r, i)
	give_some(r,
		  r->blocks / r->ticks * (1 + swing * sin(phase + 2 * M_PI * days * PART(r, i))));
}

static inline void faster(struct run *r)
{
	EACH_TICK(r, i) give_some(r, r->blocks / r->ticks * 2 * PART(r, i));
}

static inline void late_start(struct run *r)
{
	double from = between(0.05, 0.3);

	EACH_TICK(r, i) give_some(r, PART(r, i) < from ? 0 : r->blocks / r->ticks);
}

/* Of many messages some stay. */
static inline void some_stay(struct run *r)
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

#endif
