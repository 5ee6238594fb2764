/* Work for a thread of a library's own: it loses 50 blocks of 2000 bytes, and no code of
 * the program is on its stack. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static void *work(void *arg)
{
	for (int i = 0; i < 50; i++) {
		char *p = malloc(2000);

		memset(p, 1, 2000);
		__asm__ volatile("" : : "r"(p) : "memory");
	}
	return arg;
}

void pool_run(void);
void pool_run(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
}
