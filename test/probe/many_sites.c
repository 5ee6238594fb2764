/* Keeps N threads busy for S seconds over varied stacks and allocates all the
 * while, to write more events than a small ring holds.
 * many_sites THREADS SECONDS: the books of the work alone (pthread_create's
 * own are in a run of 0 seconds). */
#include "probe.h"
#include <pthread.h>

static double seconds;
static unsigned long total;

__attribute__((noinline)) static unsigned fan(unsigned path, int depth)
{
	volatile unsigned x = path;

	if (depth == 0) {
		for (int i = 0; i < 300; i++)
			x = x * 1664525u + 1013904223u;
		free(opaque(malloc(path % 500)));
		return x;
	}
	if (path & 1)
		x = fan(path >> 1, depth - 1);
	else
		x += fan(path >> 1, depth - 1);
	return x;
}

static void *work(void *arg)
{
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * 1e9);
	unsigned long n = 0;

	while (clock_ns(CLOCK_MONOTONIC) < end)
		for (int i = 0; i < 100; i++, n++)
			fan((unsigned)n, 8);
	__atomic_fetch_add(&total, n, __ATOMIC_RELAXED);
	return arg;
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 2;
	pthread_t id[64];

	seconds = argc > 2 ? atof(argv[2]) : 1;
	for (int i = 0; i < threads; i++)
		pthread_create(&id[i], NULL, work, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	say("{\"allocs\":%lu,\"frees\":%lu}\n", total, total);
	return 0;
}
