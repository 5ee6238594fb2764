/* What befalls a loop: a fork, a pause, a jump out of an iteration, another loop after it,
 * waits on stacks of their own.  Prints what each thread that looped did.
 *
 *	loop_life fork|pause|jump|after|inner|fibers|short|file|kill */
#include "loop_truth.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <vprof.h>

static struct truth truth;

static void nap(void)
{
	struct timespec time = {0, 300000};

	truth_waits(&truth);
	nanosleep(&time, NULL);
	truth_back(&truth, 0, 0);
}

__attribute__((noinline)) static void turns(int count)
{
	for (int i = 0; i < count; i++) {
		nap();
		work_us(100);
	}
}

static void forks(void)
{
	int pid, status;

	truth_begin(&truth, "parent", "nanosleep");
	turns(40);
	pid = fork();
	if (pid == 0) {
		truth_begin(&truth, "child", "nanosleep");
		turns(60);
		truth_say(&truth);
		_exit(0);
	}
	turns(30);
	if (waitpid(pid, &status, 0) != pid || status)
		DIE("the child");
	truth_say(&truth);
}

/* What is not recorded is none of its turns, and neither is what lies around it. */
static void pauses(void)
{
	truth_begin(&truth, "pause", "nanosleep");
	turns(40);
	vprof_stop();
	truth.back_ns = 0;
	{
		struct truth before = truth;

		turns(40);
		truth = before;
	}
	vprof_start();
	turns(40);
	truth_say(&truth);
}

static jmp_buf top;

__attribute__((noinline)) static void jump(int i)
{
	char room[256];

	snprintf(room, sizeof(room), "%d", i);
	if (i % 3 == 0)
		longjmp(top, 1);
}

/* Out of an iteration, to where it waits again: that is how it ends. */
static void jumps(void)
{
	static volatile int i;

	truth_begin(&truth, "jump", "nanosleep");
	setjmp(top);
	while (i < 90) {
		i++;
		nap();
		work_us(50);
		jump(i);
	}
	truth_say(&truth);
}

__attribute__((noinline)) static void first_turns(void)
{
	struct truth first;
	struct pollfd none = {-1, 0, 0};

	truth_begin(&first, "after", "poll");
	for (int i = 0; i < 50; i++) {
		truth_waits(&first);
		truth_back(&first, poll(&none, 1, 1), 0);
		work_us(20);
	}
	truth_say(&first);
}

/* A loop that polls until something is there, and the one it is then. */
static void afterwards(void)
{
	first_turns();
	truth_begin(&truth, "after", "nanosleep");
	turns(200);
	truth.empty = 120; /* it takes a quarter of the first one's life to tell */
	truth.busy_ns = truth.idle_ns = 0;
	truth_say(&truth);
}

/* The same function sleeps for the loop, and before that within its iteration. */
__attribute__((noinline)) static void report(void)
{
	struct timespec time = {0, 200000};
	uint64_t begin = clock_ns(CLOCK_MONOTONIC);

	nanosleep(&time, NULL);
	truth.blocked_ns += clock_ns(CLOCK_MONOTONIC) - begin;
}

static void inner(void)
{
	truth_begin(&truth, "inner", "nanosleep");
	for (int i = 0; i < 100; i++) {
		report();
		nap();
	}
	truth.empty = 20; /* until the inner one is not taken for the loop any more */
	truth.busy_ns = truth.idle_ns = truth.blocked_ns = truth.max_ns = 0;
	truth_say(&truth);
}

/* ---- fibers ----------------------------------------------------------------- */

#define FIBERS 5
#define STACK  (64 << 10)
static ucontext_t fiber[FIBERS], home;
static int turn;

static void run_fiber(void)
{
	for (;;) {
		nap();
		work_us(100);
		turn++;
		if (turn == 100)
			swapcontext(&fiber[(turn - 1) % FIBERS], &home);
		swapcontext(&fiber[(turn - 1) % FIBERS], &fiber[turn % FIBERS]);
	}
}

static void fibers(void)
{
	truth_begin(&truth, "fibers", "nanosleep");
	for (int i = 0; i < FIBERS; i++) {
		char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

		getcontext(&fiber[i]);
		fiber[i].uc_stack.ss_sp = stack;
		fiber[i].uc_stack.ss_size = STACK;
		makecontext(&fiber[i], run_fiber, 0);
	}
	swapcontext(&home, &fiber[0]);
	truth_say(&truth);
}

/* A file that is read again and again is no loop, however long it takes. */
static void file(void)
{
	static char buf[1 << 20];
	int fd = open("/proc/self/exe", O_RDONLY);
	char name[] = "loop_life.XXXXXX";
	int big = mkstemp(name);

	unlink(name);
	for (int i = 0; i < 64; i++)
		if (write(big, buf, sizeof(buf)) != sizeof(buf))
			DIE("write");
	lseek(big, 0, SEEK_SET);
	while (read(big, buf, sizeof(buf)) > 0)
		;
	close(big);
	close(fd);
}

static void due_in_us(int timer, long us)
{
	struct itimerspec in = {.it_value.tv_nsec = us * 1000};

	if (timerfd_settime(timer, 0, &in, NULL))
		DIE("timerfd_settime");
}

/* Turns that are shorter than a microsecond, but for five of them, and then it is killed.  Where
 * the wait may sleep, it does so after each of the five, and what it slept is said. */
static void short_turns(int limit_ms)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0), slow = 0;
	uint64_t began, slept = 0;

	pthread_setname_np(pthread_self(), "short");
	due_in_us(timer, 1);
	epoll_ctl(set, EPOLL_CTL_ADD, timer, &event);
	work_us(100);
	began = clock_ns(CLOCK_MONOTONIC);
	for (int i = 0; i <= 300100; i++) {
		uint64_t from = clock_ns(CLOCK_MONOTONIC);

		if (epoll_wait(set, &event, 1, limit_ms) != 1)
			DIE("epoll_wait");
		from = clock_ns(CLOCK_MONOTONIC) - from;
		slept += slow ? from : 0;
		slow = i % 60000 == 59999;
		if (slow && limit_ms)
			due_in_us(timer, 8000);
		if (slow)
			work_us(3000);
	}
	say("{\"wall_ns\":%lu,\"slept_ns\":%lu}\n", clock_ns(CLOCK_MONOTONIC) - began, slept);
	kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "fork") == 0)
		forks();
	else if (strcmp(what, "pause") == 0)
		pauses();
	else if (strcmp(what, "jump") == 0)
		jumps();
	else if (strcmp(what, "after") == 0)
		afterwards();
	else if (strcmp(what, "inner") == 0)
		inner();
	else if (strcmp(what, "fibers") == 0)
		fibers();
	else if (strcmp(what, "file") == 0)
		file();
	else if (strcmp(what, "short") == 0)
		short_turns(argc > 2 ? atoi(argv[2]) : 0);
	else if (strcmp(what, "kill") == 0) {
		truth_begin(&truth, "kill", "nanosleep");
		turns(100);
		truth_say(&truth);
		kill(getpid(), SIGKILL);
	} else
		return 2;
	return 0;
}
