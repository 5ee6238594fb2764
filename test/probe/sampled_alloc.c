/* Allocates known amounts at known places, for tests of heap=sample.
 *
 * sampled_alloc SEED [DISTANCE]: four sites (16 B to 64 B, 256 B to 4 KiB,
 * 8 KiB to 64 KiB, 512 KiB to 2 MiB) by all functions, in eight threads one after
 * the other, one block of four kept.  Prints the totals, and the standard
 * deviation that sampling with that mean distance gives them.  hot_site has
 * most bytes.  Memory is not touched. */
#include "probe.h"
#include <math.h>
#include <pthread.h>

#define THREADS 8

static struct {
	double bytes, live, variance, live_variance;
	unsigned long allocs;
} total;
static double distance = 16384;
static uint64_t seed;

static uint64_t next_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 33;
}

static double variance_of(size_t size)
{
	double p = -expm1(-(double)size / distance);

	return (double)size * (double)size * (1 - p) / p;
}

static void book(size_t size, int sign)
{
	if (sign > 0) {
		total.allocs++;
		total.bytes += (double)size;
		total.variance += variance_of(size);
	}
	total.live += sign * (double)size;
	total.live_variance += sign * variance_of(size);
}

/* A block by one of the functions; realloc is one free and one allocation. */
static inline __attribute__((always_inline)) void *get(size_t *size)
{
	void *p = NULL;

	switch (next_random() % 5) {
	case 0:
		p = opaque(calloc(1, *size));
		break;
	case 1:
		if (posix_memalign(&p, 64, *size))
			_exit(97);
		p = opaque(p);
		break;
	case 2:
		p = opaque(malloc(*size));
		book(*size, 1);
		book(*size, -1);
		*size += *size / 2;
		p = opaque(realloc(p, *size));
		break;
	default:
		p = opaque(malloc(*size));
	}
	if (!p)
		_exit(96);
	book(*size, 1);
	return p;
}

static void *held[64];
static size_t held_size[64];

/* Keeps one of four for good, frees the others some time later. */
static void settle(void *p, size_t size)
{
	size_t at = next_random() % 64;

	if (next_random() % 4 == 0)
		return;
	if (held[at]) {
		book(held_size[at], -1);
		free(held[at]);
	}
	held[at] = p;
	held_size[at] = size;
}

#define SITE(name, count, least, most)                                                             \
	__attribute__((noinline)) static void name(void)                                           \
	{                                                                                          \
		for (int i = 0; i < (count) / THREADS; i++) {                                      \
			size_t size = (least) + next_random() % ((most) - (least) + 1);            \
			void *p = get(&size);                                                      \
                                                                                                   \
			settle(p, size);                                                           \
		}                                                                                  \
	}
SITE(tiny_site, 20000, 16, 64)
SITE(hot_site, 8000, 256, 4096)
SITE(middle_site, 96, 8192, 65536)
SITE(large_site, 8, 524288, 2097152)

static void *work(void *unused)
{
	tiny_site();
	hot_site();
	middle_site();
	large_site();
	return unused;
}

int main(int argc, char **argv)
{
	seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	if (argc > 2)
		distance = strtod(argv[2], NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (i == 0) {
			work(NULL);
		} else {
			if (pthread_create(&thread, NULL, work, NULL))
				DIE("pthread_create");
			pthread_join(thread, NULL);
		}
	}
	for (size_t i = 0; i < 64; i++) {
		if (held[i]) {
			book(held_size[i], -1);
			free(held[i]);
		}
	}
	say("{\"allocs\":%lu,\"bytes\":%.0f,\"live\":%.0f,\"sigma\":%.0f,\"live_sigma\":%.0f}\n",
	    total.allocs, total.bytes, total.live, sqrt(total.variance), sqrt(total.live_variance));
	return 7;
}
