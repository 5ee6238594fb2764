/* Uncontended pairs of lock and unlock.
 *
 *   lock_pairs mutex | read | write [PAIRS]
 *
 * In a second thread, because a process of one thread takes a shorter way. Prints the nanoseconds
 * a pair of the middle one of windows of 1,000 pairs, and of the shortest. */
#include "bench.h"

#include <pthread.h>
#include <string.h>

#define WINDOW 1000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static double *ns;
static long windows;

static void mutexes(void)
{
	for (long i = 0; i < WINDOW; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static void readers(void)
{
	for (long i = 0; i < WINDOW; i++) {
		pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
	}
}

static void writers(void)
{
	for (long i = 0; i < WINDOW; i++) {
		pthread_rwlock_wrlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
	}
}

static const struct kind {
	const char *name;
	void (*pairs)(void);
} kind[] = {{"mutex", mutexes}, {"read", readers}, {"write", writers}};
static const struct kind *chosen;

static void *run(void *arg)
{
	for (long i = 0; i < windows / 10; i++)
		chosen->pairs();
	for (long i = 0; i < windows; i++) {
		double from = bench_now();

		chosen->pairs();
		ns[i] = (bench_now() - from) / WINDOW;
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t id;
	double middle;

	for (size_t i = 0; argc > 1 && i < sizeof(kind) / sizeof(kind[0]); i++)
		if (!strcmp(kind[i].name, argv[1]))
			chosen = &kind[i];
	windows = bench_arg(argc, argv, 2, 10000000) / WINDOW;
	ns = windows > 0 ? calloc((size_t)windows, sizeof(*ns)) : NULL;
	if (!chosen || !ns || pthread_create(&id, NULL, run, NULL))
		return 1;
	pthread_join(id, NULL);
	middle = bench_median(ns, (size_t)windows);
	printf("%.3f %.3f\n", middle, ns[0]);
	free(ns);
	return 0;
}
