/* A thread that hands a byte to another and gets it back all the time, and splits its CPU time
 * 70:20:10 over three functions in between; then it burns as much without a switch.
 *
 * switch_split SECONDS
 * prints, as JSON, what its own CPU clock says each function got. */
#include "probe.h"

#include <pthread.h>

#define WORK(name, factor)                                                                         \
	__attribute__((noinline)) static void name(uint64_t rounds)                                \
	{                                                                                          \
		volatile uint64_t x = factor;                                                      \
		for (uint64_t i = 0; i < rounds; i++)                                              \
			x = x * factor + i;                                                        \
	}
WORK(burn_seventy, 6364136223846793005u)
WORK(burn_twenty, 2862933555777941757u)
WORK(burn_ten, 3202034522624059733u)
WORK(burn_calmly, 1442695040888963407u)

static int there[2], back[2];
static uint64_t spent[4];

static void run(int which, uint64_t rounds)
{
	static void (*const work[4])(uint64_t) = {burn_seventy, burn_twenty, burn_ten, burn_calmly};
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	work[which](rounds);
	spent[which] += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
}

/* Rounds of work that take a microsecond. */
static uint64_t calibrate(void)
{
	uint64_t best = ~0ull;

	for (int i = 0; i < 20; i++) {
		spent[3] = 0;
		run(3, 1000000);
		best = spent[3] < best ? spent[3] : best;
	}
	return 1000000000 / best;
}

static void *answers(void *arg)
{
	char byte;

	(void)arg;
	while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	uint64_t seconds = argc == 2 ? (uint64_t)atoi(argv[1]) : 5, until, us = calibrate();
	pthread_t other;
	char byte = 0;

	if (pipe(there) || pipe(back) || pthread_create(&other, NULL, answers, NULL))
		DIE("cannot start");
	spent[3] = 0;
	until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + seconds * 1000000000;
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until) {
		run(0, 28 * us);
		run(1, 8 * us);
		run(2, 4 * us);
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			DIE("the other does not answer");
	}
	until += 3000000000;
	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		run(3, 1000 * us);
	close(there[1]);
	pthread_join(other, NULL);
	say("{\"burn_seventy\":%lu,\"burn_twenty\":%lu,\"burn_ten\":%lu,\"burn_calmly\":%lu}\n",
	    spent[0], spent[1], spent[2], spent[3]);
	return 0;
}
