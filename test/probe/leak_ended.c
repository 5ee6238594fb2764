/* Blocks lost with the thread that held them, or below the top of its stack. */
#include "leak_thread.h"
#include <semaphore.h>

static __thread void *volatile per_thread;

static void *drop_local(void *arg)
{
	void *volatile mine = block(2100);

	mine = opaque(mine);
	return mine ? arg : NULL;
}

static void local(void)
{
	start(drop_local, NULL);
	pthread_join(thread, NULL);
}

static void *drop_tls(void *arg)
{
	per_thread = block(2101);
	return arg;
}

static void tls(void)
{
	start(drop_tls, NULL);
	pthread_join(thread, NULL);
}

static void *drop_key(void *arg)
{
	pthread_key_t key;

	pthread_key_create(&key, NULL);
	pthread_setspecific(key, block(2102));
	return arg;
}

static void key(void)
{
	start(drop_key, NULL);
	pthread_join(thread, NULL);
}

static void *ignore(void *arg)
{
	(void)arg;
	return NULL;
}

/* libc keeps descriptors of ended threads for the next ones. */
static void arguments(void)
{
	pthread_t all[100];

	for (int i = 0; i < 100; i++) {
		if (pthread_create(&all[i], NULL, ignore, block(40)))
			DIE("pthread_create");
		if (i % 2) {
			pthread_join(all[i - 1], NULL);
			pthread_join(all[i], NULL);
		}
	}
}

static void result(void)
{
	start(give, NULL);
	pthread_join(thread, NULL);
}

static void result_detached(void)
{
	int before = threads_now();

	start(give, NULL);
	pthread_detach(thread);
	await_threads(before);
}

/* Left behind below the top of a stack that is in use. */
static NOINLINE void leave_behind(size_t size)
{
	void *volatile mine[64];

	for (size_t i = 0; i < LEAK_COUNT(mine); i++)
		mine[i] = NULL;
	mine[7] = block(size);
}

static void leave_behind_deep(void)
{
	leave_behind(2110);
}

static void *stale_below(void *arg)
{
	leak_deep(leave_behind_deep);
	ready = 1;
	for (;;)
		pause();
	return arg;
}

static void below_top(void)
{
	stay(stale_below);
}

/* The holder was freed in an arena that is not main's. */
static void *free_holder(void *arg)
{
	void **holder = block(4000);

	holder[200] = block(2120);
	free(holder);
	holder = NULL;
	park();
	return arg;
}

static void in_freed(void)
{
	stay(free_holder);
}

static sem_t turn;

static void *drop_many(void *arg)
{
	for (int i = 0; i < 500; i++)
		block(32);
	sem_wait(&turn);
	return arg;
}

static void by_eight(void)
{
	pthread_t all[8];

	sem_init(&turn, 0, 0);
	for (int i = 0; i < 8; i++)
		if (pthread_create(&all[i], NULL, drop_many, NULL))
			DIE("pthread_create");
	for (int i = 0; i < 8; i++)
		sem_post(&turn);
	for (int i = 0; i < 8; i++)
		pthread_join(all[i], NULL);
}

static const struct leak_case cases[] = {
    {"local", local},	      {"tls", tls},	      {"key", key},
    {"arguments", arguments}, {"result", result},     {"result_detached", result_detached},
    {"below_top", below_top}, {"in_freed", in_freed}, {"by_eight", by_eight},
};

int main(int argc, char **argv)
{
	return leak_main(argc, argv, cases, LEAK_COUNT(cases));
}
