/* Work that only computes, in equal pieces: what a CPU profiler adds to it.
 *
 *   burn THREADS PIECES
 *
 * Each thread does PIECES pieces of about 10 ms below 20 frames.  Prints the
 * microseconds of a piece: the median over all pieces, and the mean by the
 * slowest thread's whole time. */
#include "bench.h"

#include <pthread.h>

#define PIECE_ROUNDS 8000000u
#define PIECES_MAX   10000

struct worker {
	pthread_t id;
	double *piece, total;
};

static long pieces;
static pthread_barrier_t start;

__attribute__((noinline)) static uint64_t compute(uint64_t x)
{
	for (unsigned i = 0; i < PIECE_ROUNDS; i++)
		x = x * 6364136223846793005u + 1442695040888963407u;
	return x;
}

__attribute__((noinline)) static uint64_t below(int frames, uint64_t x)
{
	return (frames ? below(frames - 1, x) : compute(x)) + 1;
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	volatile uint64_t sink = below(20, 1);
	double from, before, now;

	pthread_barrier_wait(&start);
	from = before = bench_now();
	for (long i = 0; i < pieces; i++) {
		sink = below(20, sink);
		now = bench_now();
		worker->piece[i] = now - before;
		before = now;
	}
	worker->total = before - from;
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = bench_arg(argc, argv, 1, 1);
	struct worker worker[64] = {0};
	double *all, slowest = 0;

	pieces = bench_arg(argc, argv, 2, 100);
	if (threads < 1 || threads > 64 || pieces < 1 || pieces > PIECES_MAX)
		return 1;
	all = calloc((size_t)(threads * pieces), sizeof(*all));
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	for (long i = 0; i < threads; i++) {
		worker[i].piece = all + i * pieces;
		pthread_create(&worker[i].id, NULL, run, &worker[i]);
	}
	for (long i = 0; i < threads; i++) {
		pthread_join(worker[i].id, NULL);
		slowest = worker[i].total > slowest ? worker[i].total : slowest;
	}
	printf("%.3f %.3f\n", bench_median(all, (size_t)(threads * pieces)) / 1e3,
	       slowest / (double)pieces / 1e3);
	free(all);
	return 0;
}
