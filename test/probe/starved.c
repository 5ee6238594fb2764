/* Spins with real-time priority on every CPU it may use, so that nothing else of the
 * process runs: `starved 1` has one CPU for two such threads, `starved 0` asks for
 * nothing.  Uses some CPU time either way. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static double cpu_seconds(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void *spin(void *arg)
{
	volatile unsigned long sink = 0;

	while (cpu_seconds() < 0.6) {
		for (int i = 0; i < 100000; i++)
			sink += (unsigned long)i;
	}
	return arg;
}

int main(int argc, char **argv)
{
	struct sched_param param = {.sched_priority = 50};
	pthread_t other;
	cpu_set_t set;

	if (argc > 1 && atoi(argv[1])) {
		CPU_ZERO(&set);
		CPU_SET(sched_getcpu(), &set);
		if (sched_setaffinity(0, sizeof(set), &set) != 0 ||
		    pthread_setschedparam(pthread_self(), SCHED_FIFO, &param) != 0)
			return 77;
	}
	if (pthread_create(&other, NULL, spin, NULL) != 0)
		return 1;
	spin(NULL);
	pthread_join(other, NULL);
	puts("done");
	return 0;
}
