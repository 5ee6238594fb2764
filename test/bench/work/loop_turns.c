/* Turns of an event loop that always has something to do.
 *
 *   loop_turns TURNS
 *
 * Prints nanoseconds a turn: epoll_wait on a readable eventfd. */
#include "bench.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

int main(int argc, char **argv)
{
	long turns = bench_arg(argc, argv, 1, 1000000);
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0), fd = eventfd(1, 0);
	double from;

	if (turns < 1 || epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		return 1;
	from = bench_now();
	for (long i = 0; i < turns; i++)
		if (epoll_wait(set, &event, 1, 1000) != 1)
			return 1;
	printf("%.2f\n", (bench_now() - from) / (double)turns);
	return 0;
}
