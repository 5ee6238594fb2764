/* What a program sees of signals. Prints facts that must be the same with and
 * without the library.
 *
 * signals MODE: eintr default_all sigwait signalfd altstack masks handlers pending */
#include "probe.h"
#include <poll.h>
#include <pthread.h>
#include <signal.h>
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

/* Blocks in the calls that no SA_RESTART protects while another thread burns. */
static void eintr(void)
{
	struct timespec nap = { 0, 20000000 };
	struct timeval tv;
	pthread_t thread;
	int count = 0, fds[2];
	char byte;

	if (pipe(fds))
		DIE("pipe");
	pthread_create(&thread, NULL, burner, NULL);
	for (int i = 0; i < 20; i++) {
		struct pollfd p = { fds[0], POLLIN, 0 };

		burn_ms(10); /* this thread gets its share of sampling too */
		count += nanosleep(&nap, NULL) != 0;
		count += poll(&p, 1, 20) < 0;
		tv = (struct timeval){ 0, 20000 };
		count += select(0, NULL, NULL, NULL, &tv) < 0;
		if (write(fds[1], "x", 1) != 1 || read(fds[0], &byte, 1) != 1)
			count++;
	}
	stop = 1;
	pthread_join(thread, NULL);
	say("interrupted calls: %d\n", count);
}

/* What daemons do at start: back to the defaults. */
static void default_all(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
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
	struct timespec limit = { 0, 100000000 };
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
	struct pollfd p = { fd, POLLIN, 0 };
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
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	struct sigaction action = { .sa_handler = on_alternate, .sa_flags = SA_ONSTACK };

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
			    action.sa_handler == SIG_DFL ? "default" :
			    action.sa_handler == SIG_IGN ? "ignored" : "handled",
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
	static const struct { const char *name; void (*run)(void); } mode[] = {
		{ "eintr", eintr }, { "default_all", default_all },
		{ "sigwait", sig_wait }, { "signalfd", signal_fd },
		{ "altstack", altstack }, { "masks", masks },
		{ "handlers", handlers }, { "pending", pending },
	};

	for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++)
		if (argc > 1 && !strcmp(argv[1], mode[i].name)) {
			mode[i].run();
			return 0;
		}
	return 64;
}
