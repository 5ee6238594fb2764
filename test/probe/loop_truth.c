/* Loops that wait in all the ways there are, a thread each, and what each of them did.
 *
 *	loop_truth [CASE...]	all cases without one
 *
 * Somebody else (the main thread) gives each of them something to do, a fraction of a
 * millisecond apart, and tells it to stop in the end. */
#include "loop_truth.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#define ROUNDS	60 /* things to do */
#define WORK_US 80
#define GAP_US	400

struct job {
	const char *name, *function;
	void *(*run)(void *);
	void (*open)(struct job *); /* NULL: none */
	void (*give)(struct job *);
	pthread_t thread[4];
	int threads;
	int waits;	    /* it says when it does */
	int epoll, in, out; /* descriptors */
	volatile int stop;
	sem_t sem;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	int queued;
	uint32_t futex;
};

static __thread struct truth truth;
static struct truth *volatile busy[4]; /* those of the job's threads */
static volatile int busy_count;

static void begin(struct job *job)
{
	truth_begin(&truth, job->name, job->function);
	busy[__atomic_fetch_add(&busy_count, 1, __ATOMIC_SEQ_CST)] = &truth;
}

#define COMMA ,
/* A loop: what it has of its own, its wait, what that brought, what it does then. */
#define LOOP(run, own, wait, events, bytes, then)                                                  \
	static void *run(void *arg)                                                                \
	{                                                                                          \
		struct job *job = arg;                                                             \
		long got = 0;                                                                      \
                                                                                                   \
		own;                                                                               \
		begin(job);                                                                        \
		while (!job->stop) {                                                               \
			truth_waits(&truth);                                                       \
			got = wait;                                                                \
			truth_back(&truth, events, bytes);                                         \
			then;                                                                      \
		}                                                                                  \
		truth_say(&truth);                                                                 \
		return got == LONG_MIN ? arg : NULL;                                               \
	}

/* ---- event descriptors ------------------------------------------------------ */

static void open_event(struct job *job)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};

	job->in = job->out = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
	job->epoll = epoll_create1(0);
	if (job->in < 0 || job->epoll < 0 || epoll_ctl(job->epoll, EPOLL_CTL_ADD, job->in, &event))
		DIE("epoll");
}

static void give_event(struct job *job)
{
	uint64_t one = 1;

	if (write(job->out, &one, sizeof(one)) != sizeof(one))
		DIE("write");
}

/* So that whoever was woken first does not take all. */
static void give_events(struct job *job)
{
	for (int i = 0; i < job->threads; i++)
		give_event(job);
}

static void take_event(struct job *job)
{
	uint64_t one;

	if (read(job->in, &one, sizeof(one)) < 0 && errno != EAGAIN)
		DIE("read");
	work_us(WORK_US);
}

LOOP(run_epoll, struct epoll_event event, epoll_wait(job->epoll, &event, 1, -1), got, 0,
     take_event(job))

/* Calls that lack a wrapper here and there go by number. */
LOOP(run_epoll_pwait2, struct epoll_event event;
     struct timespec most = {1 COMMA 0},
     syscall(SYS_epoll_pwait2, job->epoll, &event, 1, &most, NULL, 0l), got, 0, take_event(job))

LOOP(run_poll, struct pollfd fd = {job->in COMMA POLLIN COMMA 0}, poll(&fd, 1, -1), got, 0,
     take_event(job))

LOOP(run_ppoll, struct pollfd fd = {job->in COMMA POLLIN COMMA 0}, ppoll(&fd, 1, NULL, NULL), got,
     0, take_event(job))

static void *run_select(void *arg)
{
	struct job *job = arg;

	begin(job);
	while (!job->stop) {
		fd_set set;

		FD_ZERO(&set);
		FD_SET(job->in, &set);
		truth_waits(&truth);
		truth_back(&truth, select(job->in + 1, &set, NULL, NULL, NULL), 0);
		take_event(job);
	}
	truth_say(&truth);
	return NULL;
}

/* Waits of a millisecond that are over, now and then, before something comes. */
LOOP(run_timed, struct epoll_event event, epoll_wait(job->epoll, &event, 1, 1), got, 0,
     take_event(job);
     if (truth.returns % 4 == 0) work_us(GAP_US))

/* Never sleeps: iterations are the turns that found something.  One that found nothing and
 * took long all the same, as the machine had something else to do, may be one. */
