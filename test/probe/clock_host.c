/* Works for a while and rests for a while by the kernel's time, which nobody can
 * stand in front of: at least 300 ms of CPU time, then 200 ms of sleep. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long sink;
static void *volatile kept[3];

static double cpu_seconds(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

int main(void)
{
	struct timespec rest = {0, 200 * 1000 * 1000};

	for (int i = 0; i < 3; i++)
		kept[i] = malloc(1000);
	while (cpu_seconds() < 0.3) {
		for (int i = 0; i < 100000; i++)
			sink += (unsigned long)i;
	}
	syscall(SYS_nanosleep, &rest, NULL);
	kept[1] = NULL;
	puts("done");
	return 0;
}
