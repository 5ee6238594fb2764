/* Threads that want the same mutex again and again.
 *
 *   lock_contended [THREADS] [TURNS] [INSIDE] [OUTSIDE]
 *
 * Each holds it for INSIDE steps of work (1.3 ns) and does something else for OUTSIDE: what is
 * usual is 0.13 and 0.26 us, so that it is mostly wanted and the waits are short and many.  How
 * many steps it is differs from turn to turn by a half.  Two threads that always take as long
 * fall into step, and then never meet, or always: bare runs of the same program took 205 to
 * 395 ns.  Prints the nanoseconds a turn, of all threads together. */
#include "bench.h"

#include <pthread.h>

#define MOST	64
#define WARM_UP 10 /* a part of the turns */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begin;
static long turns, inside, outside;
static uint64_t shared __attribute__((aligned(64))); /* not in the mutex' line of memory */

static void work(uint64_t *state, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++)
		*state = *state * 6364136223846793005u + 1442695040888963407u;
}

static uint64_t about(uint64_t *random, long count)
{
	return (uint64_t)count / 2 + (bench_random(random) >> 32) * (uint64_t)count / (1ull << 32);
}

static void some(uint64_t *own, uint64_t *random, long count)
{
	for (long i = 0; i < count; i++) {
		uint64_t in = about(random, inside), out = about(random, outside);

		pthread_mutex_lock(&mutex);
		work(&shared, in);
		pthread_mutex_unlock(&mutex);
		work(own, out);
	}
}

static void *run(void *arg)
{
	uint64_t own = (uint64_t)(uintptr_t)arg, random = bench_seed() + own;

	some(&own, &random, turns / WARM_UP);
	pthread_barrier_wait(&begin);
	some(&own, &random, turns);
	pthread_barrier_wait(&begin);
	return (void *)(uintptr_t)own;
}

int main(int argc, char **argv)
{
	long threads = bench_arg(argc, argv, 1, 2);
	pthread_t id[MOST];
	double from;

	turns = bench_arg(argc, argv, 2, 1000000);
	inside = bench_arg(argc, argv, 3, 100);
	outside = bench_arg(argc, argv, 4, 200);
	if (threads < 1 || threads > MOST || turns < 1 || inside < 0 || outside < 0 ||
	    pthread_barrier_init(&begin, NULL, (unsigned)threads + 1))
		return 1;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&id[i], NULL, run, (void *)i))
			return 1;
	pthread_barrier_wait(&begin);
	from = bench_now();
	pthread_barrier_wait(&begin);
	printf("%.3f\n", (bench_now() - from) / (double)(threads * turns));
	for (long i = 0; i < threads; i++)
		pthread_join(id[i], NULL);
	return 0;
}
