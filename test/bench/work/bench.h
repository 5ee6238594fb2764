/* What the workloads of `make bench` share: a clock, the middle and the tail of many
 * values, and numbers drawn from the seed of the run. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Nanoseconds of the monotonic clock. */
static inline double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* The seed of this round, by the environment.  Bare and preloaded programs of a round
 * get the same one, and so do the same work. */
static inline uint64_t bench_seed(void)
{
	const char *seed = getenv("BENCH_SEED");

	return seed ? strtoull(seed, NULL, 10) : 1;
}

/* The next number of a sequence (splitmix64); any start will do, 0 included. */
static inline uint64_t bench_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* A size from `least` to `most` bytes; every power of two between is as likely as the next, as
 * small blocks are the many in programs. */
static inline size_t bench_size(uint64_t *state, size_t least, size_t most)
{
	uint64_t random = bench_random(state);
	unsigned doublings = 0;
	size_t low, high;

	while (least << (doublings + 1) <= most)
		doublings++;
	low = doublings ? least << random % doublings : least;
	high = low * 2 < most ? low * 2 : most;
	return low + (size_t)(random >> 32) % (high - low + 1);
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The middle of `count` values, which are sorted in place. */
static inline double bench_median(double *value, size_t count)
{
	qsort(value, count, sizeof(*value), bench_compare);
	return count ? (value[(count - 1) / 2] + value[count / 2]) / 2 : 0;
}

/* Prints p50, p99 and p99.9 of `count` values, which are sorted in place. */
static inline void bench_print_tail(double *value, size_t count)
{
	double middle = bench_median(value, count);

	if (count)
		printf("%.3f %.3f %.3f\n", middle, value[(count - 1) * 99 / 100],
		       value[(count - 1) * 999 / 1000]);
}

/* Does it for half a second first, and returns 1 from main() where it fails: what the library
 * learns of a thread in its first tenths of one is no cost of a program that runs for hours. */
#define bench_warm(some)                                                                           \
	do {                                                                                       \
		double since_ = bench_now();                                                       \
                                                                                                   \
		while (bench_now() - since_ < 5e8)                                                 \
			if (some)                                                                  \
				return 1;                                                          \
	} while (0)

static inline long bench_arg(int argc, char **argv, int which, long fallback)
{
	return argc > which ? atol(argv[which]) : fallback;
}

#endif
