/* Every function of libc that may block, each of its names and forms once in a function of
 * its own, with 2, 20 and 200 ms: a second thread ends the call then.  Prints a line for each
 * call: what it is, how long it took, how many bytes it moved.
 *
 *	waits_known [MS...] [-m FD] [-o CASE]
 * -m FD: says before each call on that descriptor which it is, for strace;
 * -o CASE: this one only. */
#include "waits_slow.h"
#include "waits_sockets.h"
#include "waits_streams.h"

#define X(id, kind, bytes, want, set, feed, call, clear)                                           \
	__attribute__((noinline)) static long call_##id(void)                                      \
	{                                                                                          \
		return (long)(call);                                                               \
	}
FILES SOCKETS SLOW STREAMS
#undef X

#define X(id, kind, bytes, want, set, feed, call, clear)                                           \
	{"call_" #id, kind, bytes, want, set, feed, call_##id, clear},
    static const struct known cases[] = {FILES SOCKETS STREAMS};
static const struct known slow_cases[] = {SLOW};
#undef X

static sem_t armed, fed;
static void (*feed)(void);
static int mark_fd = -1;

static void *feeder(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		while (sem_wait(&armed) != 0)
			;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		feed();
		sem_post(&fed);
	}
	return arg;
}

static void mark(const char *text)
{
	if (mark_fd >= 0)
		CHECK(write(mark_fd, text, strlen(text)) > 0);
}

static void run(const struct known *this, long ms)
{
	uint64_t begin, end;
	long ret;

	this->set();
	mark(this->call);
	span = (struct timespec){ms / 1000, ms % 1000 * 1000000};
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	feed = this->feed;
	if (feed)
		sem_post(&armed);
	begin = clock_ns(CLOCK_MONOTONIC);
	ret = this->make();
	end = clock_ns(CLOCK_MONOTONIC);
	mark("over");
	while (feed && sem_wait(&fed) != 0)
		;
	this->clear();
	say("{\"case\":\"%s\",\"kind\":\"%s\",\"ms\":%ld,\"bytes\":%ld,\"ns\":%llu}\n", this->call,
	    this->kind, ms, this->bytes, (unsigned long long)(end - begin));
	if (ret != this->want)
		say("%s returned %ld, not %ld: %s\n", this->call, ret, this->want, strerror(errno));
}

static void run_all(const struct known *these, size_t count, long ms, const char *only)
{
	for (size_t i = 0; i < count; i++) {
		if (!only || !strcmp(only, these[i].call + 5))
			run(&these[i], ms);
	}
}
#define ALL(these) these, sizeof(these) / sizeof(*(these))

int main(int argc, char **argv)
{
	const char *only = NULL;
	pthread_t thread;
	long ms[8];
	int n = 0, slow;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-m"))
			mark_fd = atoi(argv[++i]);
		else if (!strcmp(argv[i], "-o"))
			only = argv[++i];
		else if (n < 8)
			ms[n++] = atol(argv[i]);
	}
	caller = pthread_self();
	signal(SIGPIPE, SIG_IGN);
	slow = slow_begin() == 0;
	sem_init(&armed, 0, 0);
	sem_init(&fed, 0, 0);
	pthread_create(&thread, NULL, feeder, NULL);
	for (int i = 0; i < n; i++) {
		run_all(ALL(cases), ms[i], only);
		if (slow)
			run_all(ALL(slow_cases), ms[i], only);
	}
	slow_end();
	return 0;
}
