/* A plugin that waits is left by a jump out of a signal's handler, and unloaded; what was
 * known of the wait leads to memory that is gone.  The next plugin comes in its place.
 *
 *	wait_unload PLUGIN */
#include "probe.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>

static sigjmp_buf out;
static volatile int tid;
static int ends[2];
static void *plugin;

static void jumps(int sig)
{
	(void)sig;
	siglongjmp(out, 1);
}

static void *waits(void *name)
{
	long (*call)(int) = (__typeof__(call))dlsym(plugin, name);

	tid = (int)syscall(SYS_gettid);
	if (sigsetjmp(out, 1) == 0)
		say("%s came back: %ld\n", (char *)name, call(ends[0]));
	tid = 0;
	/* The thread goes on without the plugin. */
	for (int i = 0; i < 10; i++)
		poll(NULL, 0, 15);
	return NULL;
}

static void wait_until_blocked(void)
{
	char file[64], text[8];
	int asleep = 0;

	for (int i = 0; i < 100 && asleep < 3; i++) {
		FILE *status;

		sleep_ms(1);
		snprintf(file, sizeof(file), "/proc/self/task/%d/syscall", tid);
		status = fopen(file, "r");
		asleep += status && fgets(text, sizeof(text), status) && text[0] != 'r';
		if (status)
			fclose(status);
	}
}

int main(int argc, char **argv)
{
	static char *const names[] = {"plugin_reads", "plugin_polls"};
	pthread_t thread;

	if (argc < 2 || pipe(ends) != 0)
		return 2;
	signal(SIGUSR1, jumps);
	for (int round = 0; round < 6; round++) {
		plugin = dlopen(argv[1], RTLD_NOW);
		if (!plugin) {
			say("%s\n", dlerror());
			return 1;
		}
		pthread_create(&thread, NULL, waits, names[round % 2]);
		wait_until_blocked();
		if (round < 4)
			pthread_kill(thread, SIGUSR1);
		else if (write(ends[1], "12345678", 8) != 8)
			return 3;
		while (tid)
			sleep_ms(1);
		say("unloaded: %d\n", dlclose(plugin));
		pthread_join(thread, NULL);
	}
	return 0;
}
