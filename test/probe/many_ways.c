/* A bit of everything that a profiler has a hand in: threads that allocate and wait for
 * each other, a plugin, a child that allocates and ends, output through stdio.
 * many_ways PLUGIN */
#include "probe.h"
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *work(void *arg)
{
	(void)arg;
	for (int i = 0; i < 1000; i++) {
		char *text = opaque(malloc((size_t)(i % 90) * 500 + 1));

		text[0] = 1;
		pthread_mutex_lock(&mutex);
		sum += text[0];
		pthread_mutex_unlock(&mutex);
		free(opaque(realloc(text, 40)));
	}
	return NULL;
}

static int child(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		work(NULL);
		exit((int)(sum % 100) + 3);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

int main(int argc, char **argv)
{
	pthread_t thread[3];
	void *plugin = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	int started = 0;

	printf("plugin: %d\n", plugin && dlsym(plugin, "plugin_work"));
	for (int i = 0; i < 3; i++)
		started += pthread_create(&thread[i], NULL, work, NULL) == 0;
	for (int i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	if (plugin)
		printf("closed: %d\n", dlclose(plugin));
	printf("threads: %d, sum: %ld\n", started, sum);
	fflush(stdout);
	printf("child: %d\n", child());
	return 7;
}
