/* Calls that may block where a hook has nothing of its own to stand on: children of vfork
 * and of a raw clone, a forked child, a handler on a small stack, very small threads, ten
 * thousand of them; and what errno is afterwards.  Prints what each came to. */
#include "probe.h"

#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#pragma GCC diagnostic ignored "-Wnonnull"

/* A call of each family, on a pipe and a pair of sockets of its own; returns a sum. */
static long one_of_each(void)
{
	char text[64] = "12345678";
	struct iovec part = {text, 8};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct timespec soon = {0, 1000};
	struct epoll_event event = {.events = EPOLLIN};
	int ends[2], pair[2], fd, epoll;
	long sum = 0;
	sem_t sem;

	if (pipe(ends) != 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0)
		return -1;
	sum += write(ends[1], text, 8) + writev(ends[1], &part, 1);
	sum += read(ends[0], text, 8) + readv(ends[0], &part, 1);
	sum += send(pair[0], text, 8, 0) + sendto(pair[0], text, 8, 0, NULL, 0);
	sum += sendmsg(pair[0], &message, 0);
	sum += recv(pair[1], text, 8, 0) + recvfrom(pair[1], text, 8, 0, NULL, NULL);
	sum += recvmsg(pair[1], &message, 0);
	sum += poll(&(struct pollfd){ends[0], POLLIN, 0}, 1, 0);
	epoll = epoll_create1(0);
	sum += epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
	sum += epoll_wait(epoll, &event, 1, 0) + epoll_pwait(epoll, &event, 1, 0, NULL);
	sum += select(0, NULL, NULL, NULL, &(struct timeval){0, 1});
	sum += nanosleep(&soon, NULL) + clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, NULL);
	fd = open("/dev/null", O_RDWR);
	sum += fd < 0 ? -100 : fcntl(fd, F_GETFD) + flock(fd, LOCK_UN);
	sum += fsync(ends[0]) + (waitpid(-1, NULL, WNOHANG) <= 0);
	sem_init(&sem, 0, 1);
	sum += sem_wait(&sem);
	sum += syscall(SYS_write, ends[1], text, 8) + syscall(SYS_read, ends[0], text, 8);
	sum += close(fd) + close(epoll) + close(ends[0]) + close(ends[1]) + close(pair[0]) +
	       close(pair[1]);
	return sum;
}

/* errno is what the call left, and is left alone where it succeeds. */
static void errors(void)
{
	char text[8];
	struct iovec part = {text, 8};

	errno = 77;
	one_of_each();
	/* fsync of a pipe and waitpid without children fail */
	say("errno %d\n", errno);
#define FAILS(call)                                                                                \
	do {                                                                                       \
		long ret_;                                                                         \
		errno = 77;                                                                        \
		ret_ = (long)(call);                                                               \
		say("%s: %ld, errno %d\n", #call, ret_, errno);                                    \
	} while (0)
	FAILS(read(-1, text, 8));
	FAILS(pread(-1, text, 8, 0));
	FAILS(readv(-1, &part, 1));
	FAILS(preadv2(-1, &part, 1, 0, 0));
	FAILS(write(-1, text, 8));
	FAILS(recv(-1, text, 8, 0));
	FAILS(send(-1, text, 8, 0));
	FAILS(recvmmsg(-1, NULL, 1, 0, NULL));
	FAILS(connect(-1, NULL, 0));
	FAILS(accept(-1, NULL, NULL));
	FAILS(open("/nowhere/at/all", O_RDONLY));
	FAILS(open(NULL, O_RDONLY));
	FAILS(openat(-1, "x", O_RDONLY));
	FAILS(rename("/nowhere/a", "/nowhere/b"));
	FAILS(rename((const char *)8, (const char *)16));
	FAILS(unlink("/nowhere/a"));
	FAILS(close(-1));
	FAILS(fsync(-1));
	FAILS(fdatasync(-1));
	FAILS(sync_file_range(-1, 0, 0, 0));
	FAILS(msync((void *)4096, 4096, MS_SYNC));
	FAILS(flock(-1, LOCK_EX));
	FAILS(fcntl(-1, F_GETFL));
	FAILS(sendfile(-1, -1, NULL, 1));
	FAILS(splice(-1, NULL, -1, NULL, 1, 0));
	FAILS(copy_file_range(-1, NULL, -1, NULL, 1, 0));
	FAILS(nanosleep(&(struct timespec){0, -1}, NULL));
	FAILS(clock_nanosleep(99, 0, &(struct timespec){0, 0}, NULL));
	FAILS(poll(NULL, 1, 0));
	FAILS(poll(NULL, 0, 1));
	FAILS(select(-1, NULL, NULL, NULL, NULL));
	FAILS(epoll_wait(-1, NULL, 1, 0));
	FAILS(epoll_pwait2(-1, NULL, 1, NULL, NULL));
	FAILS(waitpid(-1, NULL, 0));
	FAILS(wait4(1, NULL, 0, NULL));
	FAILS(sem_timedwait(&(sem_t){0}, &(struct timespec){0, 0}));
	FAILS(sigtimedwait(&(sigset_t){0}, NULL, &(struct timespec){0, 1000}));
	FAILS(getaddrinfo("a b", NULL, NULL, NULL));
	FAILS(syscall(SYS_read, -1, text, 8));
	FAILS(syscall(9999));
	FAILS(fopen("/nowhere/at/all", "r"));
	FAILS(system("exit 3"));
}

static void say_end(const char *what, pid_t pid)
{
	int status = 0;

	if (pid < 0 || waitpid(pid, &status, __WALL) != pid)
		say("%s: errno %d\n", what, errno);
	else
		say("%s: status %d\n", what, status >> 8);
}

static int of_clone(void *arg)
{
	(void)arg;
	_exit((int)one_of_each());
}

static void *forks(void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)one_of_each());
	say_end("fork in a thread", pid);
	return arg;
}

