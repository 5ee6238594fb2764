/* An event loop that stalls, each time until it is let go: what the test plants, and knows.
 *
 *	stall_live JOURNAL PIPE FLAG
 * Reads letters, one an iteration, and says what it is about to do, in which function and
 * line: f fsync of JOURNAL, l a lock that another thread has, which reads from PIPE, c work
 * until a byte of the shared file FLAG is set, r read from PIPE past libc, s stops itself, b a
 * place for a breakpoint; anything else is a turn without work.  Ends with its input, and says
 * how many calls a signal interrupted. */
#include "probe.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static int journal_fd, pipe_fd;
static volatile uint8_t *flag;
static unsigned interrupted;
static pthread_mutex_t book_mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t wanted, taken;

#define SAY(kind, line) say("%s %s %d\n", kind, __func__, line)

__attribute__((noinline)) static void save_journal(void)
{
	SAY("fsync", __LINE__ + 1);
	interrupted += fsync(journal_fd) != 0 && errno == EINTR;
}

/* Has the mutex until a byte comes. */
static void *feeder(void *arg)
{
	char byte;

	pthread_setname_np(pthread_self(), "feeder");
	for (;;) {
		while (sem_wait(&wanted) != 0)
			interrupted++;
		pthread_mutex_lock(&book_mutex);
		sem_post(&taken);
		if (read(pipe_fd, &byte, 1) != 1)
			interrupted++;
		pthread_mutex_unlock(&book_mutex);
	}
	return arg;
}

__attribute__((noinline)) static void take_book(void)
{
	sem_post(&wanted);
	sem_wait(&taken);
	SAY("lock", __LINE__ + 1);
	pthread_mutex_lock(&book_mutex);
	pthread_mutex_unlock(&book_mutex);
}

__attribute__((noinline)) static void reprice(void)
{
	volatile unsigned x = 1;

	SAY("cpu", __LINE__ + 1);
	while (!*flag) x = x * 1664525u + 1013904223u;
}

static long raw_read(int fd, char *to)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"((long)SYS_read), "D"((long)fd), "S"(to), "d"(1L)
			 : "rcx", "r11", "memory");
	return ret;
}

__attribute__((noinline)) static void past_libc(void)
{
	char byte;

	SAY("raw", __LINE__ + 1);
	interrupted += raw_read(pipe_fd, &byte) == -EINTR;
}

__attribute__((noinline)) static void stop_here(void)
{
	SAY("stop", __LINE__ + 1);
	kill(getpid(), SIGSTOP);
}

void at_breakpoint(void);
__attribute__((noinline)) void at_breakpoint(void)
{
	__asm__ volatile("");
}

static void work(char what)
{
	switch (what) {
	case 'f':
		save_journal();
		break;
	case 'l':
		take_book();
		break;
	case 'c':
		reprice();
		break;
	case 'r':
		past_libc();
		break;
	case 's':
		stop_here();
		break;
	case 'b':
		at_breakpoint();
		break;
	default:
		break;
	}
}

static void loop(void)
{
	int fd = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};
	char what;

	epoll_ctl(fd, EPOLL_CTL_ADD, 0, &event);
	for (;;) {
		int n = epoll_wait(fd, &event, 1, -1);

		interrupted += n < 0 && errno == EINTR;
		if (n < 1)
			continue;
		if (read(0, &what, 1) != 1)
			return;
		work(what);
		say("done\n");
	}
}

int main(int argc, char **argv)
{
	int flag_fd = argc == 4 ? open(argv[3], O_RDWR) : -1;
	pthread_t thread;

	if (flag_fd < 0)
		return 2;
	journal_fd = open(argv[1], O_WRONLY);
	pipe_fd = open(argv[2], O_RDWR);
	flag = mmap(NULL, 1, PROT_READ, MAP_SHARED, flag_fd, 0);
	sem_init(&wanted, 0, 0);
	sem_init(&taken, 0, 0);
	pthread_create(&thread, NULL, feeder, NULL);
	say("ready\n");
	loop();
	say("interrupted %u\n", interrupted);
	_exit(0);
}
