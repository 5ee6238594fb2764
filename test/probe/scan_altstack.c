/* Handlers at work on alternate stacks while the process is searched for leaks.
 * scan_altstack SECONDS PLUGIN...    Each thread loads a plugin (plugin_work), has
 * a signal handled on a stack of its own, in which the plugin allocates, so that
 * its call path must be learned, and unloads it.  Nobody may write where the
 * handler's frame is.  Prints `done`. */
#include "probe.h"
#include "vprof.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>

#define THREADS	    3
#define STACK_BYTES (64u << 10)
#define WORDS	    64

static volatile int stop;
static __thread void *(*plugin_work)(int);

static void handler(int sig)
{
	volatile uint64_t word[WORDS];

	for (uint64_t i = 0; i < WORDS; i++)
		word[i] = i * 0x9e3779b97f4a7c15u;
	free(plugin_work(sig % 3 + 2));
	for (uint64_t i = 0; i < WORDS; i++)
		if (word[i] != i * 0x9e3779b97f4a7c15u)
			DIE("the handler's frame was overwritten");
}

static void *worker(void *arg)
{
	stack_t on = {.ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES};

	if (sigaltstack(&on, NULL))
		DIE("sigaltstack");
	while (!stop) {
		void *handle = dlopen(arg, RTLD_NOW);

		if (!handle)
			DIE("%s", dlerror());
		*(void **)&plugin_work = dlsym(handle, "plugin_work");
		raise(SIGUSR1);
		dlclose(handle);
	}
	on.ss_flags = SS_DISABLE;
	sigaltstack(&on, NULL);
	free(on.ss_sp);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
	pthread_t thread[THREADS];
	uint64_t end;

	if (argc < 2 + THREADS)
		DIE("usage");
	end = clock_ns(CLOCK_MONOTONIC) + (uint64_t)(atof(argv[1]) * 1e9);
	sigaction(SIGUSR1, &act, NULL);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, worker, argv[2 + i]))
			DIE("pthread_create");
	while (clock_ns(CLOCK_MONOTONIC) < end) {
		vprof_leak_scan();
		sleep_ms(1);
	}
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	puts("done");
	return 0;
}
