/* What a search for leaks in a running process must not disturb: leak_scan MODE.
 * Each loses ten blocks of 40 bytes first, and has itself searched. */
#include "probe.h"
#include "vprof.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static volatile int stop, interrupted, children_told;
static volatile long calls;
static int never[2]; /* a pipe that nobody writes to until the end */
static sem_t semaphore;

static __attribute__((noinline)) void lose(void)
{
	for (int i = 0; i < 10; i++)
		opaque(malloc(40));
}

static __attribute__((noinline)) void scrub(void)
{
	volatile char room[8192];

	memset((char *)room, 0, sizeof(room));
}

/* Bare, there is nobody to ask, and that is fine. */
static void search(void)
{
	lose();
	scrub();
	vprof_leak_scan();
}

static void count(int ret)
{
	if (ret < 0 && errno == EINTR)
		__atomic_add_fetch(&interrupted, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
}

static void *in_poll(void *arg)
{
	struct pollfd one = {never[0], POLLIN, 0};

	count(poll(&one, 1, -1));
	return arg;
}

static void *in_epoll(void *arg)
{
	struct epoll_event event = {.events = EPOLLIN};
	int fd = epoll_create1(0);

	epoll_ctl(fd, EPOLL_CTL_ADD, never[0], &event);
	count(epoll_wait(fd, &event, 1, 20000));
	return arg;
}

static void *in_select(void *arg)
{
	struct timeval time = {20, 0};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(never[0], &set);
	count(select(never[0] + 1, &set, NULL, NULL, &time));
	return arg;
}

static void *in_nanosleep(void *arg)
{
	struct timespec time = {1, 0};

	count(nanosleep(&time, NULL));
	return arg;
}

static void *in_semaphore(void *arg)
{
	count(sem_wait(&semaphore));
	return arg;
}

static void *in_read(void *arg)
{
	char byte;

	count((int)read(never[0], &byte, 0) +
	      poll(&(struct pollfd){never[0], POLLIN, 0}, 1, 20000));
	return arg;
}

static void *spinning(void *arg)
{
	while (!stop)
		free(opaque(malloc(64)));
	count(0);
	return arg;
}

/* No call of a thread comes back for the search's sake. */
static int eight_threads(void)
{
	static void *(*const run[])(void *) = {in_poll,	     in_epoll, in_select, in_nanosleep,
					       in_semaphore, in_read,  spinning,  spinning};
	pthread_t thread[8];

	if (pipe(never) != 0 || sem_init(&semaphore, 0, 0) != 0)
		DIE("pipe");
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, run[i], NULL);
	sleep_ms(100);
	for (int i = 0; i < 3; i++) {
		search();
		sleep_ms(100);
	}
	stop = 1;
	sem_post(&semaphore);
	if (write(never[1], "x", 1) != 1)
		DIE("write");
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	say("calls %ld interrupted %d\n", calls, interrupted);
	return 5;
}

static void told(int sig)
{
	(void)sig;
	children_told++;
}

/* wait() sees the program's own child only, and so does SIGCHLD. */
static int waits(void)
{
	struct sigaction act = {.sa_handler = told, .sa_flags = SA_RESTART};
	int status, found = 0;
	pid_t child;

	sigaction(SIGCHLD, &act, NULL);
	search();
	say("before: %d\n", (int)wait(&status));
	child = fork();
	if (child == 0)
		_exit(3);
	search();
	while ((child = wait(&status)) > 0 || errno == EINTR)
		found += child > 0;
	sleep_ms(200);
	say("children %d status %d signals %d errno %d\n", found, WEXITSTATUS(status),
	    children_told, errno);
	return 6;
}

/* A pipe ends when the program closes its end, and numbers stay as they were. */
static int files(void)
{
	struct pollfd one;
	int fd[2];

	if (pipe(fd) != 0)
		DIE("pipe");
	search();
	close(fd[1]);
	one = (struct pollfd){fd[0], POLLIN, 0};
	say("poll %d hangup %d next %d\n", poll(&one, 1, 1000), (one.revents & POLLHUP) != 0,
	    open("/dev/null", O_RDONLY));
	return 7;
}

static void *deaf(void *arg)
{
	uint64_t all = ~0ull;

	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof(all));
	while (!stop)
		sleep_ms(20);
	return arg;
}

static int deaf_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, deaf, NULL);
	sleep_ms(100);
	search();
	say("not hung\n");
	exit(8); /* with the thread still there */
}

static void leave(int sig)
{
	(void)sig;
	exit(9);
}

static int exit_in_handler(void)
{
	signal(SIGUSR1, leave);
	lose();
	scrub();
	raise(SIGUSR1);
	return 90;
}

static int nothing(void)
{
	lose();
	scrub();
	return 10;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} modes[] = {{"eight_threads", eight_threads},
		     {"waits", waits},
		     {"files", files},
		     {"deaf_thread", deaf_thread},
		     {"exit_in_handler", exit_in_handler},
		     {"nothing", nothing}};

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!strcmp(argv[1], modes[i].name))
			return modes[i].run();
	}
	return 91;
}
