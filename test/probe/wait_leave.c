/* Calls that may block, of every family, left before they are over: the thread is cancelled,
 * or a signal's handler jumps out, or interrupts, or reads meanwhile what it finds.  Prints
 * what came of each.
 *
 *	wait_leave cancel|jump|interrupt|restart */
#include "waits_sockets.h"

#include <setjmp.h>

#define X(id, kind, bytes, want, set, feed, call, clear)                                           \
	static long call_##id(void)                                                                \
	{                                                                                          \
		return (long)(call);                                                               \
	}
FILES SOCKETS
#undef X

#define X(id, kind, bytes, want, set, feed, call, clear)                                           \
	{#id, kind, bytes, want, set, feed, call_##id, clear},
    static const struct known cases[] = {FILES SOCKETS};
#undef X

static const struct known *this;
static sem_t begun;
static volatile int tid, finished, handled, cleaned, destroyed, nested;
static int ready[2]; /* a pipe that has something in it */
static sigjmp_buf out_of_it;
static const char *mode;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void destroy(int *object)
{
	destroyed += *object;
}

static void begins(void)
{
	tid = (int)syscall(SYS_gettid);
	sem_post(&begun);
}

static void *to_be_cancelled(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	{
		__attribute__((cleanup(destroy))) int object = 1;

		begins();
		this->make();
		object = 2;
		pthread_testcancel();
	}
	pthread_cleanup_pop(0);
	return arg;
}

static void jumps(int sig)
{
	(void)sig;
	siglongjmp(out_of_it, 1);
}

static void reads(int sig)
{
	char c;

	(void)sig;
	if (!strcmp(mode, "restart"))
		nested += read(ready[0], &c, 1) == 1 && poll(NULL, 0, 1) == 0;
	handled++;
}

static void *to_be_left(void *arg)
{
	char c;

	if (sigsetjmp(out_of_it, 1) == 0) {
		begins();
		this->make();
		say("%s: it came back\n", this->call);
	}
	handled++;
	say("%s: left, and reads %zd\n", this->call, read(ready[0], &c, 1));
	finished = 1;
	return arg;
}

static void *to_be_interrupted(void *arg)
{
	long ret;

	begins();
	errno = 0;
	ret = this->make();
	say("%s: %s %s\n", this->call, ret == this->want ? "done" : "not done",
	    errno ? strerror(errno) : "-");
	finished = 1;
	return arg;
}

/* The thread is in a system call, or spins. */
static void wait_until_blocked(void)
{
	char file[64], text[8];

	snprintf(file, sizeof(file), "/proc/self/task/%d/syscall", tid);
	for (int i = 0, asleep = 0; i < 40 && asleep < 2; i++) {
		int fd = open(file, O_RDONLY);

		sleep_ms(1);
		if (read(fd, text, sizeof(text)) > 0 && text[0] != 'r')
			asleep++;
		close(fd);
	}
}

static void run(void *(*routine)(void *))
{
	pthread_t thread;
	void *result;

	finished = handled = cleaned = destroyed = nested = 0;
	this->set();
	span.tv_nsec = 60 * 1000000;
	CHECK(write(ready[1], "xx", 2) == 2);
	CHECK(pthread_create(&thread, NULL, routine, NULL) == 0);
	caller = thread;
	while (sem_wait(&begun) != 0)
		;
	wait_until_blocked();
	if (routine == to_be_cancelled)
		pthread_cancel(thread);
	else
		pthread_kill(thread, SIGUSR2);
	for (int i = 0; routine != to_be_cancelled && i < 40 && !(handled && finished); i++)
		sleep_ms(1);
	if (this->feed && routine != to_be_left)
		this->feed();
	CHECK(pthread_join(thread, &result) == 0);
	if (routine == to_be_cancelled)
		say("%s: %s, %d cleaned, %d destroyed\n", this->call,
		    result == PTHREAD_CANCELED ? "cancelled" : "ended", cleaned, destroyed);
	else
		say("%s: handled %d, nested %d\n", this->call, handled, nested);
	if (routine == to_be_left && this->feed)
		this->feed();
	this->clear();
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = reads};
	void *(*routine)(void *) = to_be_interrupted;

	mode = argc > 1 ? argv[1] : "cancel";
	if (!strcmp(mode, "cancel"))
		routine = to_be_cancelled;
	if (!strcmp(mode, "jump")) {
		action.sa_handler = jumps;
		routine = to_be_left;
	}
	if (!strcmp(mode, "restart"))
		action.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	CHECK(pipe(ready) == 0 && sem_init(&begun, 0, 0) == 0);
	fcntl(ready[0], F_SETFL, O_NONBLOCK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (argc > 2 && strcmp(argv[2], cases[i].call))
			continue;
		this = &cases[i];
		run(routine);
	}
	return 0;
}
