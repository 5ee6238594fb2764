/* Threads with the smallest stack POSIX allows allocate with 6 KiB of it used
 * and some 6 KiB left. stack_small ROUNDS: allocs of the work alone. */
#include "probe.h"
#include <limits.h>
#include <pthread.h>

static long rounds;

__attribute__((noinline)) static int work(void)
{
	volatile char used[6000];

	used[0] = 1;
	used[sizeof(used) - 1] = 1;
	for (long i = 0; i < rounds; i++) {
		void *p = opaque(malloc(100));
		p = opaque(realloc(p, 200));
		free(opaque(p));
		free(opaque(calloc(3, 30)));
	}
	return used[0];
}

static void *start(void *arg)
{
	work();
	return arg;
}

int main(int argc, char **argv)
{
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	rounds = argc > 1 ? atol(argv[1]) : 100;
	pthread_attr_init(&attr);
	error = pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN);
	for (int i = 0; i < 20 && !error; i++) {
		error = pthread_create(&thread, &attr, start, NULL);
		if (!error)
			pthread_join(thread, NULL);
	}
	fprintf(stderr, "error %d\n", error);
	say("{\"allocs\":%ld,\"frees\":%ld,\"bytes_allocated\":%ld}\n", rounds * 60, rounds * 60,
	    rounds * 20 * 390);
	return error;
}
