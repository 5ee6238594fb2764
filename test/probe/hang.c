/* Hangs, in one of four ways, and says when it does; ends when its standard input does.
 *
 *	two	two threads wait for each other's mutex; one of them has two locks more, and had one
 *	self	one takes a mutex that it has
 *	lost	one waits for a condition that was signalled too early
 *	child	one waits for a child that does not end
 * Prints, at the end, how many calls of nanosleep a signal interrupted. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t book_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t log_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t own_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t given_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rates_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t done_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t done_cond = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t both;
static int interrupted;

static void take_book(void)
{
	pthread_mutex_lock(&book_mutex);
}

static void take_log(void)
{
	pthread_mutex_lock(&log_mutex);
}

static void *book_first(void *arg)
{
	pthread_setname_np(pthread_self(), "booker");
	pthread_mutex_lock(&given_mutex);
	pthread_mutex_lock(&own_mutex); /* nobody waits for it */
	pthread_rwlock_rdlock(&rates_lock);
	pthread_mutex_unlock(&given_mutex);
	take_book();
	pthread_barrier_wait(&both);
	take_log(); /* never */
	return arg;
}

static void *log_first(void *arg)
{
	pthread_setname_np(pthread_self(), "logger");
	take_log();
	pthread_barrier_wait(&both);
	take_book(); /* never */
	return arg;
}

static void *take_twice(void *arg)
{
	take_book();
	take_book(); /* never */
	return arg;
}

static void *wait_for_done(void *arg)
{
	pthread_mutex_lock(&done_mutex);
	pthread_cond_signal(&done_cond); /* before anybody waits */
	pthread_cond_wait(&done_cond, &done_mutex); /* for ever */
	return arg;
}

static pid_t child;

static void *wait_for_child(void *arg)
{
	int status;

	waitpid(child, &status, 0); /* for ever */
	return arg;
}

static void start(void *(*fn)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fn, NULL))
		exit(3);
	pthread_detach(thread);
}

static void start_child(void)
{
	child = fork();
	if (child == 0) {
		for (;;)
			pause();
	}
}

static void *nap(void *arg)
{
	for (;;)
		if (nanosleep(&(struct timespec){0, 20000000}, NULL) && errno == EINTR)
			interrupted++;
	return arg;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char byte;

	pthread_barrier_init(&both, NULL, 2);
	if (strcmp(how, "two") == 0) {
		start(book_first);
		start(log_first);
	} else if (strcmp(how, "self") == 0) {
		start(take_twice);
	} else if (strcmp(how, "lost") == 0) {
		start(wait_for_done);
	} else {
		start_child();
		start(wait_for_child);
	}
	start(nap);
	usleep(100000);
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	if (child)
		kill(child, SIGKILL);
	printf("interrupted %d\n", interrupted);
	fflush(stdout);
	_exit(0);
}
