/* A child that is forked, ends at once and is waited for.
 *
 *   fork_exit COUNT [BLOCKS]
 *
 * The parent holds a thousand blocks of sizes from the seed, the child ends with as many
 * of its own as asked (none).  Prints microseconds: p50, p99 and p99.9. */
#include "bench.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCKS 1000

static __attribute__((noreturn)) void child(long blocks)
{
	static void **volatile kept;

	for (long i = 0; i < blocks; i++) {
		void **block = malloc(64);

		if (!block)
			_exit(1);
		*block = kept;
		kept = block;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	long count = bench_arg(argc, argv, 1, 1000), own = bench_arg(argc, argv, 2, 0);
	double *us = count > 0 ? calloc((size_t)count, sizeof(*us)) : NULL;
	uint64_t random = bench_seed();
	static void *block[BLOCKS];

	if (!us)
		return 1;
	for (int i = 0; i < BLOCKS; i++) {
		size_t bytes = bench_size(&random, 16, 8192);

		block[i] = memset(malloc(bytes), 1, bytes);
	}
	for (long i = 0; i < count; i++) {
		double from = bench_now();
		pid_t pid = fork();

		if (pid == 0)
			child(own);
		if (waitpid(pid, NULL, 0) != pid)
			return 1;
		us[i] = (bench_now() - from) / 1e3;
	}
	bench_print_tail(us, (size_t)count);
	for (int i = 0; i < BLOCKS; i++)
		free(block[i]);
	free(us);
	return 0;
}
