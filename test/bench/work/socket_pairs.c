/* Sends and receives that never wait: one end of a socket to the other.
 *
 *   socket_pairs PAIRS BYTES
 *
 * Prints nanoseconds a call. */
#include "bench.h"

#include <sys/socket.h>

#define MOST 4096

/* One place for all: a wait in another place is another loop. */
__attribute__((noinline)) static int hand_over(const int fd[2], long pairs, size_t bytes)
{
	static char out[MOST], in[MOST];

	for (long i = 0; i < pairs; i++)
		if (send(fd[0], out, bytes, 0) != (ssize_t)bytes ||
		    recv(fd[1], in, bytes, 0) != (ssize_t)bytes)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	long pairs = bench_arg(argc, argv, 1, 1000000);
	size_t bytes = (size_t)bench_arg(argc, argv, 2, 64);
	double from;
	int fd[2];

	if (pairs < 1 || bytes < 1 || bytes > MOST || socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return 1;
	bench_warm(hand_over(fd, 1000, bytes));
	from = bench_now();
	if (hand_over(fd, pairs, bytes))
		return 1;
	printf("%.2f\n", (bench_now() - from) / (double)pairs / 2);
	return 0;
}
