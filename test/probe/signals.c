/* What a program sees of signals. Prints facts that must be the same with and
 * without the library.
 *
 * signals MODE: eintr default_all sigwait signalfd altstack masks handlers pending */
#include "probe.h"
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

static volatile int stop;

static void *burner(void *arg)
{
	while (!stop)
		burn_ms(5);
	return arg;
}

/* Calls that block until their time is over, or the other thread lets them go
 * on, or interrupts them. They return whether they were interrupted. */
static int fds[2], epoll_fd;
static sem_t semaphore;
static volatile unsigned turn;	       /* odd: the thread is in a call, or about to be */
static volatile int interrupt;	       /* the other thread is to send a signal ... */
static void (*volatile release)(void); /* ... or to call this, NULL: nothing */
static int blocked_tid;

/* How long it waits: to the end, or for a signal that is sure to come. */
static int wait_ms(void)
{
	return interrupt ? 9000 : 30;
}

static int in_nanosleep(void)
{
	struct timespec nap = {wait_ms() / 1000, wait_ms() % 1000 * 1000000};

	return nanosleep(&nap, NULL) != 0;
}

static int in_poll(void)
{
	struct pollfd p = {fds[0], POLLIN, 0};

	return poll(&p, 1, wait_ms()) < 0;
}

static int in_select(void)
{
	struct timeval tv = {wait_ms() / 1000, wait_ms() % 1000 * 1000};

	return select(0, NULL, NULL, NULL, &tv) < 0;
}

static int in_epoll_wait(void)
{
	struct epoll_event event;

	return epoll_wait(epoll_fd, &event, 1, wait_ms()) < 0;
}

static int in_read(void)
{
	char byte;

	return read(fds[0], &byte, 1) != 1;
}

static int in_sem_wait(void)
{
	return sem_wait(&semaphore) != 0;
}

static void send_byte(void)
{
	burn_ms(10);
	if (write(fds[1], "x", 1) != 1)
		DIE("write");
}

static void post(void)
{
	burn_ms(10);
	sem_post(&semaphore);
}

static void nothing(int sig)
{
	(void)sig;
}

