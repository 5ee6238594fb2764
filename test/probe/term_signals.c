/* SIGTERM, SIGINT and SIGHUP at their default and otherwise: what a program sees of
 * them, and what its parent sees when it dies.  Run bare and with leakscan=term. */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static const int three[] = {SIGTERM, SIGINT, SIGHUP};
static const char *self;
static volatile sig_atomic_t got;

static void on_signal(int sig)
{
	got = sig;
}

static const char *name_of(void (*handler)(int))
{
	return handler == SIG_DFL     ? "default"
	       : handler == SIG_IGN   ? "ignored"
	       : handler == on_signal ? "ours"
	       : handler == SIG_ERR   ? "error"
				      : "STRANGE";
}

static void show(int sig)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void *restorer;
		unsigned long mask;
	} raw = {0};
	struct sigaction act;
	unsigned long mask;

	sigaction(sig, NULL, &act);
	memcpy(&mask, &act.sa_mask, sizeof(mask));
	printf("%d: %s flags %x mask %lx", sig, name_of(act.sa_handler),
	       (unsigned)act.sa_flags & ~0x04000000u, mask);
	syscall(SYS_rt_sigaction, sig, NULL, &raw, 8);
	printf("; raw %s flags %lx mask %lx\n", name_of(raw.handler), raw.flags & ~0x04000000ul,
	       raw.mask);
}

static void show_all(void)
{
	for (int i = 0; i < 3; i++)
		show(three[i]);
}

static void query(void)
{
	struct sigaction act = {.sa_handler = SIG_DFL, .sa_flags = SA_NODEFER}, old;

	show_all();
	sigaddset(&act.sa_mask, SIGUSR1);
	sigaction(SIGTERM, &act, &old);
	show(SIGTERM);
	printf("signal %s", name_of(signal(SIGINT, on_signal)));
	printf(" %s", name_of(signal(SIGINT, SIG_DFL)));
	printf(" %s", name_of(signal(SIGINT, SIG_IGN)));
	printf(" %s\n", name_of(signal(SIGINT, SIG_DFL)));
	show(SIGINT);
	printf("sysv %s", name_of(sysv_signal(SIGHUP, SIG_DFL)));
	show(SIGHUP);
	printf(" %s", name_of(sysv_signal(SIGHUP, on_signal)));
	printf(" ssignal %s", name_of(ssignal(SIGHUP, SIG_DFL)));
	printf(" sigset %s", name_of(sigset(SIGHUP, on_signal)));
	printf(" %s", name_of(sigset(SIGHUP, SIG_DFL)));
	printf(" %s", name_of(sigset(SIGHUP, SIG_HOLD)));
	printf(" %s\n", name_of(sigset(SIGHUP, SIG_DFL)));
	sigignore(SIGINT);
	show(SIGINT);
	signal(SIGINT, SIG_DFL);
	siginterrupt(SIGINT, 1);
	show_all();
	printf("sigaction(0) %d %d\n", sigaction(0, &act, NULL), errno);
	printf("sigaction(999) %d %d\n", sigaction(999, &act, NULL), errno);
}

static void report(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		printf("died by %d%s\n", WTERMSIG(status), WCOREDUMP(status) ? " with core" : "");
	else
		printf("exit %d\n", WEXITSTATUS(status));
	fflush(stdout);
}

static void nap(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	while (nanosleep(&time, &time) < 0 && errno == EINTR)
		;
}

/* fork, then the body in the child; the parent waits and says how it ended. */
#define CHILD(...)                                                                                 \
	do {                                                                                       \
		pid_t pid_;                                                                        \
		fflush(stdout);                                                                    \
		pid_ = fork();                                                                     \
		if (pid_ == 0) {                                                                   \
			__VA_ARGS__;                                                               \
			_exit(7);                                                                  \
		}                                                                                  \
		report(pid_);                                                                      \
	} while (0)

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void *allocate(void *arg)
{
	(void)arg;
	for (;;)
		free(malloc((size_t)rand() % 4000 + 1));
	return NULL;
}

