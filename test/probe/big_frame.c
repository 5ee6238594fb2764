/* A large array on the stack between main and a hot leaf. What calls what is known:
 *   big_frame SECONDS           main -> strategy -> book (300 KiB of it) -> hot
 *   big_frame SECONDS ROUNDS    left and right call book in turn, at one depth; right
 *                               stays in it three times as long as left, for 3 * ROUNDS
 * Who takes what is on the stack now for what was there then, mixes left and right up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

volatile unsigned long sum;

static double cpu_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

__attribute__((noinline)) static void hot(unsigned char *level, long rounds)
{
	for (long i = 0; i < rounds; i++)
		sum += level[i & 4095];
}

__attribute__((noinline)) static void book(long rounds)
{
	unsigned char level[300 << 10];

	memset(level, 1, 4096);
	hot(level, rounds);
	sum += level[rounds & 4095];
}

__attribute__((noinline)) static void strategy(long rounds)
{
	book(rounds);
	sum++;
}

__attribute__((noinline)) static void left(long rounds)
{
	book(rounds);
	sum += 3;
}

__attribute__((noinline)) static void right(long rounds)
{
	book(3 * rounds);
	sum += 5;
}

int main(int argc, char **argv)
{
	double end = argc > 1 ? atof(argv[1]) : 2;
	long rounds = argc > 2 ? atol(argv[2]) : 0;

	while (cpu_s() < end) {
		if (!rounds)
			strategy(100000000);
		for (long i = 0; rounds && i < 1 + 1000000 / rounds; i++) {
			left(rounds);
			right(rounds);
		}
	}
	puts("ok");
	return 0;
}