static int sleeping(int tid)
{
	char path[64], text[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		DIE("%s", path);
	close(fd);
	return strstr(text, ") S ") != NULL;
}

/* Burns; when the other thread sleeps in its call, ends that in one way or the
 * other, once. */
static void *releaser(void *arg)
{
	pthread_t *other = arg;
	unsigned done = 0, now;

	while (!stop) {
		burn_ms(1);
		now = turn;
		if (now % 2 == 0 || now == done || !sleeping(blocked_tid) || turn != now)
			continue;
		done = now;
		if (interrupt)
			pthread_kill(*other, SIGUSR1);
		else if (release)
			release();
	}
	return NULL;
}

/* ROUNDS of each call left alone, and as many interrupted: exactly those. */
#define ROUNDS 12
static void eintr(void)
{
	static const struct {
		const char *name;
		int (*run)(void);
		void (*release)(void);
	} call[] = {
	    {"nanosleep", in_nanosleep, NULL}, {"poll", in_poll, NULL},
	    {"select", in_select, NULL},       {"epoll_wait", in_epoll_wait, NULL},
	    {"read", in_read, send_byte},      {"sem_wait", in_sem_wait, post},
	};
	struct sigaction action = {.sa_handler = nothing};
	pthread_t me = pthread_self(), thread;

	if (pipe(fds) || (epoll_fd = epoll_create1(0)) < 0 || sem_init(&semaphore, 0, 0))
		DIE("pipe");
	sigaction(SIGUSR1, &action, NULL);
	blocked_tid = gettid();
	pthread_create(&thread, NULL, releaser, &me);
	for (size_t i = 0; i < sizeof(call) / sizeof(call[0]); i++) {
		for (interrupt = 0; interrupt < 2; interrupt++) {
			int count = 0;

			release = call[i].release;
			for (int round = 0; round < ROUNDS; round++) {
				burn_ms(10); /* this thread gets its share of sampling too */
				turn++;
				count += call[i].run();
				turn++;
			}
			say("%s: %d interrupted of %d, %d asked for\n", call[i].name, count, ROUNDS,
			    interrupt ? ROUNDS : 0);
		}
	}
	stop = 1;
	pthread_join(thread, NULL);
}

/* What daemons do at start: back to the defaults. */
static void default_all(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	pthread_t thread;
	int set = 0;

	for (int sig = 1; sig < 65; sig++)
		set += sigaction(sig, &action, NULL) == 0;
	pthread_create(&thread, NULL, burner, NULL);
	burn_ms(300);
	stop = 1;
	pthread_join(thread, NULL);
	say("set %d to their defaults and lived\n", set);
}

static void sig_wait(void)
{
	struct timespec limit = {0, 100000000};
	siginfo_t info;
	sigset_t all;
	int got;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	burn_ms(200);
	got = sigtimedwait(&all, &info, &limit);
	say("uncalled for: %d\n", got);
	raise(SIGUSR1);
	sigwait(&all, &got);
	say("waited for %d\n", got);
}

static void signal_fd(void)
{
	struct signalfd_siginfo info;
	sigset_t all;
	int fd, stray = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	fd = signalfd(-1, &all, SFD_NONBLOCK);
	burn_ms(200);
	while (read(fd, &info, sizeof(info)) == sizeof(info))
		stray++;
	kill(getpid(), SIGUSR2);
	say("stray %d\n", stray);
	struct pollfd p = {fd, POLLIN, 0};
	poll(&p, 1, 2000);
	say("read %zd bytes, ", read(fd, &info, sizeof(info)));
	say("signal %d\n", (int)info.ssi_signo);
}

static char alternate[64 << 10] __attribute__((aligned(4096)));

static void on_alternate(int sig)
{
	char here;

	say("signal %d on the alternate stack: %d\n", sig,
	    &here > alternate && &here < alternate + sizeof(alternate));
	for (int i = 0; i < 1000; i++)
		free(opaque(malloc(100))); /* raised synchronously: allowed */
	burn_ms(50);
}

static void altstack(void)
{
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	struct sigaction action = {.sa_handler = on_alternate, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigaltstack(NULL, &stack);
	say("flags %d size %zu\n", stack.ss_flags, stack.ss_size);
}

static void *print_mask(void *name)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	say("blocked in %s:", (char *)name);
	for (int sig = 1; sig < 65; sig++)
		if (sigismember(&set, sig) == 1)
			say(" %d", sig);
	say("\n");
	return NULL;
}

static void masks(void)
{
	pthread_t thread;

	print_mask("main");
	pthread_create(&thread, NULL, print_mask, "thread");
	pthread_join(thread, NULL);
}

static void handlers(void)
{
	struct sigaction action;

	for (int sig = 1; sig < 65; sig++)
		if (sigaction(sig, NULL, &action) == 0)
			say("%d %s %x\n", sig,
			    action.sa_handler == SIG_DFL   ? "default"
			    : action.sa_handler == SIG_IGN ? "ignored"
							   : "handled",
			    (unsigned)action.sa_flags);
}

static void pending(void)
{
	sigset_t set;

	sigfillset(&set);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	burn_ms(200);
	sigpending(&set);
	for (int sig = 1; sig < 65; sig++)
		if (sigismember(&set, sig) == 1)
			say("%d pending\n", sig);
	say("done\n");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} mode[] = {
	    {"eintr", eintr},	     {"default_all", default_all}, {"sigwait", sig_wait},
	    {"signalfd", signal_fd}, {"altstack", altstack},	   {"masks", masks},
	    {"handlers", handlers},  {"pending", pending},
	};

	for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++)
		if (argc > 1 && !strcmp(argv[1], mode[i].name)) {
			mode[i].run();
			return 0;
		}
	return 64;
}
