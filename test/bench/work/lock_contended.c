/* Threads that want the same mutex again and again.
 *
 *   lock_contended [THREADS] [TURNS]
 *
 * Each holds it for some 200 ns and does something else for twice as long, so that it is
 * mostly wanted and the waits are short and many. Prints the nanoseconds a turn, of all threads
 * together. */
#include "bench.h"

#include <pthread.h>

#define INSIDE	100
#define OUTSIDE 200
#define MOST	64
#define WARM_UP 10 /* a part of the turns */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begin;
static long turns;
static uint64_t shared;

static void work(uint64_t *state, int count)
{
	for (int i = 0; i < count; i++)
		*state = *state * 6364136223846793005u + 1442695040888963407u;
}

static void some(uint64_t *own, long count)
{
	for (long i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		work(&shared, INSIDE);
		pthread_mutex_unlock(&mutex);
		work(own, OUTSIDE);
	}
}

static void *run(void *arg)
{
	uint64_t own = (uint64_t)(uintptr_t)arg;

	some(&own, turns / WARM_UP);
	pthread_barrier_wait(&begin);
	some(&own, turns);
	pthread_barrier_wait(&begin);
	return (void *)(uintptr_t)own;
}

int main(int argc, char **argv)
{
	long threads = bench_arg(argc, argv, 1, 2);
	pthread_t id[MOST];
	double from;

	turns = bench_arg(argc, argv, 2, 1000000);
	if (threads < 1 || threads > MOST || turns < 1 ||
	    pthread_barrier_init(&begin, NULL, (unsigned)threads + 1))
		return 1;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&id[i], NULL, run, NULL))
			return 1;
	pthread_barrier_wait(&begin);
	from = bench_now();
	pthread_barrier_wait(&begin);
	printf("%.3f\n", (bench_now() - from) / (double)(threads * turns));
	for (long i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	return 0;
}
