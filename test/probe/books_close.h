/* The account that a thread of books_close keeps of itself. */
#ifndef BOOKS_CLOSE_H
#define BOOKS_CLOSE_H

#include "probe.h"

#include <pthread.h>
#include <sys/prctl.h>

enum class { RUN, IDLE, PACED, BLOCKED, LOCK, PREEMPTED, FAULT, UNHOOKED, CLASSES };

static __thread struct {
	uint64_t wall_ns, cpu_ns; /* when it began */
	uint64_t ns[CLASSES];
} mine;

static uint64_t off_ns(uint64_t wall_ns, uint64_t cpu_ns)
{
	uint64_t wall = clock_ns(CLOCK_MONOTONIC) - wall_ns;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;

	return wall > cpu ? wall - cpu : 0;
}

#define DO(class, ...)                                                                             \
	do {                                                                                       \
		uint64_t cpu_ns_ = clock_ns(CLOCK_THREAD_CPUTIME_ID);                              \
		uint64_t wall_ns_ = clock_ns(CLOCK_MONOTONIC);                                     \
                                                                                                   \
		__VA_ARGS__;                                                                       \
		mine.ns[class] += off_ns(wall_ns_, cpu_ns_);                                       \
	} while (0)

static void begin(const char *name)
{
	prctl(PR_SET_NAME, name);
	memset(&mine, 0, sizeof(mine));
	mine.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	mine.wall_ns = clock_ns(CLOCK_MONOTONIC);
}

static void end(void)
{
	uint64_t wall = clock_ns(CLOCK_MONOTONIC) - mine.wall_ns;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - mine.cpu_ns, known = cpu;
	char name[17] = "", text[300];
	int len;

	for (int i = IDLE; i < CLASSES; i++)
		known += mine.ns[i];
	prctl(PR_GET_NAME, name);
	len = snprintf(text, sizeof(text), "%s %lu %lu %lu %lu %lu %lu %lu %lu %lu %ld\n", name,
		       wall, cpu, mine.ns[IDLE], mine.ns[PACED], mine.ns[BLOCKED], mine.ns[LOCK],
		       mine.ns[PREEMPTED], mine.ns[FAULT], mine.ns[UNHOOKED], (long)(wall - known));
	if (write(1, text, (size_t)len) != len)
		_exit(99);
}

static void spin(double ms)
{
	uint64_t until = clock_ns(CLOCK_THREAD_CPUTIME_ID) + (uint64_t)(ms * 1e6);

	DO(PREEMPTED, while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < until));
}

static pthread_t start(void *(*routine)(void *arg), void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, routine, arg))
		_exit(98);
	return thread;
}

static void join(pthread_t thread)
{
	DO(IDLE, pthread_join(thread, NULL));
}

static void nap(long ms)
{
	DO(PACED, sleep_ms(ms));
}

#endif
