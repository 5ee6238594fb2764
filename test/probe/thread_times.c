/* What threads did with their time; prints what is true, one JSON object a line.
 *
 * thread_times runq MS  on one CPU with three busy processes: uses so much CPU time
 * thread_times kinds    threads that sleep, that ask the clock, that compute, and short ones
 * thread_times fork     a thread forks, and the child sleeps */
#include "probe.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define RIVALS 3
#define SHORT  5

static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;

static uint64_t run_delay(void)
{
	unsigned long long cpu = 0, delay = 0;
	FILE *file = fopen("/proc/thread-self/schedstat", "r");

	if (!file)
		return 0;
	if (fscanf(file, "%llu %llu", &cpu, &delay) != 2)
		delay = 0;
	fclose(file);
	return delay;
}

static void stay_on_one_cpu(void)
{
	cpu_set_t all, one;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static void compete(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (volatile unsigned i = 0;; i++)
		;
}

static void runq(long ms)
{
	uint64_t began, delay, cpu;
	pid_t rival[RIVALS];

	stay_on_one_cpu();
	for (int i = 0; i < RIVALS; i++) {
		rival[i] = fork();
		if (rival[i] == 0)
			compete();
	}
	began = clock_ns(CLOCK_MONOTONIC);
	delay = run_delay();
	cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	while (clock() < ms * (CLOCKS_PER_SEC / 1000))
		;
	say("{\"wall_ns\":%lu,\"cpu_ns\":%lu,\"run_delay_ns\":%lu,\"pid\":%d}\n",
	    clock_ns(CLOCK_MONOTONIC) - began, clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu,
	    run_delay() - delay, getpid());
	for (int i = 0; i < RIVALS; i++) {
		kill(rival[i], SIGKILL);
		waitpid(rival[i], NULL, 0);
	}
}

static void tell(const char *name, const char *start, uint64_t began)
{
	struct rusage usage;
	uint64_t wall = clock_ns(CLOCK_MONOTONIC) - began;
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	getrusage(RUSAGE_THREAD, &usage);
	pthread_mutex_lock(&printing);
	say("{\"name\":\"%s\",\"start\":\"%s\",\"wall_ns\":%lu,\"cpu_ns\":%lu,\"voluntary\":%ld,"
	    "\"involuntary\":%ld}\n",
	    name, start, wall, cpu, usage.ru_nvcsw, usage.ru_nivcsw);
	pthread_mutex_unlock(&printing);
}

#define BEGIN(name)                                                                                \
	uint64_t began = clock_ns(CLOCK_MONOTONIC);                                                \
                                                                                                   \
	pthread_setname_np(pthread_self(), name)

static void *run_sleeper(void *arg)
{
	BEGIN("sleeper");
	for (int i = 0; i < 60; i++)
		sleep_ms(10);
	tell("sleeper", __func__, began);
	return arg;
}

__attribute__((noinline)) static void ask_the_clock(uint64_t until)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec < until);
}

static void *run_spinner(void *arg)
{
	BEGIN("spinner");
	ask_the_clock(began + 600000000);
	tell("spinner", __func__, began);
	return arg;
}

static volatile int go_on;

__attribute__((noinline)) static void pause_a_while(void)
{
	while (!go_on)
		__builtin_ia32_pause();
}

static void *run_pauser(void *arg)
{
	BEGIN("pauser");
	pause_a_while();
	tell("pauser", __func__, began);
	return arg;
}

static void *run_worker(void *arg)
{
	volatile unsigned x = 1;

	BEGIN("worker");
	while (clock_ns(CLOCK_MONOTONIC) < began + 600000000)
		for (int i = 0; i < 20000; i++)
			x = x * 1664525u + 1013904223u;
	tell("worker", __func__, began);
	return arg;
}

static void *run_short_worker(void *arg)
{
	BEGIN("short_worker");
	burn_ms(2);
	tell("short_worker", __func__, began);
	return arg;
}

static void *run_short_sleeper(void *arg)
{
	BEGIN("short_sleeper");
	sleep_ms(3);
	tell("short_sleeper", __func__, began);
	return arg;
}

/* One after the other: with two CPUs each has one. */
static void kinds(void)
{
	static void *(*const start[])(void *) = {run_sleeper, run_spinner, run_pauser, run_worker};
	pthread_t thread;

	for (size_t i = 0; i < sizeof(start) / sizeof(start[0]); i++) {
		pthread_create(&thread, NULL, start[i], NULL);
		if (start[i] == run_pauser) {
			sleep_ms(600);
			go_on = 1;
		}
		pthread_join(thread, NULL);
	}
	for (int i = 0; i < SHORT; i++) {
		pthread_create(&thread, NULL, run_short_worker, NULL);
		pthread_join(thread, NULL);
		pthread_create(&thread, NULL, run_short_sleeper, NULL);
		pthread_join(thread, NULL);
	}
}

static void *run_forker(void *arg)
{
	pid_t child = fork();

	if (child == 0) {
		say("{\"child\":%d}\n", getpid());
		sleep_ms(50);
		exit(0);
	}
	waitpid(child, NULL, 0);
	return arg;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	pthread_t thread;

	if (!strcmp(what, "runq")) {
		runq(argc > 2 ? atol(argv[2]) : 300);
	} else if (!strcmp(what, "kinds")) {
		kinds();
	} else {
		pthread_create(&thread, NULL, run_forker, NULL);
		pthread_join(thread, NULL);
	}
	return 0;
}
