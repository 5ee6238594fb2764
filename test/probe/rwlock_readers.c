/* Threads that read together, and now and then write alone, under a rwlock of each kind: whoever
 * has the lock sees two numbers that are the same. */
#include "probe.h"
#include <pthread.h>
#include <sched.h>

#define READERS	    4
#define EACH	    30000
#define WRITE_EVERY 50

static pthread_rwlock_t lock;
static uint64_t first, second;

static void *read_and_write(void *arg)
{
	intptr_t torn = 0;

	for (int i = 0; i < EACH; i++) {
		if (i % WRITE_EVERY == (int)(intptr_t)arg) {
			pthread_rwlock_wrlock(&lock);
			first++;
			if (i % 3)
				sched_yield();
			second++;
		} else {
			pthread_rwlock_rdlock(&lock);
			torn += first != second;
		}
		pthread_rwlock_unlock(&lock);
	}
	return (void *)torn;
}

int main(void)
{
	for (int kind = 0; kind < 3; kind++) {
		pthread_rwlockattr_t attr;
		pthread_t thread[READERS];
		intptr_t torn = 0;
		void *one;

		pthread_rwlockattr_init(&attr);
		pthread_rwlockattr_setkind_np(&attr, kind);
		pthread_rwlock_init(&lock, &attr);
		first = second = 0;
		for (intptr_t i = 0; i < READERS; i++)
			pthread_create(&thread[i], NULL, read_and_write, (void *)i);
		for (int i = 0; i < READERS; i++) {
			pthread_join(thread[i], &one);
			torn += (intptr_t)one;
		}
		say("kind %d: %lu writes, torn %ld, readers left %u, destroyed %d\n", kind, second,
		    (long)torn, lock.__data.__readers >> 3, pthread_rwlock_destroy(&lock));
	}
	return 0;
}