static void children(void)
{
	static char stack[1 << 16] __attribute__((aligned(64)));
	volatile pid_t pid = vfork();
	pthread_t thread;

	if (pid == 0)
		_exit((int)one_of_each());
	say_end("vfork", pid);
	say_end("clone with memory",
		clone(of_clone, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
	say_end("clone without", clone(of_clone, stack + sizeof(stack), SIGCHLD, NULL));
	pid = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
	if (pid == 0)
		_exit((int)one_of_each());
	say_end("raw clone", pid);
	pthread_create(&thread, NULL, forks, NULL);
	pthread_join(thread, NULL);
	pid = fork();
	if (pid == 0) {
		pthread_create(&thread, NULL, forks, NULL);
		pthread_join(thread, NULL);
		_exit((int)one_of_each());
	}
	say_end("fork", pid);
}

static volatile long in_handler;

static void handler(int sig)
{
	(void)sig;
	in_handler += one_of_each();
}

/* A signal comes again and again while calls are made, on a stack of its own. */
static void handlers(void)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART | SA_ONSTACK};
	static char small[8192];
	stack_t stack = {.ss_sp = small, .ss_size = sizeof(small)};
	long sum = 0;

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < 100; i++) {
		raise(SIGUSR1);
		sum += one_of_each();
	}
	say("handlers: %ld of %ld\n", in_handler, sum);
}

static void *small_thread(void *arg)
{
	long sum = one_of_each();

	__atomic_add_fetch((long *)arg, sum, __ATOMIC_RELAXED);
	return NULL;
}

/* Threads with as little stack as libc allows; no more than so many at a time. */
static void threads(const char *what, int count, int at_once)
{
	static pthread_t thread[500];
	pthread_attr_t attr;
	long sum = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)sysconf(_SC_THREAD_STACK_MIN));
	for (int done = 0; done < count; done += at_once) {
		for (int i = 0; i < at_once; i++) {
			if (pthread_create(&thread[i], &attr, small_thread, &sum) != 0)
				_exit(5);
		}
		for (int i = 0; i < at_once; i++)
			pthread_join(thread[i], NULL);
	}
	say("%s: %ld\n", what, sum);
}

int main(int argc, char **argv)
{
	long sum = one_of_each();

	signal(SIGPIPE, SIG_IGN);
	say("one of each: %ld\n", sum);
	errors();
	children();
	handlers();
	threads("small threads", 20, 4);
	if (argc > 1)
		threads("many threads", atoi(argv[1]), 500);
	return 0;
}
