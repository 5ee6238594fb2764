/* Blocks of 16 to 8,192 bytes that come and go in a live window of 1,000.
 *
 *   live_window DEPTH THREADS OPERATIONS
 *
 * In each operation a thread walks down one of 500 call paths and puts a new block in place of
 * one anywhere in the window, which it frees: with more threads than one that is most often
 * a block of another.  One operation in ten resizes the block instead, one in ten
 * wants zeroed memory.  Sizes, paths and places are drawn from the seed.
 *
 * Prints nanoseconds an operation (wall time of the slowest thread, divided by its operations),
 * then p50, p99 and p99.9 of one: every sixteenth is timed by itself. */
#include "bench.h"
#include "paths.h"

#include <pthread.h>
#include <string.h>

#define WINDOW	    1000
#define TIMED_EVERY 16

struct worker {
	struct walk walk; /* first: the work gets a pointer to it */
	pthread_t id;
	uint64_t random;
	double ns, *timed;
	size_t timed_count;
};

static void *window[WINDOW];
static long operations;
static pthread_barrier_t start;

static void *take(uint64_t place)
{
	return __atomic_exchange_n(&window[place], NULL, __ATOMIC_ACQ_REL);
}

static void put(uint64_t place, void *block)
{
	if (!block)
		abort();
	*(volatile char *)block = 1;
	free(__atomic_exchange_n(&window[place], block, __ATOMIC_ACQ_REL));
}

static void operate(struct walk *walk)
{
	struct worker *worker = (struct worker *)walk;
	size_t bytes = bench_size(&worker->random, 16, 8192);
	uint64_t random = bench_random(&worker->random), place = random % WINDOW;

	switch (random >> 32 & 1023) {
	case 0 ... 101:
		put(place, realloc(take(place), bytes));
		break;
	case 102 ... 203:
		put(place, calloc(1, bytes));
		break;
	default:
		put(place, malloc(bytes));
	}
	__asm__ volatile("" : : : "memory"); /* no tail calls */
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	double from = 0, before = 0;
	int timed;

	/* One call for all, timed or not and those ahead: another one would be another path. */
	for (long i = -(long)PATHS; i < operations; i++) {
		if (i == 0) {
			pthread_barrier_wait(&start);
			from = bench_now();
		}
		worker->walk.path = i < 0 ? (uint32_t)(-i - 1) : path_random(&worker->random);
		timed = i >= 0 && i % TIMED_EVERY == 0;
		if (timed)
			before = bench_now();
		__asm__ volatile("" : "+r"(timed));
		path_walk(&worker->walk);
		__asm__ volatile("" : "+r"(timed));
		if (timed)
			worker->timed[worker->timed_count++] = bench_now() - before;
	}
	worker->ns = (bench_now() - from) / (double)operations;
	return NULL;
}

int main(int argc, char **argv)
{
	int depth = (int)bench_arg(argc, argv, 1, 20);
	long threads = bench_arg(argc, argv, 2, 1);
	struct worker worker[64] = {0};
	uint64_t random = bench_seed();
	double slowest = 0, *timed;
	size_t each, count = 0;

	operations = bench_arg(argc, argv, 3, 1000000);
	if (threads < 1 || threads > 64 || depth < 6 || operations < 1)
		return 1;
	each = (size_t)operations / TIMED_EVERY + 1;
	timed = calloc(each * (size_t)threads, sizeof(*timed));
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	for (long i = 0; i < threads; i++) {
		/* thread start, run, operate and put are frames too */
		worker[i] = (struct worker){.walk = {0, depth - 4, operate},
					    .random = bench_random(&random),
					    .timed = timed + (size_t)i * each};
		pthread_create(&worker[i].id, NULL, run, &worker[i]);
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(worker[i].id, NULL);
		slowest = worker[i].ns > slowest ? worker[i].ns : slowest;
		memmove(timed + count, worker[i].timed, worker[i].timed_count * sizeof(*timed));
		count += worker[i].timed_count;
	}
	printf("%.2f ", slowest);
	bench_print_tail(timed, count);
	for (int i = 0; i < WINDOW; i++)
		free(window[i]);
	free(timed);
	return 0;
}
