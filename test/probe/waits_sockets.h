/* Cases of waits_known.c: sockets, processes, signals, semaphores, queues. */
#ifndef WAITS_SOCKETS_H
#define WAITS_SOCKETS_H

#include "waits_files.h"

#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

AS(ssize_t, c_recv, "__recv_chk", int, void *, size_t, size_t, int);
AS(ssize_t, c_recvfrom, "__recvfrom_chk", int, void *, size_t, size_t, int, struct sockaddr *,
   socklen_t *);
AS(ssize_t, a_send, "__send", int, const void *, size_t, int);
AS(int, a_connect, "__connect", int, const struct sockaddr *, socklen_t);
AS(int, a_sigsuspend, "__sigsuspend", const sigset_t *);
AS(pid_t, a_wait, "__wait", int *);
AS(pid_t, a_waitpid, "__waitpid", pid_t, int *, int);

static struct sockaddr_un name = {.sun_family = AF_UNIX};
static struct msghdr message = {.msg_iov = vector, .msg_iovlen = 1};
static struct mmsghdr messages[1];

static void set_pair(void)
{
	int ends[2];

	CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
	in = ends[0];
	out = ends[1];
	messages[0] = (struct mmsghdr){.msg_hdr = message};
}

static void set_full_pair(void)
{
	set_pair();
	while (send(out, buffer, 8, MSG_DONTWAIT) == 8)
		;
}

static void drain_pair(void)
{
	while (recv(in, buffer + 65536, 8, MSG_DONTWAIT) == 8)
		;
}

/* in listens; other is connected, or waits to be. */
static void set_listener(void)
{
	static unsigned times;

	snprintf(name.sun_path + 1, 32, "known %d %u", getpid(), times++);
	in = socket(AF_UNIX, SOCK_STREAM, 0);
	out = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(bind(in, (struct sockaddr *)&name, sizeof(name)) == 0 && listen(in, 0) == 0);
	other = -1;
}

static void set_backlog(void)
{
	set_listener();
	CHECK(connect(out, (struct sockaddr *)&name, sizeof(name)) == 0);
	other = socket(AF_UNIX, SOCK_STREAM, 0);
}

static void do_connect(void)
{
	CHECK(connect(out, (struct sockaddr *)&name, sizeof(name)) == 0);
}

static void do_accept(void)
{
	CHECK(accept(in, NULL, NULL) >= 0);
}

static void clear_listener(void)
{
	close(other);
	close_both();
}

/* The end of a stream that is to linger, and the other end's buffer is full. */
static void set_linger(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	struct linger linger = {1, 10};
	socklen_t size = sizeof(address);
	int few = 4096;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	other = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(setsockopt(other, SOL_SOCKET, SO_RCVBUF, &few, sizeof(few)) == 0);
	CHECK(bind(other, (struct sockaddr *)&address, size) == 0 && listen(other, 1) == 0);
	CHECK(getsockname(other, (struct sockaddr *)&address, &size) == 0);
	out = socket(AF_INET, SOCK_STREAM, 0);
	CHECK(connect(out, (struct sockaddr *)&address, size) == 0);
	CHECK((in = accept(other, NULL, NULL)) >= 0);
	CHECK(setsockopt(out, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) == 0);
	CHECK(send(out, buffer, sizeof(buffer), 0) == sizeof(buffer));
}

static void drain_all(void)
{
	while (recv(in, buffer, sizeof(buffer), 0) > 0)
		;
}

static void clear_linger(void)
{
	close(other);
	close(in);
}

static void set_child(void)
{
	char c;

	set_pipe();
	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		close(out);
		_exit(read(in, &c, 1) == 1 ? 0 : 1);
	}
}

static void feed_child(void)
{
	CHECK(write(out, "x", 1) == 1);
}

/* It may have been waited for already, or not. */
static void clear_child(void)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	close_both();
}
#define ENDED(call) ((call) == child ? 0 : -1)

static sigset_t empty, user;

static void got(int sig)
{
	(void)sig;
}

static void set_signal(void)
{
	signal(SIGUSR1, got);
	sigemptyset(&empty);
	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
}

static void set_blocked(void)
{
	set_signal();
	pthread_sigmask(SIG_BLOCK, &user, NULL);
}

static void unblock(void)
{
	pthread_sigmask(SIG_UNBLOCK, &user, NULL);
}

static void feed_signal(void)
{
	pthread_kill(caller, SIGUSR1);
}

static sem_t semaphore;
static pthread_barrier_t barrier;
static struct timespec far;
static mqd_t queue;
static int set_id, queue_id;
static struct sembuf take = {0, -1, 0}, give = {0, 1, 0};
static struct {
	long type;
	char text[8];
} letter = {1, "letter"};

