/* A program for the exports: CPU time split over two threads, over inlined and
 * recursive functions, and a heap with a known peak. Prints, as JSON, what each
 * thread's CPU clock says of each function and what each site allocated.
 *
 * export_truth MILLISECONDS   of CPU time, about */
#include "probe.h"
#include <pthread.h>

static uint64_t spent[5];
enum { FORTY, TWENTY, TEN, INLINED, RECURSE };

/* Rounds of work that take a microsecond. */
static double per_us;

#define LOOP(rounds)                                                                               \
	do {                                                                                       \
		volatile uint64_t x = 1;                                                           \
		for (uint64_t i = 0; i < (rounds); i++)                                            \
			x = x * 6364136223846793005u + i;                                          \
	} while (0)

__attribute__((noinline)) static void burn_forty(uint64_t rounds)
{
	LOOP(rounds);
}
__attribute__((noinline)) static void burn_twenty(uint64_t rounds)
{
	LOOP(rounds);
}
__attribute__((noinline)) static void burn_ten(uint64_t rounds)
{
	LOOP(rounds);
}
__attribute__((always_inline)) static inline void burn_inlined(uint64_t rounds)
{
	LOOP(rounds);
}
__attribute__((noinline)) static void holds_inlined(uint64_t rounds)
{
	burn_inlined(rounds);
}

/* even and odd call each other; a third of the work is done on the way down. */
static void odd(int depth, uint64_t rounds);
__attribute__((noinline)) static void even(int depth, uint64_t rounds)
{
	LOOP(rounds);
	if (depth)
		odd(depth - 1, rounds);
}
__attribute__((noinline)) static void odd(int depth, uint64_t rounds)
{
	LOOP(rounds * 2);
	if (depth)
		even(depth - 1, rounds);
}

static void recurse(uint64_t rounds)
{
	even(9, rounds / 15);
}

static void run(int which, void (*work)(uint64_t), double us)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	work((uint64_t)(us * per_us));
	spent[which] += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
}

static void *worker(void *arg)
{
	pthread_setname_np(pthread_self(), "worker; \"two\"");
	for (int i = 0; i < 10; i++) {
		run(TWENTY, burn_twenty, *(double *)arg * 0.2 / 10);
		run(TEN, burn_ten, *(double *)arg * 0.1 / 10);
	}
	return NULL;
}

/* The heap: sites whose totals are known. */
static void *held[64], *spike[100];

__attribute__((noinline)) static void *hold_block(void)
{
	return opaque(malloc(1000));
}
__attribute__((noinline)) static void *spike_block(size_t i)
{
	return opaque(malloc(10000 + i));
}
__attribute__((noinline)) static void temporary_block(void)
{
	free(opaque(malloc(48)));
}
/* Nothing is left of it, but other calls came between. */
__attribute__((noinline)) static void *passing_block(void)
{
	return opaque(malloc(300000));
}
__attribute__((noinline)) static void *late_block(void)
{
	return opaque(malloc(7));
}

static void use_heap(void)
{
	for (int i = 0; i < 500; i++)
		temporary_block();
	for (int i = 0; i < 3; i++) {
		void *p = passing_block();

		temporary_block();
		free(p);
	}
	for (int i = 0; i < 10; i++)
		held[i] = hold_block();
	for (size_t i = 0; i < 100; i++)
		spike[i] = spike_block(i);
	for (int i = 0; i < 100; i++)
		free(spike[i]);
	for (int i = 0; i < 4; i++)
		free(held[i]);
	for (int i = 0; i < 20; i++)
		held[10 + i] = late_block();
}

int main(int argc, char **argv)
{
	double us = argc > 1 ? atof(argv[1]) * 1000 : 1e6;
	pthread_t thread;
	uint64_t t = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	burn_forty(2000000);
	per_us = 2e6 * 1e3 / (double)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - t);
	use_heap();
	pthread_create(&thread, NULL, worker, &us);
	for (int i = 0; i < 10; i++) {
		run(FORTY, burn_forty, us * 0.4 / 10);
		run(INLINED, holds_inlined, us * 0.15 / 10);
		run(RECURSE, recurse, us * 0.15 / 10);
	}
	pthread_join(thread, NULL);
	say("{\"burn_forty\":%lu,\"burn_twenty\":%lu,\"burn_ten\":%lu,\"burn_inlined\":%lu,"
	    "\"recurse\":%lu}\n",
	    spent[FORTY], spent[TWENTY], spent[TEN], spent[INLINED], spent[RECURSE]);
	return 0;
}
