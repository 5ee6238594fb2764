/* malloc/free pairs from many call paths: the workload of the heap rows of the
 * cost table.
 *
 *   malloc_pairs DEPTH THREADS PAIRS
 *
 * Each thread walks down one of 500 call paths, DEPTH frames deep, allocates a
 * burst of 8 blocks of 24 to 87 bytes and frees them, PAIRS pairs in all.
 * Every path has eight sizes of its own, as call sites in programs have (which
 * ones tells the seed); heaptrack 1.4's interpreter dies of sizes drawn for each call.
 * Prints nanoseconds a pair: wall time of the slowest thread, divided by its
 * pairs.  All paths are walked once before the clock starts. */
#include "bench.h"
#include "paths.h"

#include <pthread.h>

#define BURST 8

struct worker {
	pthread_t id;
	uint64_t seed;
	double ns;
};

static int depth;
static long pairs;
static pthread_barrier_t start;
static uint16_t size[PATHS][BURST];

static void burst(struct walk *walk)
{
	void *volatile block[BURST];

	for (unsigned i = 0; i < BURST; i++)
		block[i] = malloc(size[walk->path][i]);
	for (unsigned i = 0; i < BURST; i++)
		free(block[i]);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	/* main, run and burst are frames too. */
	struct walk walk = {0, depth - 3, burst};
	uint64_t random = worker->seed;
	double from = 0;

	/* One call site for all: the paths walked ahead are those that count. */
	for (long i = -(long)PATHS * BURST; i < pairs; i += BURST) {
		if (i == 0) {
			pthread_barrier_wait(&start);
			from = bench_now();
		}
		walk.path = i < 0 ? (uint32_t)(-i / BURST - 1) : path_random(&random);
		path_walk(&walk);
	}
	worker->ns = (bench_now() - from) / (double)pairs;
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = bench_arg(argc, argv, 2, 1);
	struct worker worker[64] = {0};
	uint64_t random = bench_seed();
	double slowest = 0;

	depth = (int)bench_arg(argc, argv, 1, 20);
	pairs = bench_arg(argc, argv, 3, 4000000);
	if (threads < 1 || threads > 64 || depth < 5 || pairs < 1)
		return 1;
	for (unsigned i = 0; i < PATHS * BURST; i++)
		size[i / BURST][i % BURST] = (uint16_t)(24 + bench_random(&random) % 64);
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	for (long i = 0; i < threads; i++) {
		worker[i].seed = bench_random(&random);
		if (threads > 1)
			pthread_create(&worker[i].id, NULL, run, &worker[i]);
		else
			run(&worker[i]);
	}
	for (long i = 0; i < threads; i++) {
		if (threads > 1)
			pthread_join(worker[i].id, NULL);
		slowest = worker[i].ns > slowest ? worker[i].ns : slowest;
	}
	printf("%.2f\n", slowest);
	return 0;
}