static void start(void *(*run)(void *), size_t stack)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (stack)
		pthread_attr_setstacksize(&attr, stack);
	pthread_create(&thread, &attr, run, NULL);
}

static void die(void)
{
	pthread_t thread;
	pid_t pid;

	for (int i = 0; i < 3; i++)
		CHILD(kill(getpid(), three[i]); nap(5000));
	CHILD(raise(SIGTERM); nap(5000));
	CHILD(pthread_create(&thread, NULL, wait_for_ever, NULL); nap(20);
	      pthread_kill(thread, SIGTERM); nap(5000));
	CHILD(start(wait_for_ever, 16384); nap(20); kill(getpid(), SIGTERM); nap(5000));
	pid = fork();
	if (pid == 0) {
		sigset_t none;

		sigemptyset(&none);
		printf("sigsuspend came back: %d\n", sigsuspend(&none));
		fflush(stdout);
		_exit(7);
	}
	nap(50);
	kill(pid, SIGHUP);
	report(pid);
	pid = fork();
	if (pid == 0) {
		printf("pause came back: %d\n", pause());
		fflush(stdout);
		_exit(7);
	}
	nap(50);
	kill(pid, SIGSTOP);
	kill(pid, SIGTERM);
	nap(20);
	kill(pid, SIGCONT);
	report(pid);
}

/* Children that no fork handler has seen, and those of others. */
static void unseen(void)
{
	pid_t pid = (pid_t)syscall(SYS_fork);

	if (pid == 0) {
		kill((pid_t)syscall(SYS_getpid), SIGTERM);
		syscall(SYS_exit_group, 7);
	}
	report(pid);
	pid = _Fork();
	if (pid == 0) {
		kill((pid_t)syscall(SYS_getpid), SIGINT);
		syscall(SYS_exit_group, 7);
	}
	report(pid);
	pid = vfork();
	if (pid == 0) {
		signal(SIGTERM, SIG_IGN);
		signal(SIGHUP, on_signal);
		_exit(3);
	}
	report(pid);
	show_all(); /* nothing of it is ours */
	pid = vfork();
	if (pid == 0) {
		kill(getpid(), SIGTERM);
		_exit(3);
	}
	report(pid);
	CHILD(kill(getpid(), SIGTERM); nap(5000));
}

