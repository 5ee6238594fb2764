/* The program whose records are kept here: every section of a record gets rows of which
 * the counts are known.  records.sh says how it was run. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <vprof.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *volatile kept[10], *volatile shown;

static void burn_ms(long ms)
{
	struct timespec now, start;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

/* Seven blocks of 1000 bytes. */
static __attribute__((noinline)) void lose(void)
{
	for (int i = 0; i < 7; i++) {
		shown = malloc(1000);
		memset(shown, i, 1000);
	}
	shown = NULL;
}

static __attribute__((noinline)) void forget(void)
{
	volatile char stack[8192];

	for (unsigned i = 0; i < sizeof(stack); i++)
		stack[i] = 0;
}

static void *worker(void *arg)
{
	vprof_begin("side", "worker");
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
	burn_ms(60);
	vprof_end();
	return arg;
}

int main(void)
{
	pthread_t thread;

	for (int i = 0; i < 10; i++)
		kept[i] = malloc(500);
	for (int i = 0; i < 100; i++) {
		shown = malloc(64);
		free(shown);
	}
	lose();
	forget();
	pthread_mutex_lock(&lock);
	pthread_create(&thread, NULL, worker, NULL);
	usleep(50000);
	pthread_mutex_unlock(&lock);
	vprof_begin("side", "main");
	burn_ms(100);
	vprof_end();
	for (int i = 0; i < 3; i++)
		vprof_mark("cycle");
	usleep(250000);
	pthread_join(thread, NULL);
	return 0;
}
