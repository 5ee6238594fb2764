/* Allocates where programs seldom look: constructors, destructors of threads'
 * data, exit handlers, destructors of the program.
 * alloc_early_late MODE: ctor tls atexit. Books as JSON, known beforehand. */
#include "account.h"
#include <pthread.h>

static int in_ctor, in_dtor;
extern int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
extern void *__dso_handle;

__attribute__((constructor(101))) static void ctor(void)
{
	void *p = a_malloc(300);

	a_malloc(30); /* stays live */
	a_free(p);
	in_ctor = account.allocs == 2;
}

/* The books are printed before this runs; they include it. */
__attribute__((destructor)) static void dtor(void)
{
	if (in_dtor)
		free(opaque(malloc(500)));
}

static void at_exit(void)
{
	void *p = opaque(malloc(700));

	p = opaque(realloc(p, 20));
	free(p);
	(void)!malloc(11); /* stays live */
}

static void key_dtor(void *p)
{
	free(p);
	free(opaque(malloc(50)));
}

static void thread_dtor(void *p)
{
	free(p);
	free(opaque(malloc(60)));
}

static void *thread(void *arg)
{
	pthread_key_t *key = arg;

	pthread_setspecific(*key, opaque(malloc(40)));
	__cxa_thread_atexit_impl(thread_dtor, opaque(malloc(41)), &__dso_handle);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "ctor";
	pthread_key_t key;
	pthread_t id;

	if (!in_ctor)
		return 90;
	if (!strcmp(mode, "tls")) {
		/* only what `work` adds to a run without it is compared */
		int work = argc > 2 ? atoi(argv[2]) : 1;

		pthread_key_create(&key, key_dtor);
		for (int i = 0; i < work; i++) {
			pthread_create(&id, NULL, thread, &key);
			pthread_join(id, NULL);
		}
		return 0;
	}
	if (!strcmp(mode, "atexit")) {
		in_dtor = 1;
		atexit(at_exit);
		account.allocs += 4; /* malloc, realloc, the one that stays, dtor's */
		account.frees += 3;  /* realloc, free, dtor's */
		account.bytes += 700 + 20 + 11 + 500;
		account.peak_bytes = 30 + 700;
		account.live_bytes += 11;
		account.live_blocks++;
	}
	account_say();
	return 0;
}
