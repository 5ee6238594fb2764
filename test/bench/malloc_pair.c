/* Nanoseconds a malloc/free pair takes, as one number on stdout.
 *
 * malloc_pair DEPTH THREADS PAIRS
 *
 * Each thread makes PAIRS pairs of 24..87 bytes in bursts of 8 from below
 * DEPTH frames, over 500 different call paths. Time is wall time of the slowest
 * thread, divided by its pairs. */
#include "../probe/probe.h"
#include <pthread.h>

#define PATHS 500
static int depth;
static long pairs;

__attribute__((noinline)) static void burst(unsigned seed)
{
	void *block[8];

	for (unsigned i = 0; i < 8; i++)
		block[i] = opaque(malloc(24 + (seed + i * 7) % 64));
	for (unsigned i = 0; i < 8; i++)
		free(block[i]);
}

/* Two functions that call each other by the bits of the path. */
__attribute__((noinline)) static int left(unsigned path, int n, unsigned seed);
__attribute__((noinline)) static int right(unsigned path, int n, unsigned seed)
{
	if (n == 0) {
		burst(seed);
		return 1;
	}
	return 2 + (path & 1 ? left(path >> 1, n - 1, seed) : right(path >> 1, n - 1, seed));
}
static int left(unsigned path, int n, unsigned seed)
{
	if (n == 0) {
		burst(seed);
		return 1;
	}
	return 1 + (path & 1 ? left(path >> 1, n - 1, seed) : right(path >> 1, n - 1, seed));
}

static void *work(void *result)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC);

	for (long i = 0; i < pairs / 8; i++)
		left((unsigned)(i / 8 % PATHS), depth, (unsigned)i);
	*(double *)result = (double)(clock_ns(CLOCK_MONOTONIC) - start) / (double)pairs;
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t id[16];
	double ns[16], worst = 0;

	depth = argc > 1 ? atoi(argv[1]) : 20;
	pairs = argc > 3 ? atol(argv[3]) : 4000000;
	for (int i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, work, &ns[i]);
	for (int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	for (int i = 0; i < threads; i++)
		worst = ns[i] > worst ? ns[i] : worst;
	say("%.1f\n", worst);
	return 0;
}
