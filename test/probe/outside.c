/* A loop that is kept from its CPU from outside, on one CPU: it wakes every 10 ms and works for
 * some milliseconds.
 *
 * outside COUNT WORK_MS [RIVAL_MS [self]]
 *
 * RIVAL_MS: in every tenth turn it starts a process that takes the CPU for so long.
 * self: it works for so long itself instead.
 * Prints a line a turn that took 10 ms and more, or RIVAL_MS: milliseconds on the wall and of
 * CPU time. */
#include "probe.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

static double now(clockid_t clock)
{
	return (double)clock_ns(clock) / 1e6;
}

__attribute__((noinline)) static void work(double ms)
{
	double until = now(CLOCK_THREAD_CPUTIME_ID) + ms;
	static volatile double sink;

	while (now(CLOCK_THREAD_CPUTIME_ID) < until)
		for (int i = 0; i < 3000; i++)
			sink = sink * 0.5 + i;
}

/* It does not leave the CPU to anybody before it is done. */
__attribute__((noinline)) static pid_t start_rival(double ms)
{
	const struct sched_param first = {.sched_priority = 1};
	pid_t pid = fork();

	if (pid == 0) {
		work(ms);
		_exit(0);
	}
	if (pid < 0 || sched_setscheduler(pid, SCHED_FIFO, &first))
		DIE("rival");
	return pid;
}

__attribute__((noinline)) static void turn(double ms, double rival_ms, int self)
{
	double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
	pid_t pid = rival_ms > 0 && !self ? start_rival(rival_ms) : 0;

	work(self && rival_ms > ms ? rival_ms : ms);
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_THREAD_CPUTIME_ID) - cpu;
	if (wall >= 10 || (rival_ms > 0 && wall >= rival_ms))
		say("%.2f %.2f\n", wall, cpu);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[1]) : 0, ep = epoll_create1(0);
	double ms = argc > 2 ? atof(argv[2]) : 0, rival_ms = argc > 3 ? atof(argv[3]) : 0;
	struct epoll_event event;
	cpu_set_t one;

	sched_getaffinity(0, sizeof(one), &one);
	for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++) {
		if (kept)
			CPU_CLR(cpu, &one);
		kept |= CPU_ISSET(cpu, &one);
	}
	sched_setaffinity(0, sizeof(one), &one);
	for (int i = 0; i < count; i++) {
		epoll_wait(ep, &event, 1, 10);
		turn(ms, i % 10 == 9 ? rival_ms : 0, argc > 4);
	}
	return 0;
}
