/* What the workloads of `make bench` share: a clock and the middle of many. */
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

static inline long bench_arg(int argc, char **argv, int which, long fallback)
{
	return argc > which ? atol(argv[which]) : fallback;
}

#endif
