/* Blocks are allocated in one thread and freed in its neighbour.
 * eight_threads ROUNDS: prints the allocs, frees and bytes of the work alone;
 * what pthread_create itself allocates is in the run with 0 rounds. The peak is
 * at the barrier where all threads have allocated and none has freed. */
#include "probe.h"
#include <pthread.h>

#define THREADS 8
#define BLOCKS	100
static void *block[THREADS][BLOCKS];
static pthread_barrier_t barrier;
static long rounds;

static void *work(void *arg)
{
	size_t me = (size_t)arg, neighbour = (me + 1) % THREADS;

	pthread_barrier_wait(&barrier); /* all exist, whatever the rounds */
	for (long r = 0; r < rounds; r++) {
		for (size_t i = 0; i < BLOCKS; i++)
			block[me][i] = opaque(malloc(16 + me * 100 + i));
		pthread_barrier_wait(&barrier);
		for (size_t i = 0; i < BLOCKS; i++)
			if (!(r == rounds - 1 && i == 0)) /* one a thread stays */
				free(block[neighbour][i]);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];
	unsigned long bytes = 0, live = 0, peak = 0;

	rounds = argc > 1 ? atol(argv[1]) : 100;
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, (void *)i))
			DIE("pthread_create");
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (unsigned long me = 0; me < THREADS; me++) {
		for (unsigned long i = 0; i < BLOCKS; i++)
			peak += 16 + me * 100 + i;
		live += rounds ? 16 + me * 100 : 0;
	}
	bytes = (unsigned long)rounds * peak;
	say("{\"allocs\":%ld,\"frees\":%ld,\"bytes_allocated\":%lu,\"live_blocks\":%d,"
	    "\"live_bytes\":%lu,\"peak_bytes\":%lu}\n",
	    THREADS * BLOCKS * rounds, THREADS * BLOCKS * rounds - (rounds ? THREADS : 0), bytes,
	    rounds ? THREADS : 0, live, rounds ? peak : 0);
	return 0;
}
