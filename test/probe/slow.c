/* slow WHAT [undumpable]: a loop that polls for 3 s, woken every 5 ms.
 *   quiet     its iterations do next to nothing
 *   flush     every 200 ms one flushes a journal: 30 ms asleep
 *   parse     every 200 ms one parses for 40 ms of CPU time
 *   lock      every 200 ms one waits for a lock that the saver holds while it sleeps for 40 ms
 * undumpable: after PR_SET_DUMPABLE 0, when its files in /proc are root's.
 * Prints how many slow iterations there were. */
#include "probe.h"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#define TURNS 600
#define EVERY 40

static pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER;
static int ask[2], answer[2];
static volatile double sink;

__attribute__((noinline)) static void flush_journal(void)
{
	usleep(30000);
}

__attribute__((noinline)) static void parse_numbers(void)
{
	uint64_t end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + 40000000;

	while (clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		for (int i = 0; i < 1000; i++)
			sink = sink * 0.5 + i;
}

__attribute__((noinline)) static void save_book(void)
{
	pthread_mutex_lock(&book);
	write(answer[1], "", 1);
	usleep(40000);
	pthread_mutex_unlock(&book);
}

static void *saver(void *unused)
{
	char byte;

	pthread_setname_np(pthread_self(), "saver");
	while (read(ask[0], &byte, 1) == 1 && byte)
		save_book();
	return unused;
}

__attribute__((noinline)) static void apply_update(void)
{
	char byte;

	write(ask[1], "s", 1);
	read(answer[0], &byte, 1);
	pthread_mutex_lock(&book);
	pthread_mutex_unlock(&book);
}

__attribute__((noinline)) static void serve(const char *what)
{
	if (!strcmp(what, "flush"))
		flush_journal();
	else if (!strcmp(what, "parse"))
		parse_numbers();
	else if (!strcmp(what, "lock"))
		apply_update();
}

__attribute__((noinline)) static void feed_loop(const char *what, int timer)
{
	struct pollfd poll_fd = {.fd = timer, .events = POLLIN};
	uint64_t ticks;

	for (int turn = 1; turn <= TURNS; turn++) {
		poll(&poll_fd, 1, -1);
		read(timer, &ticks, sizeof(ticks));
		if (turn % EVERY == 0)
			serve(what);
	}
}

int main(int argc, char **argv)
{
	const struct itimerspec every = {{0, 5000000}, {0, 5000000}};
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	pthread_t thread;

	if (timer < 0 || timerfd_settime(timer, 0, &every, NULL) || pipe(ask) || pipe(answer) ||
	    pthread_create(&thread, NULL, saver, NULL))
		return 1;
	if (argc > 2 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		return 1;
	feed_loop(argc > 1 ? argv[1] : "quiet", timer);
	write(ask[1], "", 1);
	pthread_join(thread, NULL);
	say("%d\n", TURNS / EVERY);
	return 0;
}
