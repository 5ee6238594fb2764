/* lock_all_threads MIB: several threads lock the memory of the process at once, as an
 * ordinary user with a limit of so many MiB.  Prints how many calls said yes, and whether
 * a page of the program's was locked after each. */
#include "probe.h"
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { THREADS = 4, CALLS = 40 };

static int yes, locked;

/* Of all mappings. */
static long locked_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	}
	if (f)
		fclose(f);
	return kib;
}

static void *work(void *arg)
{
	for (int i = 0; i < CALLS; i++) {
		if (mlockall(MCL_CURRENT | (i % 2 ? MCL_ONFAULT : 0)) != 0)
			continue;
		__atomic_add_fetch(&yes, 1, __ATOMIC_RELAXED);
		/* Nobody unlocks: what was locked once stays. */
		__atomic_add_fetch(&locked, locked_kib() > 100, __ATOMIC_RELAXED);
	}
	return arg;
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	rlim_t wanted = argc > 1 ? (rlim_t)atol(argv[1]) << 20 : 8 << 20;
	pthread_t thread[THREADS];
	pthread_attr_t attr;

	getrlimit(RLIMIT_MEMLOCK, &limit);
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &limit);
	if (geteuid() == 0 && setuid(65534) != 0)
		DIE("setuid");
	/* libc's arenas for threads are 64 MiB each. */
	mallopt(M_ARENA_MAX, 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&thread[i], &attr, work, NULL))
			DIE("thread");
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	printf("yes %d, locked %d of %d\n", yes, locked, THREADS * CALLS);
	return 0;
}
