/* malloc/free pairs from many call paths: the workload of the heap rows of the
 * cost table.
 *
 *   malloc_pairs DEPTH THREADS PAIRS
 *
 * Each thread walks down one of 500 call paths, DEPTH frames deep, allocates a
 * burst of 8 blocks of 24 to 87 bytes and frees them, PAIRS pairs in all.
 * Prints nanoseconds a pair (wall time, per thread). */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PATHS 500u
#define BURST 8

struct walk {
	uint32_t path, random;
	int depth;
};

static int depth;
static long pairs;

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
	uint32_t r = next_random(walk);

	for (int i = 0; i < BURST; i++)
		block[i] = malloc(24 + (r >> i * 3) % 64);
	for (int i = 0; i < BURST; i++)
		free(block[i]);
}

__attribute__((noinline)) static void left(struct walk *walk, int level);
__attribute__((noinline)) static void right(struct walk *walk, int level);

/* Nine of the levels choose by a bit of the path, spread over the depth. */
static inline void down(struct walk *walk, int level)
{
	int bit = level * 9 / walk->depth;

	if (level >= walk->depth)
		burst(walk);
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
	/* main, run and burst are frames too. */
	struct walk walk = {0, 2463534242u + (uint32_t)(uintptr_t)arg * 7919u, depth - 3};

	for (long i = 0; i < pairs; i += BURST) {
		walk.path = next_random(&walk) % PATHS;
		down(&walk, 0);
	}
	return NULL;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

int main(int argc, char **argv)
{
	int threads = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t id[64];
	double start;

	depth = argc > 1 ? atoi(argv[1]) : 20;
	pairs = argc > 3 ? atol(argv[3]) : 4000000;
	start = now();
	if (threads == 1) {
		run(NULL);
	} else {
		for (long i = 0; i < threads; i++)
			pthread_create(&id[i], NULL, run, (void *)(i + 1));
		for (int i = 0; i < threads; i++)
			pthread_join(id[i], NULL);
	}
	printf("%.1f\n", (now() - start) / (double)pairs);
	return 0;
}
