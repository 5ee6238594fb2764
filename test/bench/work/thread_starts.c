/* Threads that are created, allocate once and are joined.
 *
 *   thread_starts COUNT
 *
 * Prints microseconds a thread: p50, p99 and p99.9. */
#include "bench.h"

#include <pthread.h>

static void *run(void *arg)
{
	void *volatile block = malloc(100);

	free(block);
	return arg;
}

int main(int argc, char **argv)
{
	long count = bench_arg(argc, argv, 1, 5000);
	double *us = count > 0 ? calloc((size_t)count, sizeof(*us)) : NULL;
	pthread_t id;

	if (!us)
		return 1;
	for (long i = 0; i < count; i++) {
		double from = bench_now();

		if (pthread_create(&id, NULL, run, NULL))
			return 1;
		pthread_join(id, NULL);
		us[i] = (bench_now() - from) / 1e3;
	}
	bench_print_tail(us, (size_t)count);
	free(us);
	return 0;
}
