// A program with a loop, a feed beside it, and one thing that it should not do after warm-up,
// as often as asked:
//   contracts WHAT TIMES TICKS BEATS
// WHAT is none, string (a string outgrows its room in a tick), feed (the feed allocates), fsync (in
// a tick), lock (m_book is held while the tick wants it), holders (the same, and a loader held it
// longer during the warm-up) or stall (a tick of 30 ms).  It marks
// `warm` before and `cool` after TICKS ticks; BEATS marks in between overwrite history.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <vprof.h>

#define FAR __attribute__((noinline))

pthread_mutex_t m_book = PTHREAD_MUTEX_INITIALIZER;
static std::vector<std::string> book(8);
static std::string feed_text;
static int journal = -1, wakes = -1;
static sem_t go, held;
static const char *what;
static long times;
static bool lock_is_held; // by the feed, in ticks

static FAR void append_quote(std::string &text)
{
	text.reserve(text.capacity() * 2 + 100); // more room than it ever had
	text.assign("quote");
}

static FAR void write_journal(void)
{
	if (write(journal, "x", 1) != 1 || fsync(journal) != 0)
		perror("journal");
}

static FAR void read_book(void)
{
	pthread_mutex_lock(&m_book);
	book[0][0] ^= 1;
	pthread_mutex_unlock(&m_book);
}

static FAR void spin(void)
{
	timespec begin, now;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 30);
}

static FAR void rebuild(void)
{
	vprof::span s("rebuild");

	spin();
}

static FAR void on_tick(bool planted)
{
	vprof_begin("path", "tick");
	book[1].assign("short");
	if (planted && strcmp(what, "string") == 0)
		append_quote(book[2]);
	else if (planted && strcmp(what, "fsync") == 0)
		write_journal();
	else if (planted && strcmp(what, "stall") == 0)
		rebuild();
	if (planted && lock_is_held) {
		sem_post(&go);
		while (sem_wait(&held) != 0)
			;
	}
	read_book();
	vprof_end();
}

// Does what a feed does all the time; allocates only where that is asked for.
static FAR void feed_once(bool planted)
{
	vprof_begin("path", "feed");
	if (planted && strcmp(what, "feed") == 0)
		append_quote(feed_text);
	else
		feed_text.assign("quote");
	vprof_end();
}

static void *feed(void *)
{
	pthread_setname_np(pthread_self(), "feed");
	sem_post(&held);
	for (;;) {
		while (sem_wait(&go) != 0)
			;
		if (lock_is_held) {
			pthread_mutex_lock(&m_book);
			sem_post(&held);
			usleep(20000);
			pthread_mutex_unlock(&m_book);
		} else {
			feed_once(true);
			sem_post(&held);
		}
	}
	return NULL;
}

static FAR void *load(void *)
{
	pthread_setname_np(pthread_self(), "loader");
	pthread_mutex_lock(&m_book);
	sem_post(&held);
	usleep(100000);
	pthread_mutex_unlock(&m_book);
	return NULL;
}

// The warm-up waits for the lock, and somebody else has it then.
static FAR void wait_for_loader(void)
{
	pthread_t loader;

	pthread_create(&loader, NULL, load, NULL);
	while (sem_wait(&held) != 0)
		;
	read_book();
	pthread_join(loader, NULL);
}

// Waits for work as an event loop does, `count` times.
static FAR void run_loop(long count, bool planted)
{
	for (long i = 0; i < count; i++) {
		pollfd fd = {wakes, POLLIN, 0};
		uint64_t value = 1;

		if (write(wakes, &value, sizeof(value)) != sizeof(value) || poll(&fd, 1, -1) != 1 ||
		    read(wakes, &value, sizeof(value)) != sizeof(value))
			exit(3);
		on_tick(planted && i >= count / 2 && i < count / 2 + times);
		if (planted && strcmp(what, "feed") == 0 && i < times) {
			sem_post(&go);
			while (sem_wait(&held) != 0)
				;
		}
	}
}

int main(int argc, char **argv)
{
	pthread_t thread;
	long ticks = argc > 3 ? atol(argv[3]) : 100;

	what = argc > 1 ? argv[1] : "none";
	times = argc > 2 ? atol(argv[2]) : 1;
	lock_is_held = strcmp(what, "lock") == 0 || strcmp(what, "holders") == 0;
	journal = open("journal", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	wakes = eventfd(0, 0);
	sem_init(&go, 0, 0);
	sem_init(&held, 0, 0);
	pthread_create(&thread, NULL, feed, NULL);
	while (sem_wait(&held) != 0)
		;
	for (auto &text : book) // what a warm-up is for
		append_quote(text);
	feed_once(false);
	if (strcmp(what, "holders") == 0)
		wait_for_loader();
	vprof_span_begin("settle", 0);
	vprof_span_end();
	run_loop(50, false);
	vprof_mark("warm");
	run_loop(ticks, true);
	for (long i = argc > 4 ? atol(argv[4]) : 0; i > 0; i--)
		vprof_mark("beat");
	vprof_mark("cool");
	free(strdup("what comes at the end"));
	_exit(0);
}
