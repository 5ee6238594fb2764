/* A process and three children, each with its own share of CPU time and its own blocks.
 * Process n (0: the parent) burns 100 * (n + 1) ms in `burn`, and plants at one place
 * 10 * (n + 1) blocks of 100 bytes that stay in use, and at another n lost ones of 50.
 * Prints "pid N burnt NS" of each, NS by its thread's CPU clock.
 *
 * process_tree [COMMAND...]: the parent executes COMMAND when its children are done. */
#include "probe.h"
#include <sys/wait.h>

static void *volatile kept[4][40];

__attribute__((noinline)) static void plant(int n)
{
	for (int i = 0; i < 10 * (n + 1); i++)
		kept[n][i] = opaque(malloc(100));
}

__attribute__((noinline)) static void lose(int n)
{
	for (int i = 0; i < n; i++)
		opaque(malloc(50));
}

__attribute__((noinline)) static void burn(unsigned ms)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ms * 1000000ull;
	volatile unsigned x = 1;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		for (int i = 0; i < 20000; i++)
			x = x * 1664525u + 1013904223u;
}

static void work(int n)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	plant(n);
	lose(n);
	burn(100u * (unsigned)(n + 1));
	say("pid %d burnt %llu\n", (int)getpid(),
	    (unsigned long long)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - before));
}

int main(int argc, char **argv)
{
	for (int n = 1; n <= 3; n++) {
		pid_t child = fork();

		if (child < 0)
			DIE("fork");
		if (child == 0) {
			work(n);
			exit(n);
		}
	}
	work(0);
	while (wait(NULL) > 0)
		;
	if (argc > 1) {
		execvp(argv[1], argv + 1);
		DIE("%s", argv[1]);
	}
	return 0;
}
