// Exceptions that leave calls that may block: thrown by a signal's handler, by a function
// that a stream calls, and through a thread that is cancelled amid objects.  Prints how many
// objects were destroyed on the way.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static int destroyed;
struct object {
	~object()
	{
		destroyed++;
	}
};

static void throws(int)
{
	throw 42;
}

static int ends[2], pair[2], epoll;
static sem_t sem;
static char text[8];

static long do_read() { return read(ends[0], text, 8); }
static long do_recv() { return recv(pair[0], text, 8, 0); }
static long do_poll() { return poll(nullptr, 0, -1); }
static long do_select() { return select(0, nullptr, nullptr, nullptr, nullptr); }
static long do_epoll() { epoll_event e; return epoll_wait(epoll, &e, 1, -1); }
static long do_sleep() { return sleep(1000); }
static long do_nanosleep() { timespec t{1000, 0}; return nanosleep(&t, nullptr); }
static long do_sem() { return sem_wait(&sem); }
static long do_pause() { return pause(); }

static const struct {
	const char *name;
	long (*call)();
} calls[] = {{"read", do_read},	  {"recv", do_recv},		{"poll", do_poll},
	     {"select", do_select}, {"epoll_wait", do_epoll},	{"sleep", do_sleep},
	     {"nanosleep", do_nanosleep}, {"sem_wait", do_sem}, {"pause", do_pause}};

static ssize_t refuses(void *, char *, size_t)
{
	object here;
	throw 43;
}

static void *is_cancelled(void *which)
{
	object here;
	try {
		object inner;
		calls[(size_t)which].call();
	} catch (int) {
	}
	return nullptr;
}

int main()
{
	if (pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
		return 1;
	epoll = epoll_create1(0);
	sem_init(&sem, 0, 0);
	struct sigaction action {};
	action.sa_handler = throws;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGALRM, &action, nullptr);
	for (auto &one : calls) {
		int caught = 0;
		destroyed = 0;
		try {
			object outer;
			itimerval soon{{0, 0}, {0, 3000}};
			setitimer(ITIMER_REAL, &soon, nullptr);
			object inner;
			one.call();
		} catch (int n) {
			caught = n;
		}
		printf("%s: caught %d, destroyed %d\n", one.name, caught, destroyed);
	}
	cookie_io_functions_t functions{};
	functions.read = refuses;
	FILE *stream = fopencookie(nullptr, "r", functions);
	for (int i = 0; i < 3; i++) {
		destroyed = 0;
		int caught = 0;
		try {
			object outer;
			if (i == 0)
				(void)!fread(text, 1, 8, stream);
			else if (i == 1)
				(void)!fgets(text, 8, stream);
			else
				(void)!fgetc(stream);
		} catch (int n) {
			caught = n;
		}
		printf("stream %d: caught %d, destroyed %d\n", i, caught, destroyed);
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		pthread_t thread;
		void *result;
		destroyed = 0;
		pthread_create(&thread, nullptr, is_cancelled, (void *)i);
		usleep(3000);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		printf("%s: %s, destroyed %d\n", calls[i].name,
		       result == PTHREAD_CANCELED ? "cancelled" : "ended", destroyed);
	}
	return 0;
}
