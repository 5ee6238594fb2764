/* A program with known phases, for start=, delay= and duration=: what it does when is said by its
 *arguments, in milliseconds since main began.
 *
 * when phases MID LATE END
 *	at once: 1000 blocks of 100 bytes, 100 ms of CPU time in burn_early
 *	at MID:   500 blocks of 200 bytes, 100 ms in burn_mid
 *	at LATE:  250 blocks of 400 bytes, 100 ms in burn_late
 *	at END: frees half of the early and 100 of the mid blocks
 * when api       10 blocks of 1000 bytes, vprof_start(), 5 of 1000, vprof_stop(), 10 of 1000
 * when fork MS   a child allocates 10 blocks of 100 bytes at once and 20 MS later, the parent
 *	7 then
 * when late MS   sleeps, then forks a child that allocates 10 blocks
 * when last [SIGNAL]  20 MiB in 40,000 blocks, of which some are lost; prints its own RSS and
 *	VMS in bytes as the last thing before it ends, or sends itself that signal
 * when grow MS   a cache that holds 20 KB more every 10 ms
 * when burn MS   so much CPU time, as JSON what it was
 * when held MS   two threads that wait for a mutex the other holds, for so long
 * when paused    in a pause: a table that stays; after it: blocks that only the table holds,
 *	and one that nothing does.  Frees half of what the pause hid */
#include "probe.h"

#include <alloca.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <vprof.h>

static uint64_t begun;
static void *early[1000], *mid[500], *late[250], *some[64];

static void until(const char *ms)
{
	uint64_t now = (clock_ns(CLOCK_MONOTONIC) - begun) / 1000000;

	if (now < (uint64_t)atol(ms))
		sleep_ms((long)((uint64_t)atol(ms) - now));
}

static __attribute__((noinline)) void burn_early(void)
{
	burn_ms(100);
}
static __attribute__((noinline)) void burn_mid(void)
{
	burn_ms(100);
}
static __attribute__((noinline)) void burn_late(void)
{
	burn_ms(100);
}

static __attribute__((noinline)) void keep(void **to, int count, size_t bytes)
{
	for (int i = 0; i < count; i++)
		to[i] = opaque(malloc(bytes));
}

static void phases(char **at)
{
	keep(early, 1000, 100);
	burn_early();
	until(at[0]);
	keep(mid, 500, 200);
	burn_mid();
	until(at[1]);
	keep(late, 250, 400);
	burn_late();
	until(at[2]);
	for (int i = 0; i < 500; i++)
		free(early[i]);
	for (int i = 0; i < 100; i++)
		free(mid[i]);
}

static void api(void)
{
	keep(some, 10, 1000);
	vprof_start();
	keep(some + 10, 5, 1000);
	vprof_stop();
	keep(some + 20, 10, 1000);
	for (int i = 0; i < 10; i++)
		free(some[i]);
}

static void forks(char **at)
{
	pid_t child = fork();

	if (child == 0) {
		keep(some, 10, 100);
		until(at[0]);
		keep(some + 10, 20, 100);
		exit(0);
	}
	until(at[0]);
	keep(some, 7, 100);
	waitpid(child, NULL, 0);
}

static void forks_late(char **at)
{
	pid_t child;

	until(at[0]);
	child = fork();
	if (child == 0) {
		keep(some, 10, 100);
		exit(0);
	}
	waitpid(child, NULL, 0);
}

static uint64_t own_bytes(int which)
{
	char text[128] = "";
	FILE *in = fopen("/proc/self/statm", "r");
	unsigned long pages[2] = {0, 0};

	if (in && fgets(text, sizeof(text), in))
		sscanf(text, "%lu %lu", &pages[0], &pages[1]);
	if (in)
		fclose(in);
	return pages[which] * 4096ull;
}

void **table; /* what is held, for the compiler too */

static void last(void)
{
	table = malloc(40000 * sizeof(*table));
	for (int i = 0; i < 40000; i++) {
		table[i] = malloc(512);
		memset(table[i], 1, 512);
		if (i % 100 == 0)
			table[i] = NULL;
	}
	sleep_ms(300);
	say("{\"rss\":%lu,\"vms\":%lu}\n", own_bytes(1), own_bytes(0));
}

static __attribute__((noinline)) void cache_more(int i)
{
	table[i] = memset(malloc(20000), 1, 20000);
}

static void grow(unsigned ms)
{
	table = calloc(ms, sizeof(*table));
	for (int i = 0; clock_ns(CLOCK_MONOTONIC) < begun + ms * 1000000ull; i++) {
		cache_more(i);
		sleep_ms(10);
	}
}

static void burn(unsigned ms)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	burn_ms(ms);
	say("{\"ns\":%lu}\n", clock_ns(CLOCK_THREAD_CPUTIME_ID) - before);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned held_ms;

static void *hold(void *arg)
{
	uint64_t end = begun + held_ms * 1000000ull;

	while (clock_ns(CLOCK_MONOTONIC) < end) {
		pthread_mutex_lock(&mutex);
		sleep_ms(2);
		pthread_mutex_unlock(&mutex);
		usleep(300); /* or the one that lets go has it again at once */
	}
	return arg;
}

static void held(unsigned ms)
{
	pthread_t other;

	held_ms = ms;
	pthread_create(&other, NULL, hold, NULL);
	hold(NULL);
	pthread_join(other, NULL);
}

static __attribute__((noinline)) void lose(void)
{
	memset(opaque(malloc(1000)), 0, 1000);
}

static void hidden(void)
{
	void **freed[20];

	vprof_stop();
	table = malloc(100 * sizeof(*table));
	for (int i = 0; i < 20; i++)
		freed[i] = malloc(300);
	vprof_start();
	lose(); /* before others, or the end of the heap would be its end */
	for (int i = 0; i < 100; i++)
		table[i] = malloc(50);
	for (int i = 0; i < 20; i++)
		free(freed[i]);
	memset(alloca(4096), 0, 4096); /* what is left below */
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	begun = clock_ns(CLOCK_MONOTONIC);
	if (!strcmp(what, "phases") && argc == 5)
		phases(argv + 2);
	else if (!strcmp(what, "api"))
		api();
	else if (!strcmp(what, "fork") && argc == 3)
		forks(argv + 2);
	else if (!strcmp(what, "late") && argc == 3)
		forks_late(argv + 2);
	else if (!strcmp(what, "last")) {
		last();
		if (argc == 3)
			raise(atoi(argv[2]));
	} else if (!strcmp(what, "grow") && argc == 3)
		grow((unsigned)atoi(argv[2]));
	else if (!strcmp(what, "burn") && argc == 3)
		burn((unsigned)atoi(argv[2]));
	else if (!strcmp(what, "held") && argc == 3)
		held((unsigned)atoi(argv[2]));
	else if (!strcmp(what, "paused"))
		hidden();
	else
		return 1;
	return 0;
}
