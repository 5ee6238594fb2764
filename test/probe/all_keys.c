/* all_keys: takes every key there is for thread-specific data, before, between and after
 * threads, and prints how many it got; threads allocate, end, and their destructors run.
 * all_keys c11: by tss_create. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

static int destroyed;

static void destroy(void *value)
{
	free(value);
	__atomic_add_fetch(&destroyed, 1, __ATOMIC_RELAXED);
}

static int more(int c11, pthread_key_t *key)
{
	tss_t other;

	if (!c11)
		return pthread_key_create(key, destroy) == 0;
	if (tss_create(&other, destroy) != thrd_success)
		return 0;
	*key = other;
	return 1;
}

static void *use(void *arg)
{
	for (int i = 0; i < 1000; i++) {
		void *volatile p = malloc((size_t)i + 1);

		free(p);
	}
	pthread_setspecific(*(pthread_key_t *)arg, malloc(10));
	return NULL;
}

static void run_threads(pthread_key_t key)
{
	for (int i = 0; i < 20; i++) {
		pthread_t thread[4];

		for (int k = 0; k < 4; k++)
			pthread_create(&thread[k], NULL, use, &key);
		for (int k = 0; k < 4; k++)
			pthread_join(thread[k], NULL);
	}
}

int main(int argc, char **argv)
{
	int c11 = argc > 1 && strcmp(argv[1], "c11") == 0, count = 0;
	pthread_key_t first, key;

	count += more(c11, &first);
	run_threads(first);
	while (more(c11, &key))
		count++;
	run_threads(first);
	pthread_key_delete(key);
	printf("%d keys, again %d, %d destroyed\n", count, more(c11, &key), destroyed);
	return 0;
}
