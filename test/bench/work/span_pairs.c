/* Spans of a name, again and again: what vprof_span_begin() and vprof_span_end() take.
 *
 *   span_pairs WINDOWS
 *
 * Prints nanoseconds a pair and, in the same program, of the two looks at the clock that a pair
 * cannot do without: each the least of so many windows of 1,000, between which others may have
 * the CPU. */
#include "bench.h"

#include <vprof.h>
#include <x86intrin.h>

#define PAIRS 1000

static double pairs(void)
{
	double from = bench_now();

	for (int i = 0; i < PAIRS; i++) {
		vprof_span_begin("decode a message", 0);
		vprof_span_end();
	}
	return (bench_now() - from) / PAIRS;
}

static volatile uint64_t looked;

static double looks(void)
{
	double from = bench_now();

	for (int i = 0; i < PAIRS; i++) {
		looked = __rdtsc();
		looked = __rdtsc();
	}
	return (bench_now() - from) / PAIRS;
}

int main(int argc, char **argv)
{
	long windows = bench_arg(argc, argv, 1, 20000);
	double pair = 1e9, look = 1e9, ns;

	/* The library asks the kernel for the time until it knows the counter. */
	for (double from = bench_now(); bench_now() - from < 5e8;)
		pairs();
	for (long i = 0; i < windows; i++) {
		ns = pairs();
		pair = ns < pair ? ns : pair;
		ns = looks();
		look = ns < look ? ns : look;
	}
	printf("%.2f %.2f\n", pair, look);
	return 0;
}
