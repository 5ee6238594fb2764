/* Calls that block, for tests that look at the record.
 *   waits_record once   five reads of 20 ms, two pauses of 30 ms and a poll of 40; says what
 *                       it measured and ends
 *   waits_record fork   the same, and once more in a child
 *   waits_record stay   the same, then waits in a read that never comes back
 *   waits_record loop   an event loop of 100 quick turns, one of which then reads what never
 *                       comes: says "stalled" before it does
 *   waits_record exit   the same loop, one of whose turns ends the process after a pause of
 *                       30 ms: the search for leaks then has 200,000 blocks to look at */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define MS 1000000l

static int ticks[2]; /* a pipe */
static void *volatile block[2];

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){0, ms * MS}, NULL);
}

static void *tick(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		usleep(20000);
		if (write(ticks[1], "x", 1) != 1)
			abort();
	}
	return NULL;
}

__attribute__((noinline)) static uint64_t read_ticks(void)
{
	uint64_t start = now_ns(), took;
	char c;

	for (int i = 0; i < 5; i++)
		if (read(ticks[0], &c, 1) != 1)
			abort();
	took = now_ns() - start;
	return took;
}

static void once(void)
{
	uint64_t read_ns, pause_ns, poll_ns;
	pthread_t thread;

	pthread_create(&thread, NULL, tick, NULL);
	read_ns = read_ticks();
	pthread_join(thread, NULL);
	pause_ns = now_ns();
	pause_ms(30);
	pause_ms(30);
	pause_ns = now_ns() - pause_ns;
	poll_ns = now_ns();
	poll(NULL, 0, 40);
	poll_ns = now_ns() - poll_ns;
	say("{\"read\":%lu,\"nanosleep\":%lu,\"poll\":%lu}\n", (unsigned long)read_ns,
	    (unsigned long)pause_ns, (unsigned long)poll_ns);
}

/* Nobody writes: the other end is ours. */
__attribute__((noinline)) static void never_comes(void)
{
	char c;

	if (read(ticks[0], &c, 1) != 1)
		abort();
}

static void loop(int exits)
{
	int set = epoll_create1(0), turn = eventfd(0, 0);
	struct epoll_event event = {.events = EPOLLIN};
	uint64_t one = 1;

	epoll_ctl(set, EPOLL_CTL_ADD, turn, &event);
	for (int i = 0;; i++) {
		if (write(turn, &one, sizeof(one)) != sizeof(one) ||
		    epoll_wait(set, &event, 1, -1) != 1 ||
		    read(turn, &one, sizeof(one)) != sizeof(one))
			abort();
		if (i < 100)
			continue;
		if (exits) {
			pause_ms(30);
			exit(0);
		}
		say("stalled\n");
		never_comes();
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "once";

	if (pipe(ticks) < 0)
		return 1;
	if (strcmp(how, "exit") == 0) {
		for (int i = 0; i < 200000; i++)
			block[i % 2] = malloc(24);
		loop(1);
	}
	if (strcmp(how, "loop") == 0)
		loop(0);
	once();
	if (strcmp(how, "fork") == 0) {
		if (fork() == 0) {
			once();
			exit(0);
		}
		wait(NULL);
	} else if (strcmp(how, "stay") == 0) {
		never_comes();
	}
	return 0;
}
