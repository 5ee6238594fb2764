/* How many bytes of its stack a thread has used that does nothing but call the
 * functions we stand in front of: its stack is ours, and painted. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BYTES (256u << 10)
#define PAINT 0xa5

static void *work(void *arg)
{
	pthread_mutex_t *mutex = arg;

	for (int i = 1; i < 2000; i++) {
		char *one = malloc((size_t)i), *two = calloc(3, (size_t)i);

		one = realloc(one, (size_t)i * 2);
		pthread_mutex_lock(mutex);
		pthread_mutex_unlock(mutex);
		free(one);
		free(two);
	}
	return NULL;
}

int main(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	unsigned char *stack =
	    mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_attr_t attr;
	pthread_t thread;
	size_t untouched = 0;

	if (stack == MAP_FAILED)
		return 1;
	memset(stack, PAINT, BYTES);
	pthread_attr_init(&attr);
	pthread_attr_setstack(&attr, stack, BYTES);
	if (pthread_create(&thread, &attr, work, &mutex) != 0)
		return 1;
	pthread_join(thread, NULL);
	while (untouched < BYTES && stack[untouched] == PAINT)
		untouched++;
	printf("%zu\n", BYTES - untouched);
	return 0;
}
