/* Asks for the time until it has used MILLISECONDS of the CPU: nearly all of that is spent
 * in the vdso, called by ask, called by main. */
#include "probe.h"

__attribute__((noinline)) static uint64_t ask(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < 100000; i++)
		sum += clock_ns(CLOCK_MONOTONIC);
	return sum;
}

int main(int argc, char **argv)
{
	uint64_t end = (argc > 1 ? strtoull(argv[1], NULL, 10) : 600) * 1000000u, sum = 0;

	while (clock_ns(CLOCK_PROCESS_CPUTIME_ID) < end)
		sum += ask();
	say("%d\n", sum != 0);
	return 0;
}
