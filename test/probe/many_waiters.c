/* So many threads wait at the same time, each in calls of its own: a table of calls has a row
 * for each thread and place.
 *
 *   many_waiters THREADS */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MOST 1000

static int gate[2];
static pthread_barrier_t begun;

static void *wait_twice(void *arg)
{
	char byte;

	(void)arg;
	pthread_barrier_wait(&begun);
	return read(gate[0], &byte, 1) == 1 ? gate : NULL;
}

int main(int argc, char **argv)
{
	long threads = argc > 1 ? atol(argv[1]) : 0, released = 0;
	pthread_t id[MOST];
	void *result;

	if (threads < 1 || threads > MOST || pipe(gate) ||
	    pthread_barrier_init(&begun, NULL, (unsigned)threads + 1))
		return 2;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&id[i], NULL, wait_twice, NULL))
			return 2;
	pthread_barrier_wait(&begun);
	usleep(100000);
	for (long i = 0; i < threads; i++)
		if (write(gate[1], "x", 1) != 1)
			return 2;
	for (long i = 0; i < threads; i++) {
		pthread_join(id[i], &result);
		released += result == gate;
	}
	printf("%ld released\n", released);
	return 0;
}
