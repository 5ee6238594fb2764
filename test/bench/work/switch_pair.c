/* Two threads that hand a byte to and fro, and sleep in between.
 *
 *   switch_pair ROUNDS
 *
 * Both on one CPU, where each hand-over is a switch.  Prints nanoseconds a round, which is
 * two of them, and how many switches a second that was of either thread. */
#include "bench.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

static long rounds;
static int there[2], back[2];

static void *answer(void *arg)
{
	char byte;

	(void)arg;
	while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
		continue;
	return NULL;
}

static int some(long count)
{
	char byte = 0;

	for (long i = 0; i < count; i++)
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	double from, took;
	pthread_t id;
	cpu_set_t one;

	rounds = bench_arg(argc, argv, 1, 200000);
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	if (rounds < 1 || pipe(there) || pipe(back) || sched_setaffinity(0, sizeof(one), &one) ||
	    pthread_create(&id, NULL, answer, NULL))
		return 1;
	/* The library gives up telling every switch within the first ticks. */
	bench_warm(some(1000));
	from = bench_now();
	if (some(rounds))
		return 1;
	took = bench_now() - from;
	close(there[1]);
	pthread_join(id, NULL);
	printf("%.1f %.0f\n", took / (double)rounds, (double)rounds / took * 1e9);
	return 0;
}