static void blocked(void)
{
	struct timespec none = {0, 0};
	struct signalfd_siginfo info;
	sigset_t set, pending;
	siginfo_t si;
	int sig, fd;

	sigemptyset(&set);
	for (int i = 0; i < 3; i++)
		sigaddset(&set, three[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	printf("sigtimedwait %d %d\n", sigtimedwait(&set, &si, &none), errno);
	kill(getpid(), SIGTERM);
	sigpending(&pending);
	printf("pending %d %d\n", sigismember(&pending, SIGTERM), sigismember(&pending, SIGINT));
	sigwait(&set, &sig);
	printf("sigwait %d\n", sig);
	sigqueue(getpid(), SIGINT, (union sigval){.sival_int = 42});
	sig = sigwaitinfo(&set, &si);
	printf("sigwaitinfo %d %d %d\n", sig, si.si_code, si.si_value.sival_int);
	fd = signalfd(-1, &set, 0);
	kill(getpid(), SIGHUP);
	if (read(fd, &info, sizeof(info)) == sizeof(info))
		printf("signalfd %u\n", info.ssi_signo);
	/* Ignored and blocked, then at its default again: it stays away. */
	signal(SIGTERM, SIG_IGN);
	kill(getpid(), SIGTERM);
	signal(SIGTERM, SIG_DFL);
	sigpending(&pending);
	printf("pending after ignoring %d\n", sigismember(&pending, SIGTERM));
	CHILD(kill(getpid(), SIGTERM); sigprocmask(SIG_UNBLOCK, &set, NULL));
	show_all();
}

/* The host's own handlers, and calls they interrupt. */
static void handled(void)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct pollfd none = {.fd = -1};

	sigaction(SIGTERM, &act, NULL);
	kill(getpid(), SIGTERM);
	printf("handled %d\n", got);
	if (fork() == 0) {
		nap(50);
		kill(getppid(), SIGTERM);
		_exit(0);
	}
	printf("poll %d", poll(&none, 1, 5000));
	printf(" %d\n", errno);
	wait(NULL);
	signal(SIGTERM, SIG_IGN);
	kill(getpid(), SIGTERM);
	act.sa_handler = SIG_DFL;
	CHILD(sigaction(SIGTERM, &act, NULL); kill(getpid(), SIGTERM); nap(5000));
	act.sa_handler = on_signal;
	act.sa_flags = (int)SA_RESETHAND;
	got = 0;
	CHILD(sigaction(SIGINT, &act, NULL); raise(SIGINT); printf("once %d\n", got);
	      fflush(stdout); raise(SIGINT); nap(5000));
}

/* What programs that this one executes are given. */
static void given(void)
{
	char *const argv[] = {(char *)(uintptr_t)self, "show", NULL};
	extern char **environ;
	sigset_t def;
	posix_spawnattr_t attr;
	pid_t pid;

	signal(SIGHUP, SIG_IGN);
	CHILD(execv(self, argv));
	CHILD(unsetenv("LD_PRELOAD");
	      execl("/bin/grep", "grep", "^Sig[IC]", "/proc/self/status", NULL));
	if (posix_spawn(&pid, self, NULL, NULL, argv, environ) == 0)
		report(pid);
	posix_spawnattr_init(&attr);
	sigemptyset(&def);
	sigaddset(&def, SIGHUP);
	posix_spawnattr_setsigdefault(&attr, &def);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	if (posix_spawn(&pid, self, NULL, &attr, argv, environ) == 0)
		report(pid);
	fflush(stdout);
	printf("system %d\n", system("kill -TERM $$"));
	show_all();
	CHILD(kill(getpid(), SIGHUP); execl("/nothing", "nothing", NULL); kill(getpid(), SIGTERM);
	      nap(5000));
}

/* In the midst of allocations, of starting threads, of another search. */
static void storm(void)
{
	for (int i = 0; i < 40; i++)
		CHILD(start(allocate, 0); start(allocate, 0); nap(i % 7);
		      kill(getpid(), three[i % 3]); allocate(NULL));
	for (int i = 0; i < 10; i++)
		CHILD(start(allocate, 0); kill(getpid(), SIGTERM); for (;;) {
			pthread_t thread;

			if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0)
				nap(10);
		});
	/* Twice at once, by two signals. */
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid == 0)
			allocate(NULL);
		nap(2);
		kill(pid, SIGTERM);
		kill(pid, SIGTERM);
		report(pid);
	}
	/* exit() meanwhile does not get through. */
	CHILD(kill(getpid(), SIGTERM); exit(3));
}

static void *change(void *arg)
{
	(void)arg;
	for (;;) {
		signal(SIGTERM, on_signal);
		signal(SIGTERM, SIG_DFL);
	}
	return NULL;
}

/* Handled or dead by that signal: nothing else may come of it. */
static void changing(void)
{
	int odd = 0;

	for (int i = 0; i < 40; i++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0) {
			start(change, 0);
			nap(2);
			for (;;)
				kill(getpid(), SIGTERM);
		}
		waitpid(pid, &status, 0);
		odd += !WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM;
	}
	printf("odd ends: %d\n", odd);
}

/* The first process of a namespace: the default action is to live on. */
static void first(void)
{
	show_all();
	for (int i = 0; i < 3; i++)
		kill(getpid(), three[i]);
	printf("%d lives on\n", (int)getpid());
	CHILD(kill(getpid(), SIGTERM); nap(5000));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} cases[] = {{"query", query},	 {"show", show_all},   {"die", die},
		     {"unseen", unseen}, {"blocked", blocked}, {"handled", handled},
		     {"given", given},	 {"storm", storm},     {"changing", changing},
		     {"first", first}};

	self = "/proc/self/exe";
	if (argc > 1 && strchr(argv[0], '/'))
		self = argv[0];
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]) != 0)
			continue;
		cases[i].run();
		return 0;
	}
	return 2;
}
