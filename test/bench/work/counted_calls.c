/* Calls of a small recursive function, again and again: what it takes to count them.
 *
 *   counted_calls WINDOWS
 *
 * Built in several ways (test.mk): plain, with room for a call (-fpatchable-function-entry), and
 * with the calls of compilers that tell of functions; with -O1, as -O2 unrolls recursion.  Prints
 * nanoseconds a call, the least of so many windows of 1,973 calls, between which others may have
 * the CPU. */
#include "bench.h"

#define N     15
#define CALLS 1973 /* of fib(15) */

long fib(long n);

__attribute__((noinline)) long fib(long n)
{
	return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static volatile long sum;

int main(int argc, char **argv)
{
	long windows = bench_arg(argc, argv, 1, 2000);
	double least = 1e9;

	for (long i = 0; i < windows; i++) {
		double from = bench_now(), ns;

		sum = fib(N);
		ns = (bench_now() - from) / CALLS;
		least = ns < least ? ns : least;
	}
	printf("%.3f\n", least);
	return 0;
}