static void *run_busy(void *arg)
{
	struct job *job = arg;
	struct epoll_event event;
	uint64_t before = 0;

	begin(job);
	while (!job->stop) {
		int events;

		if (before && clock_ns(CLOCK_MONOTONIC) - before > 5000) {
			truth.iterations++;
			truth.empty++;
		}
		before = clock_ns(CLOCK_MONOTONIC);
		events = epoll_wait(job->epoll, &event, 1, 0);
		truth.returns++;
		if (events <= 0)
			continue;
		truth.iterations++;
		truth.events += (uint64_t)events;
		take_event(job);
		before = 0;
	}
	truth_say(&truth);
	return NULL;
}

/* ---- sockets, pipes --------------------------------------------------------- */

static void open_datagrams(struct job *job)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		DIE("socketpair");
	job->in = pair[0];
	job->out = pair[1];
}

static void give_datagrams(struct job *job)
{
	for (int i = 0; i < 3; i++)
		/* Nobody may be there any more to make room. */
		if (send(job->out, "0123456789", 10, MSG_DONTWAIT) != 10 && errno != EAGAIN)
			DIE("send");
}

LOOP(run_recv, char buf[64], recv(job->in, buf, sizeof(buf), 0), 0, got, work_us(WORK_US))

static void *run_recvmmsg(void *arg)
{
	struct job *job = arg;
	char buf[4][64];
	struct iovec part[4];
	struct mmsghdr message[4];

	memset(message, 0, sizeof(message));
	for (int i = 0; i < 4; i++) {
		part[i] = (struct iovec){buf[i], sizeof(buf[i])};
		message[i].msg_hdr.msg_iov = &part[i];
		message[i].msg_hdr.msg_iovlen = 1;
	}
	begin(job);
	while (!job->stop) {
		long got, bytes = 0;

		truth_waits(&truth);
		got = recvmmsg(job->in, message, 4, MSG_WAITFORONE, NULL);
		for (long i = 0; i < got; i++)
			bytes += message[i].msg_len;
		truth_back(&truth, 0, bytes);
		work_us(WORK_US);
	}
	truth_say(&truth);
	return NULL;
}

static void open_pipe(struct job *job)
{
	int end[2];

	if (pipe(end))
		DIE("pipe");
	job->in = end[0];
	job->out = end[1];
}

static void give_byte(struct job *job)
{
	if (write(job->out, "x", 1) != 1)
		DIE("write");
}

LOOP(run_read, char buf[64], read(job->in, buf, sizeof(buf)), 0, got, work_us(WORK_US))

static void open_listener(struct job *job)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX}; /* an abstract name of the kernel's */
	socklen_t len = sizeof(sa_family_t);

	job->in = socket(AF_UNIX, SOCK_STREAM, 0);
	if (job->in < 0 || bind(job->in, (struct sockaddr *)&name, len) || listen(job->in, 16))
		DIE("listen");
}

static void give_connection(struct job *job)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (getsockname(job->in, (struct sockaddr *)&name, &len) ||
	    connect(fd, (struct sockaddr *)&name, len))
		DIE("connect");
	close(fd);
}

LOOP(run_accept, , accept(job->in, NULL, NULL), 0, 0, close((int)got); work_us(WORK_US))

/* ---- conditions, semaphores, futexes ---------------------------------------- */

static void open_locks(struct job *job)
{
	pthread_mutex_init(&job->mutex, NULL);
	pthread_cond_init(&job->cond, NULL);
	sem_init(&job->sem, 0, 0);
}

static void give_work(struct job *job)
{
	pthread_mutex_lock(&job->mutex);
	job->queued++;
	pthread_cond_signal(&job->cond);
	pthread_mutex_unlock(&job->mutex);
}

static void *run_cond(void *arg)
{
	struct job *job = arg;

	begin(job);
	pthread_mutex_lock(&job->mutex);
	while (!job->stop) {
		while (!job->queued && !job->stop) {
			truth_waits(&truth);
			pthread_cond_wait(&job->cond, &job->mutex);
			truth_back(&truth, 0, 0);
		}
		job->queued -= job->queued > 0;
		pthread_mutex_unlock(&job->mutex);
		work_us(WORK_US);
		pthread_mutex_lock(&job->mutex);
	}
	pthread_mutex_unlock(&job->mutex);
	truth_say(&truth);
	return NULL;
}

static void give_sem(struct job *job)
{
	sem_post(&job->sem);
}

LOOP(run_sem, , sem_wait(&job->sem), 0, 0, work_us(WORK_US))

