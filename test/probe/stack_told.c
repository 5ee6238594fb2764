/* How much stack threads of several sizes are told that they have, by themselves and
 * by the one that started them; and whether all of it can be used. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t told(pthread_t thread, void **lo)
{
	pthread_attr_t attr;
	size_t size = 0, guard = 0;

	if (pthread_getattr_np(thread, &attr) != 0)
		return 0;
	pthread_attr_getstack(&attr, lo, &size);
	pthread_attr_getguardsize(&attr, &guard);
	pthread_attr_destroy(&attr);
	return size + guard % 4096;
}

static void *work(void *arg)
{
	void *lo;
	size_t size = told(pthread_self(), &lo);
	char *here = __builtin_frame_address(0);

	/* down to two pages above the end, as a bare program could */
	memset((char *)lo + 8192, 0, (size_t)(here - (char *)lo) > 16384 ? 4096 : 0);
	free(malloc(100));
	*(size_t *)arg = here > (char *)lo && here < (char *)lo + size ? size : 1;
	return arg;
}

int main(void)
{
	static const size_t kib[] = {16, 20, 32, 48, 60, 64, 80, 100, 124, 128, 256, 1024};

	for (unsigned i = 0; i < sizeof(kib) / sizeof(kib[0]); i++) {
		size_t inside = 0, outside;
		pthread_attr_t attr;
		pthread_t thread;
		void *lo;

		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, kib[i] << 10);
		if (pthread_create(&thread, &attr, work, &inside) != 0)
			return 1;
		outside = told(thread, &lo);
		pthread_join(thread, NULL);
		pthread_attr_destroy(&attr);
		printf("%zu KiB: %zu %zu\n", kib[i], inside, outside);
	}
	return 0;
}
