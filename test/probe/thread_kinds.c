/* Threads that a sampler misses easily; prints the CPU time they used.
 *
 * thread_kinds short COUNT  one after the other, each shorter than a sample, and
 *                           with one allocation
 * thread_kinds raw          made by a bare clone: no hook of libc sees it
 * thread_kinds many COUNT   all at once, with few descriptors allowed */
#include "probe.h"
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static uint64_t used;
static volatile int ended;

__attribute__((noinline)) static void burn(uint64_t ns)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ns;
	volatile uint64_t x = 1;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		for (int i = 0; i < 2000; i++)
			x = x * 3 + 1;
}

static void *short_thread(void *arg)
{
	burn(500000);
	free(opaque(malloc(10)));
	__atomic_fetch_add(&used, clock_ns(CLOCK_THREAD_CPUTIME_ID), __ATOMIC_RELAXED);
	return arg;
}

static void *long_thread(void *arg)
{
	burn(50000000);
	__atomic_fetch_add(&used, clock_ns(CLOCK_THREAD_CPUTIME_ID), __ATOMIC_RELAXED);
	return arg;
}

static int raw_thread(void *arg)
{
	(void)arg;
	burn(1500000000);
	__atomic_fetch_add(&used, clock_ns(CLOCK_THREAD_CPUTIME_ID), __ATOMIC_RELAXED);
	ended = 1;
	syscall(SYS_exit, 0);
	return 0;
}

static void many(int count)
{
	struct rlimit few = {64, 64};
	pthread_t thread[512];

	setrlimit(RLIMIT_NOFILE, &few);
	for (int i = 0; i < count; i++)
		pthread_create(&thread[i], NULL, long_thread, NULL);
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	static char stack[1 << 16] __attribute__((aligned(16)));
	const char *what = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 1;
	pthread_t thread;

	if (!strcmp(what, "raw")) {
		clone(raw_thread, stack + sizeof(stack),
		      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM,
		      NULL);
		while (!ended)
			usleep(1000);
	} else if (!strcmp(what, "many")) {
		many(count < 512 ? count : 512);
	} else {
		for (int i = 0; i < count; i++) {
			pthread_create(&thread, NULL, short_thread, NULL);
			pthread_join(thread, NULL);
		}
	}
	say("%lu\n", used);
	return 0;
}
