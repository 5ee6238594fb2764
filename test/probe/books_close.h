/* The account that a thread of books_close keeps of itself. */
#ifndef BOOKS_CLOSE_H
#define BOOKS_CLOSE_H

#include "probe.h"

#include <linux/perf_event.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum class { RUN, IDLE, PACED, BLOCKED, LOCK, PREEMPTED, FAULT, UNHOOKED, CLASSES };

/* A thread's account.  Its time on a CPU, as a clock event of its own tells it (without one, the
 * kernel's CPU time): the kernel's CPU time leaves out what a hypervisor took meanwhile. */
static __thread struct {
	uint64_t wall_ns, cpu_ns, on_ns; /* when it began */
	int event;			 /* its clock; -1: refused */
	uint64_t ns[CLASSES];
	uint64_t unsure_ns[CLASSES]; /* of ns: it was made to leave the CPU, too, for so or less */
} mine;

/* By no name that is a hook. */
static long kernel(long number, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static int open_clock(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE,
				       .size = sizeof(attr),
				       .config = PERF_COUNT_SW_TASK_CLOCK,
				       .exclude_kernel = 1}; /* it counts that, too */

	return (int)kernel(SYS_perf_event_open, (long)&attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static uint64_t on_cpu_ns(void)
{
	uint64_t ns;

	if (mine.event >= 0 && kernel(SYS_read, mine.event, (long)&ns, sizeof(ns), 0, 0) > 0)
		return ns;
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static long times_preempted(void)
{
	struct rusage usage;

	kernel(SYS_getrusage, RUSAGE_THREAD, (long)&usage, 0, 0, 0);
	return usage.ru_nivcsw;
}

static uint64_t off_ns(uint64_t wall_ns, uint64_t on_ns)
{
	uint64_t wall = clock_ns(CLOCK_MONOTONIC) - wall_ns;
	uint64_t on = on_cpu_ns() - on_ns;

	return wall > on ? wall - on : 0;
}

#define DO(class, ...)                                                                             \
	do {                                                                                       \
		long preempted_ = times_preempted();                                               \
		uint64_t on_ns_ = on_cpu_ns(), wall_ns_ = clock_ns(CLOCK_MONOTONIC);               \
                                                                                                   \
		__VA_ARGS__;                                                                       \
		on_ns_ = off_ns(wall_ns_, on_ns_);                                                 \
		mine.ns[class] += on_ns_;                                                          \
		mine.unsure_ns[class] += times_preempted() != preempted_ ? on_ns_ : 0;             \
	} while (0)

static void begin(const char *name)
{
	prctl(PR_SET_NAME, name);
	memset(&mine, 0, sizeof(mine));
	mine.event = open_clock();
	mine.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	mine.on_ns = on_cpu_ns();
	mine.wall_ns = clock_ns(CLOCK_MONOTONIC);
}

static void end(void)
{
	uint64_t wall = clock_ns(CLOCK_MONOTONIC) - mine.wall_ns;
	uint64_t on = on_cpu_ns() - mine.on_ns, known = on;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - mine.cpu_ns;
	char name[17] = "", text[500];
	int len;

	prctl(PR_GET_NAME, name);
	len = snprintf(text, sizeof(text), "%s %lu %lu", name, wall, cpu);
	for (int i = IDLE; i < CLASSES; i++) {
		known += mine.ns[i];
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %lu", mine.ns[i]);
	}
	len += snprintf(text + len, sizeof(text) - (size_t)len, " %ld %ld",
			(long)(wall - known), mine.event >= 0 ? (long)(on - cpu) : 0);
	for (int i = IDLE; i < CLASSES; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, " %lu", mine.unsure_ns[i]);
	text[len++] = '\n';
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