static void set_sem(void)
{
	CHECK(sem_init(&semaphore, 0, 0) == 0);
	clock_gettime(CLOCK_REALTIME, &far);
	far.tv_sec += 1000;
}

static void feed_sem(void)
{
	sem_post(&semaphore);
}

static void set_barrier(void)
{
	CHECK(pthread_barrier_init(&barrier, NULL, 2) == 0);
}

static void feed_barrier(void)
{
	pthread_barrier_wait(&barrier);
}

static long passed(int ret)
{
	return ret == PTHREAD_BARRIER_SERIAL_THREAD ? 0 : ret;
}

static void set_queue(void)
{
	struct mq_attr one = {.mq_maxmsg = 1, .mq_msgsize = 8};
	char name[32];

	set_sem();
	/* Others like us run at this moment: the name is ours alone, and nobody's from here on. */
	snprintf(name, sizeof(name), "/waits_known.%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &one);
	mq_unlink(name);
	CHECK(queue >= 0);
}

static void set_full_queue(void)
{
	set_queue();
	CHECK(mq_send(queue, buffer, 8, 0) == 0);
}

static void feed_queue(void)
{
	CHECK(mq_send(queue, buffer, 8, 0) == 0);
}

static void drain_queue(void)
{
	CHECK(mq_receive(queue, buffer, 8, NULL) == 8);
}

static void clear_queue(void)
{
	mq_close(queue);
}

static void set_ipc(void)
{
	CHECK((set_id = semget(IPC_PRIVATE, 1, 0600)) >= 0);
	CHECK((queue_id = msgget(IPC_PRIVATE, 0600)) >= 0);
	far = (struct timespec){1000, 0};
}

static void set_full_ipc(void)
{
	set_ipc();
	while (msgsnd(queue_id, &letter, 8, IPC_NOWAIT) == 0)
		;
}

static void feed_semop(void)
{
	CHECK(semop(set_id, &give, 1) == 0);
}

static void feed_letter(void)
{
	CHECK(msgsnd(queue_id, &letter, 8, 0) == 0);
}

static void take_letter(void)
{
	CHECK(msgrcv(queue_id, &letter, 8, 0, 0) == 8);
}

static void clear_ipc(void)
{
	semctl(set_id, 0, IPC_RMID);
	msgctl(queue_id, IPC_RMID, NULL);
}

#define SOCKETS                                                                                    \
	X(recv, "recv", 8, 8, set_pair, feed_eight, recv(in, buffer, eight, 0), close_both)        \
	X(c_recv, "recv", 8, 8, set_pair, feed_eight, c_recv(in, buffer, 8, 99, 0), close_both)    \
	X(recvfrom, "recvfrom", 8, 8, set_pair, feed_eight,                                        \
	  recvfrom(in, buffer, eight, 0, NULL, NULL), close_both)                                  \
	X(c_recvfrom, "recvfrom", 8, 8, set_pair, feed_eight,                                      \
	  c_recvfrom(in, buffer, 8, 99, 0, NULL, NULL), close_both)                                \
	X(recvmsg, "recvmsg", 8, 8, set_pair, feed_eight, recvmsg(in, &message, 0), close_both)    \
	X(recvmmsg, "recvmmsg", 8, 1, set_pair, feed_eight, recvmmsg(in, messages, 1, 0, NULL),    \
	  close_both)                                                                              \
	X(send, "send", 8, 8, set_full_pair, drain_pair, send(out, buffer, 8, 0), close_both)      \
	X(a_send, "send", 8, 8, set_full_pair, drain_pair, a_send(out, buffer, 8, 0), close_both)  \
	X(sendto, "sendto", 8, 8, set_full_pair, drain_pair, sendto(out, buffer, 8, 0, NULL, 0),   \
	  close_both)                                                                              \
	X(sendmsg, "sendmsg", 8, 8, set_full_pair, drain_pair, sendmsg(out, &message, 0),          \
	  close_both)                                                                              \
	X(sendmmsg, "sendmmsg", 8, 1, set_full_pair, drain_pair, sendmmsg(out, messages, 1, 0),    \
	  close_both)                                                                              \
	X(connect, "connect", 0, 0, set_backlog, do_accept,                                        \
	  connect(other, (struct sockaddr *)&name, sizeof(name)), clear_listener)                  \
	X(a_connect, "connect", 0, 0, set_backlog, do_accept,                                      \
	  a_connect(other, (struct sockaddr *)&name, sizeof(name)), clear_listener)                \
	X(accept, "accept", 0, 0, set_listener, do_connect, (other = accept(in, NULL, NULL)) < 0,  \
	  clear_listener)                                                                          \
	X(accept4, "accept4", 0, 0, set_listener, do_connect,                                      \
	  (other = accept4(in, NULL, NULL, 0)) < 0, clear_listener)                                \
	X(close, "close", 0, 0, set_linger, drain_all, close(out), clear_linger)                   \
	X(a_close, "close", 0, 0, set_linger, drain_all, a_close(out), clear_linger)               \
	X(wait, "wait", 0, 0, set_child, feed_child, ENDED(wait(NULL)), clear_child)               \
	X(a_wait, "wait", 0, 0, set_child, feed_child, ENDED(a_wait(NULL)), clear_child)           \
	X(wait3, "wait3", 0, 0, set_child, feed_child, ENDED(wait3(NULL, 0, NULL)), clear_child)   \
	X(wait4, "wait4", 0, 0, set_child, feed_child, ENDED(wait4(child, NULL, 0, NULL)),         \
	  clear_child)                                                                             \
	X(waitpid, "waitpid", 0, 0, set_child, feed_child, ENDED(waitpid(child, NULL, 0)),         \
	  clear_child)                                                                             \
	X(a_waitpid, "waitpid", 0, 0, set_child, feed_child, ENDED(a_waitpid(child, NULL, 0)),     \
	  clear_child)                                                                             \
	X(waitid, "waitid", 0, 0, set_child, feed_child,                                           \
	  waitid(P_PID, (id_t)child, NULL, WEXITED), clear_child)                                  \
	X(pause, "pause", 0, -1, set_signal, feed_signal, pause(), nothing)                        \
	X(sigsuspend, "sigsuspend", 0, -1, set_signal, feed_signal, sigsuspend(&empty), nothing)   \
	X(a_sigsuspend, "sigsuspend", 0, -1, set_signal, feed_signal, a_sigsuspend(&empty),        \
	  nothing)                                                                                 \
	X(sigwait, "sigwait", 0, 0, set_blocked, feed_signal, sigwait(&user, &other), unblock)     \
	X(sigwaitinfo, "sigwaitinfo", 0, SIGUSR1, set_blocked, feed_signal,                        \
	  sigwaitinfo(&user, NULL), unblock)                                                       \
	X(sigtimedwait, "sigtimedwait", 0, SIGUSR1, set_blocked, feed_signal,                      \
	  sigtimedwait(&user, NULL, NULL), unblock)                                                \
	X(sleep, "sleep", 0, 8, set_signal, feed_signal, sleep(9), nothing)                        \
	X(sem_wait, "sem_wait", 0, 0, set_sem, feed_sem, sem_wait(&semaphore), nothing)            \
	X(sem_timedwait, "sem_timedwait", 0, 0, set_sem, feed_sem,                                 \
	  sem_timedwait(&semaphore, &far), nothing)                                                \
	X(sem_clockwait, "sem_clockwait", 0, 0, set_sem, feed_sem,                                 \
	  sem_clockwait(&semaphore, CLOCK_REALTIME, &far), nothing)                                \
	X(barrier, "pthread_barrier_wait", 0, 0, set_barrier, feed_barrier,                        \
	  passed(pthread_barrier_wait(&barrier)), nothing)                                         \
	X(mq_send, "mq_send", 8, 0, set_full_queue, drain_queue, mq_send(queue, buffer, 8, 0),     \
	  clear_queue)                                                                             \
	X(mq_timedsend, "mq_timedsend", 8, 0, set_full_queue, drain_queue,                         \
	  mq_timedsend(queue, buffer, 8, 0, &far), clear_queue)                                    \
	X(mq_receive, "mq_receive", 8, 8, set_queue, feed_queue,                                   \
	  mq_receive(queue, buffer + 99, 8, NULL), clear_queue)                                    \
	X(mq_timedreceive, "mq_timedreceive", 8, 8, set_queue, feed_queue,                         \
	  mq_timedreceive(queue, buffer + 99, 8, NULL, &far), clear_queue)                         \
	X(semop, "semop", 0, 0, set_ipc, feed_semop, semop(set_id, &take, 1), clear_ipc)           \
	X(semtimedop, "semtimedop", 0, 0, set_ipc, feed_semop, semtimedop(set_id, &take, 1, &far), \
	  clear_ipc)                                                                               \
	X(msgsnd, "msgsnd", 8, 0, set_full_ipc, take_letter, msgsnd(queue_id, &letter, 8, 0),      \
	  clear_ipc)                                                                               \
	X(msgrcv, "msgrcv", 8, 8, set_ipc, feed_letter, msgrcv(queue_id, &letter, 8, 0, 0),        \
	  clear_ipc)

#endif
