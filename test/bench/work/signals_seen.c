/* How many signals reach a program that sends itself none.
 *
 *   signals_seen MILLISECONDS
 *
 * Prints: signals delivered, system calls that were interrupted, signals that
 * had a handler before main.  Two threads compute, one sleeps in epoll_wait,
 * which no SA_RESTART resumes. */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

static volatile sig_atomic_t stop;
static unsigned long delivered, interrupted;

static void count(int number)
{
	(void)number;
	__atomic_fetch_add(&delivered, 1, __ATOMIC_RELAXED);
}

static void *compute(void *arg)
{
	volatile uint64_t *x = arg;

	while (!stop)
		*x = *x * 2862933555777941757u + 3037000493u;
	return NULL;
}

static void *wait_often(void *arg)
{
	struct epoll_event event;
	int set = epoll_create1(0);

	(void)arg;
	while (!stop)
		if (epoll_wait(set, &event, 1, 5) < 0 && errno == EINTR)
			interrupted++;
	return NULL;
}

/* How many signals have a handler: the bits of SigCgt in /proc/self/status, but
 * for the two that glibc keeps to itself. */
static int handled(void)
{
	unsigned long bits = 0;
	char line[256];
	FILE *file = fopen("/proc/self/status", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "SigCgt: %lx", &bits) == 1)
			break;
	if (file)
		fclose(file);
	return __builtin_popcountl(bits & ~(3ul << 31));
}

int main(int argc, char **argv)
{
	long ms = bench_arg(argc, argv, 1, 1000);
	struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
	int before = handled();
	uint64_t x[2] = {1, 2};
	pthread_t id[3];
	double end = bench_now() + (double)ms * 1e6;

	for (int number = 1; number <= SIGRTMAX; number++)
		if (number != SIGINT && number != SIGTERM && number != SIGSEGV)
			sigaction(number, &action, NULL);
	pthread_create(&id[0], NULL, compute, &x[0]);
	pthread_create(&id[1], NULL, compute, &x[1]);
	pthread_create(&id[2], NULL, wait_often, NULL);
	while (bench_now() < end) {
		struct timespec nap = {0, 20000000};

		if (nanosleep(&nap, NULL) < 0 && errno == EINTR)
			__atomic_fetch_add(&interrupted, 1, __ATOMIC_RELAXED);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(id[i], NULL);
	printf("%lu %lu %d\n", delivered, interrupted, before);
	return 0;
}
