/* malloc/free pairs from many call paths: the workload of the heap rows of the
 * cost table.
 *
 *   malloc_pairs DEPTH THREADS PAIRS
 *
 * Each thread walks down one of 500 call paths, DEPTH frames deep, allocates a
 * burst of 8 blocks of 24 to 87 bytes and frees them, PAIRS pairs in all.
 * Every path has eight sizes of its own, as call sites in programs have;
 * heaptrack 1.4's interpreter dies of sizes drawn at random.
 * Prints nanoseconds a pair: wall time of the slowest thread, divided by its
 * pairs.  All paths are walked once before the clock starts. */
#include "bench.h"

#include <pthread.h>

#define PATHS 500u
#define BURST 8
#define BITS  9

struct walk {
	uint32_t path, random;
	int depth;
};

struct worker {
	pthread_t id;
	uint32_t seed;
	double ns;
};

static int depth;
static long pairs;
static pthread_barrier_t start;

static uint32_t next_random(struct walk *walk)
{
	walk->random ^= walk->random << 13;
	walk->random ^= walk->random >> 17;
	walk->random ^= walk->random << 5;
	return walk->random;
}

__attribute__((noinline)) static void burst(struct walk *walk)
{
	void *volatile block[BURST];

	for (unsigned i = 0; i < BURST; i++)
		block[i] = malloc(24 + (walk->path * 7 + i * 9) % 64);
	for (unsigned i = 0; i < BURST; i++)
		free(block[i]);
}

/* Call sites of their own, for stacks too shallow to make 500 paths. */
#define SITE(n)                                                                                    \
	case n:                                                                                    \
		burst(walk);                                                                       \
		__asm__ volatile("" : : "i"(n) : "memory");                                        \
		break;
#define SITES8(n)                                                                                  \
	SITE(n) SITE(n + 1) SITE(n + 2) SITE(n + 3) SITE(n + 4) SITE(n + 5) SITE(n + 6) SITE(n + 7)
#define SITES64(n)                                                                                 \
	SITES8(n)                                                                                  \
	SITES8(n + 8)                                                                              \
	SITES8(n + 16) SITES8(n + 24) SITES8(n + 32) SITES8(n + 40) SITES8(n + 48) SITES8(n + 56)

static inline void bottom(struct walk *walk)
{
	switch (walk->depth >= BITS ? 0 : walk->path >> walk->depth) {
		SITES64(0)
		SITES64(64)
	default:
		burst(walk);
	}
	__asm__ volatile("" : : : "memory"); /* no tail call */
}

__attribute__((noinline)) static void left(struct walk *walk, int level);
__attribute__((noinline)) static void right(struct walk *walk, int level);

/* The levels choose by a bit of the path, spread over the depth. */
static inline void down(struct walk *walk, int level)
{
	int bit = walk->depth >= BITS ? level * BITS / walk->depth : level;

	if (level >= walk->depth)
		bottom(walk);
	else if (walk->path >> bit & 1)
		right(walk, level + 1);
	else
		left(walk, level + 1);
	__asm__ volatile(""); /* no tail calls */
}

static void left(struct walk *walk, int level)
{
	down(walk, level);
}

static void right(struct walk *walk, int level)
{
	down(walk, level);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	/* main, run and burst are frames too. */
	struct walk walk = {0, 2463534242u + worker->seed * 7919u, depth - 3};
	double from = 0;

	/* One call site for all: the paths walked ahead are those that count. */
	for (long i = -(long)PATHS * BURST; i < pairs; i += BURST) {
		if (i == 0) {
			pthread_barrier_wait(&start);
			from = bench_now();
		}
		walk.path = i < 0 ? (uint32_t)(-i / BURST - 1) : next_random(&walk) % PATHS;
		down(&walk, 0);
	}
	worker->ns = (bench_now() - from) / (double)pairs;
	return NULL;
}

int main(int argc, char **argv)
{
	long threads = bench_arg(argc, argv, 2, 1);
	struct worker worker[64] = {0};
	double slowest = 0;

	depth = (int)bench_arg(argc, argv, 1, 20);
	pairs = bench_arg(argc, argv, 3, 4000000);
	if (threads < 1 || threads > 64 || depth < 5 || pairs < 1)
		return 1;
	pthread_barrier_init(&start, NULL, (unsigned)threads);
	for (long i = 0; i < threads; i++) {
		worker[i].seed = (uint32_t)i;
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
