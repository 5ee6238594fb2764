/* Opens and closes a plugin over and over, and tells how often its function was called.
 *   trace_host alone|thread|late PLUGIN ROUNDS
 * thread: another thread is there all the time; late: one that ends before the plugin is
 * opened. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *wait_there(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : 1;
	long sum = 0;
	pthread_t thread;

	if (argc < 3)
		return 2;
	pthread_mutex_lock(&gate);
	if (strcmp(argv[1], "alone") != 0)
		pthread_create(&thread, NULL, wait_there, NULL);
	if (strcmp(argv[1], "late") == 0) {
		pthread_mutex_unlock(&gate);
		pthread_join(thread, NULL);
	}
	for (int i = 0; i < rounds; i++) {
		void *handle = dlopen(argv[2], RTLD_NOW);
		long (*work)(long) = handle ? (long (*)(long))dlsym(handle, "plugin_work") : NULL;

		if (!work) {
			puts(dlerror());
			return 1;
		}
		for (int n = 0; n < 100; n++)
			sum += work(n);
		dlclose(handle);
	}
	if (strcmp(argv[1], "thread") == 0) {
		pthread_mutex_unlock(&gate);
		pthread_join(thread, NULL);
	}
	printf("%ld\n", sum);
	return 0;
}
