/* Uncontended lock/unlock pairs of a default mutex.
 *
 *   mutex_pairs PAIRS
 *
 * In a second thread, because a process of one thread takes a shorter way.
 * Prints nanoseconds a pair. */
#include "bench.h"

#include <pthread.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long pairs;
static double ns;

static void some(long count)
{
	for (long i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static void *run(void *arg)
{
	double from;

	(void)arg;
	some(pairs / 10);
	from = bench_now();
	some(pairs);
	ns = (bench_now() - from) / (double)pairs;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t id;

	pairs = bench_arg(argc, argv, 1, 10000000);
	if (pairs < 1)
		return 1;
	pthread_create(&id, NULL, run, NULL);
	pthread_join(id, NULL);
	printf("%.3f\n", ns);
	return 0;
}
