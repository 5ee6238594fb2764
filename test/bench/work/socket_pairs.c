/* Sends and receives that never wait: one end of a socket to the other.
 *
 *   socket_pairs PAIRS BYTES
 *
 * Prints nanoseconds a call. */
#include "bench.h"

#include <sys/socket.h>

int main(int argc, char **argv)
{
	long pairs = bench_arg(argc, argv, 1, 1000000);
	size_t bytes = (size_t)bench_arg(argc, argv, 2, 64);
	char out[4096] = {0}, in[sizeof(out)];
	double from = 0;
	int fd[2];

	if (pairs < 1 || bytes < 1 || bytes > sizeof(out) || socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
		return 1;
	for (long i = -pairs / 10; i < pairs; i++) {
		if (i == 0)
			from = bench_now();
		if (send(fd[0], out, bytes, 0) != (ssize_t)bytes ||
		    recv(fd[1], in, bytes, 0) != (ssize_t)bytes)
			return 1;
	}
	printf("%.2f\n", (bench_now() - from) / (double)pairs / 2);
	return 0;
}
