/* Threads that each wait and work, a thousand times a second.
 *
 *   many_loops THREADS SECONDS
 *
 * Each works for 60 microseconds of a millisecond.  Prints turns of all of them. */
#include "bench.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static double until;

static void *run(void *turns)
{
	const struct itimerspec every = {{0, 1000000}, {0, 1000000}};
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0), fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t ticks;

	if (timerfd_settime(fd, 0, &every, NULL) || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		return NULL;
	for (double now = 0; now < until; ++*(long *)turns) {
		if (epoll_wait(set, &event, 1, -1) != 1 ||
		    read(fd, &ticks, sizeof(ticks)) != sizeof(ticks))
			return NULL;
		now = bench_now();
		for (double end = now + 6e4; now < end;)
			now = bench_now();
	}
	return turns;
}

int main(int argc, char **argv)
{
	long threads = bench_arg(argc, argv, 1, 8), turns[64] = {0}, all = 0;
	pthread_t id[64];
	void *whole;

	until = bench_now() + 1e9 * (double)bench_arg(argc, argv, 2, 5);
	if (threads < 1 || threads > 64)
		return 1;
	for (long i = 0; i < threads; i++)
		if (pthread_create(&id[i], NULL, run, &turns[i]))
			return 1;
	for (long i = 0; i < threads; i++) {
		if (pthread_join(id[i], &whole) || !whole)
			return 1;
		all += turns[i];
	}
	printf("%ld\n", all);
	return 0;
}
