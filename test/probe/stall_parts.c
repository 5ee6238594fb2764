/* An event loop whose slow iterations write files for 20 ms of CPU time, all within calls that
 * may block and none of it asleep; with a rival on its only CPU as often off it as on.
 *
 *   stall_parts FILE COUNT [rival]
 *
 * Prints for each slow iteration the milliseconds of CPU time and of the clock on the wall. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM 20 /* turns until the wait is known for a loop's */

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

__attribute__((noinline)) static void write_much(int fd)
{
	static char bytes[256 << 10];
	double wall = now(CLOCK_MONOTONIC), begin = now(CLOCK_THREAD_CPUTIME_ID);

	while (now(CLOCK_THREAD_CPUTIME_ID) < begin + 20)
		if (pwrite(fd, bytes, sizeof(bytes), 0) < 0)
			exit(1);
	printf("%.2f %.2f\n", now(CLOCK_THREAD_CPUTIME_ID) - begin, now(CLOCK_MONOTONIC) - wall);
}

static pid_t start_rival(void)
{
	pid_t rival = fork();

	while (rival == 0)
		;
	return rival;
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 1, fd, ep = epoll_create1(0);
	struct epoll_event event;
	cpu_set_t one;
	pid_t rival = 0;

	sched_getaffinity(0, sizeof(one), &one);
	for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++) {
		if (kept)
			CPU_CLR(cpu, &one);
		kept |= CPU_ISSET(cpu, &one);
	}
	sched_setaffinity(0, sizeof(one), &one);
	if (argc < 3 || (fd = open(argv[1], O_RDWR | O_CREAT, 0600)) < 0)
		return 1;
	if (argc > 3 && !strcmp(argv[3], "rival"))
		rival = start_rival();
	for (int i = 0; i < WARM + 5 * count; i++) {
		epoll_wait(ep, &event, 1, 5);
		if (i >= WARM && i % 5 == 0)
			write_much(fd);
	}
	if (rival > 0) {
		kill(rival, SIGKILL);
		waitpid(rival, NULL, 0);
	}
	return rival < 0;
}
