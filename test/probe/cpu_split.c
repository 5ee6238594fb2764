/* Splits CPU time 70:20:10 over three functions and prints, as JSON, what its
 * own thread's CPU clock says each of them got, and the thread's total by getrusage: the
 * process's would count the profiler's thread, too.
 *
 * cpu_split SECONDS free     slices of 70, 20 and 10 ms back to back
 * cpu_split SECONDS locked   1.4, 0.4 and 0.2 ms after every 4 ms tick of the
 *                            clock, which is what misleads a tick-driven timer
 * SECONDS is CPU time. */
#include "probe.h"
#include <sys/resource.h>

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

static uint64_t spent[3];

static void run(int which, uint64_t rounds)
{
	static void (*const work[3])(uint64_t) = {burn_seventy, burn_twenty, burn_ten};
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	work[which](rounds);
	spent[which] += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
}

/* Rounds of work that take a microsecond. */
static double calibrate(void)
{
	double best = 0;

	for (int i = 0; i < 20; i++) {
		uint64_t t = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		run(0, 1000000);
		t = clock_ns(CLOCK_THREAD_CPUTIME_ID) - t;
		if (1e9 / (double)t > best)
			best = 1e9 / (double)t;
	}
	return best;
}

static void wait_for_tick(void)
{
	uint64_t next = (clock_ns(CLOCK_MONOTONIC) / 4000000 + 1) * 4000000;
	struct timespec t = {(time_t)(next / 1000000000), (long)(next % 1000000000)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 5;
	int locked = argc > 2 && !strcmp(argv[2], "locked");
	static const double share[3] = {0.7, 0.2, 0.1};
	double slice_us = locked ? 2000 : 100000;
	uint64_t end = (uint64_t)(seconds * 1e9);
	double per_us = calibrate();
	struct rusage usage;

	while (spent[0] + spent[1] + spent[2] < end) {
		if (locked)
			wait_for_tick();
		for (int i = 0; i < 3; i++)
			run(i, (uint64_t)(slice_us * share[i] * per_us));
	}
	getrusage(RUSAGE_THREAD, &usage);
	say("{\"burn_seventy\":%lu,\"burn_twenty\":%lu,\"burn_ten\":%lu,\"total\":%lu}\n", spent[0],
	    spent[1], spent[2],
	    (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ul +
		(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ul);
	return 0;
}