static void give_futex(struct job *job)
{
	__atomic_fetch_add(&job->futex, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &job->futex, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

LOOP(run_futex, uint32_t seen = 0,
     syscall(SYS_futex, &job->futex, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0), 0, 0,
     seen = __atomic_load_n(&job->futex, __ATOMIC_SEQ_CST);
     work_us(WORK_US))

/* ---- time, signals ---------------------------------------------------------- */

static void give_nothing(struct job *job)
{
	(void)job;
}

LOOP(run_nanosleep, struct timespec time = {0 COMMA GAP_US * 1000}, nanosleep(&time, NULL), 0, 0,
     work_us(WORK_US))

static void open_signal(struct job *job)
{
	sigset_t set;

	(void)job;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void give_signal(struct job *job)
{
	pthread_kill(job->thread[0], SIGUSR1);
}

static void *run_sigwait(void *arg)
{
	struct job *job = arg;
	sigset_t set;
	int got;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	begin(job);
	while (!job->stop) {
		truth_waits(&truth);
		sigwait(&set, &got);
		truth_back(&truth, 0, 0);
		work_us(WORK_US);
	}
	truth_say(&truth);
	return NULL;
}

/* ----------------------------------------------------------------------------- */

#define JOB(name, function, run, open, give, threads)                                              \
	{                                                                                          \
		name, function, run, open, give, {0}, threads,                                     \
		    give != give_nothing &&run != run_busy, 0, 0, 0, 0, {{0}},                     \
		    PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0                      \
	}
static struct job jobs[] = {
    JOB("epoll", "epoll_wait", run_epoll, open_event, give_event, 1),
    JOB("shared", "epoll_wait", run_epoll, open_event, give_events, 4),
    JOB("pwait2", "epoll_pwait2", run_epoll_pwait2, open_event, give_event, 1),
    JOB("poll", "poll", run_poll, open_event, give_event, 1),
    JOB("ppoll", "ppoll", run_ppoll, open_event, give_event, 1),
    JOB("select", "select", run_select, open_event, give_event, 1),
    JOB("timed", "epoll_wait", run_timed, open_event, give_event, 1),
    JOB("busy", "epoll_wait", run_busy, open_event, give_event, 1),
    JOB("recv", "recv", run_recv, open_datagrams, give_datagrams, 1),
    JOB("recvmmsg", "recvmmsg", run_recvmmsg, open_datagrams, give_datagrams, 1),
    JOB("read", "read", run_read, open_pipe, give_byte, 1),
    JOB("accept", "accept", run_accept, open_listener, give_connection, 1),
    JOB("cond", "pthread_cond_wait", run_cond, open_locks, give_work, 3),
    JOB("sem", "sem_wait", run_sem, open_locks, give_sem, 2),
    JOB("futex", "futex", run_futex, open_locks, give_futex, 1),
    JOB("nanosleep", "nanosleep", run_nanosleep, NULL, give_nothing, 1),
    JOB("sigwait", "sigwait", run_sigwait, open_signal, give_signal, 1),
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static int wanted(const struct job *job, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], job->name) == 0)
			return 1;
	return argc == 1;
}

/* What is given next, they are to wait for, also where others use the machine. */
static void until_they_wait(const struct job *job)
{
	for (int i = 0; job->waits && i < busy_count; i++) {
		if (!busy[i] || !busy[i]->waiting) {
			sleep_us(GAP_US / 4);
			i = -1;
		}
	}
}

static void run(struct job *job)
{
	memset((void *)busy, 0, sizeof(busy));
	busy_count = 0;
	if (job->open)
		job->open(job);
	for (int i = 0; i < job->threads; i++)
		if (pthread_create(&job->thread[i], NULL, job->run, job))
			DIE("pthread_create");
	while (job->waits && busy_count < job->threads)
		sleep_us(GAP_US);
	sleep_us(3000);
	for (int i = 0; i < ROUNDS * job->threads; i++) {
		job->give(job);
		sleep_us(GAP_US);
		until_they_wait(job);
	}
	job->stop = 1;
	for (int i = 0; i < job->threads; i++) {
		while (pthread_tryjoin_np(job->thread[i], NULL) != 0) {
			job->give(job);
			sleep_us(GAP_US);
		}
	}
}

int main(int argc, char **argv)
{
	pthread_setname_np(pthread_self(), "feeder");
	for (size_t i = 0; i < JOBS; i++)
		if (wanted(&jobs[i], argc, argv))
			run(&jobs[i]);
	return 0;
}
