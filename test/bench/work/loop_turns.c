/* Turns of an event loop that always has something to do.
 *
 *   loop_turns TURNS [LIMIT_MS]
 *
 * Prints nanoseconds a turn: epoll_wait on a readable eventfd, which might wait so long; 0: a loop
 * that spins. */
#include "bench.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

/* One place for all: a wait in another place is another loop. */
__attribute__((noinline)) static int turn(int set, long count, int limit_ms)
{
	struct epoll_event event;

	for (long i = 0; i < count; i++)
		if (epoll_wait(set, &event, 1, limit_ms) != 1)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	long turns = bench_arg(argc, argv, 1, 1000000);
	int limit_ms = (int)bench_arg(argc, argv, 2, 1000);
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0), fd = eventfd(1, 0);
	double from;

	if (turns < 1 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		return 1;
	bench_warm(turn(set, 1000, limit_ms));
	from = bench_now();
	if (turn(set, turns, limit_ms))
		return 1;
	printf("%.2f\n", (bench_now() - from) / (double)turns);
	return 0;
}
