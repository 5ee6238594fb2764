/* SIGBUS as a program may use it: of its own faults and sent to it, in every
 * disposition.  `work SECONDS` keeps a record busy that somebody else cuts. */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "probe.h"

static volatile char *hole; /* a page that is not in the file it is mapped from */
static char stack[65536];
static volatile sig_atomic_t seen;

static void make_hole(void)
{
	char path[] = "/tmp/vprof-bus-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	hole = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
}

static void on_bus(int sig, siginfo_t *info, void *context)
{
	char here;
	sigset_t mask;

	(void)context;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	say("handler: signal %d, code %d, address %s, %s stack, masked:%s%s\n", sig, info->si_code,
	    info->si_addr == (void *)hole ? "right" : "other",
	    &here >= stack && &here < stack + sizeof(stack) ? "alternate" : "own",
	    sigismember(&mask, SIGUSR1) ? " USR1" : "", sigismember(&mask, SIGBUS) ? " BUS" : "");
	if (info->si_code > 0)
		mmap((void *)hole, 4096, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	seen++;
}

static void show(const char *when)
{
	struct sigaction now;

	sigaction(SIGBUS, NULL, &now);
	say("%s: %s, flags %x\n", when,
	    now.sa_handler == SIG_DFL	 ? "default"
	    : now.sa_handler == SIG_IGN	 ? "ignored"
	    : now.sa_sigaction == on_bus ? "handler"
					 : "a stranger",
	    (unsigned)now.sa_flags & ~0x04000000u);
}

static void prepare(const char *how)
{
	struct sigaction act = {.sa_sigaction = on_bus, .sa_flags = SA_SIGINFO}, old;
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
	sigset_t set;

	if (strcmp(how, "blocked") == 0 || strcmp(how, "handler_blocked") == 0) {
		sigemptyset(&set);
		sigaddset(&set, SIGBUS);
		sigprocmask(SIG_BLOCK, &set, NULL);
	}
	if (strcmp(how, "ignored") == 0)
		say("before %d\n", signal(SIGBUS, SIG_IGN) == SIG_DFL);
	if (strncmp(how, "handler", 7) != 0)
		return;
	sigaddset(&act.sa_mask, SIGUSR1);
	if (strcmp(how, "handler_altstack") == 0) {
		sigaltstack(&alternate, NULL);
		act.sa_flags |= SA_ONSTACK;
	}
	if (strcmp(how, "handler_once") == 0)
		act.sa_flags |= (int)SA_RESETHAND;
	if (strcmp(how, "handler_nodefer") == 0)
		act.sa_flags |= SA_NODEFER;
	sigaction(SIGBUS, &act, &old);
	say("before %d\n", old.sa_handler == SIG_DFL);
}

static int child(const char *how, const char *what)
{
	sigset_t pending;

	prepare(how);
	show("now");
	for (int times = 0; times < 2; times++) {
		if (strcmp(what, "fault") == 0)
			hole[0] = 1;
		else if (strcmp(what, "raise") == 0)
			raise(SIGBUS);
		else
			kill(getpid(), SIGBUS);
		sigpending(&pending);
		say("after: seen %d, pending %d, byte %d\n", (int)seen,
		    sigismember(&pending, SIGBUS), strcmp(what, "fault") == 0 ? hole[0] : 0);
		show("now");
	}
	return 3;
}

__attribute__((noinline)) static void *get(int bytes)
{
	return malloc((size_t)bytes);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int stop;

static void *worker(void *arg)
{
	void *keep[64] = {0};

	for (unsigned i = 0; !stop; i++) {
		pthread_mutex_lock(&mutex);
		free(keep[i % 64]);
		keep[i % 64] = get(16 + (int)(i % 512));
		if (i % 16 == 0)
			usleep(50);
		pthread_mutex_unlock(&mutex);
	}
	for (int i = 0; i < 64; i++)
		free(keep[i]);
	return arg;
}

static int work(double seconds)
{
	pthread_t thread[3];
	char *text = NULL;

	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, worker, NULL);
	usleep((useconds_t)(seconds * 1e6));
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	say("%d\n", asprintf(&text, "worked"));
	free(text);
	return 6;
}

int main(int argc, char **argv)
{
	static const char *const hows[] = {"default",	      "ignored",	  "blocked",
					   "handler",	      "handler_altstack", "handler_once",
					   "handler_nodefer", "handler_blocked"};
	static const char *const whats[] = {"fault", "raise", "kill"};
	int status;

	if (argc > 2 && strcmp(argv[1], "work") == 0)
		return work(atof(argv[2]));
	for (unsigned i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		for (unsigned k = 0; k < 3; k++) {
			say("%s, %s\n", hows[i], whats[k]);
			make_hole();
			if (fork() == 0)
				return child(hows[i], whats[k]);
			wait(&status);
			say("ended: %x\n", (unsigned)status & ~0x80u);
		}
	}
	return 0;
}
