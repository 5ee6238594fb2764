/* wait_families THREADS: in each of so many threads, 200 at a time, one call of every family
 * that is hooked: files, pipes, sockets, time, polls, children, signals, locks of each kind,
 * queues, names, streams, memory, and libc's syscall().  Prints what they came to. */
#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>

#define AT_ONCE 200

static int data_fd, null_fd, sem_id, msg_id;
static mqd_t queue;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static sem_t sem;
static volatile int nowhere = -1; /* no descriptor, and no compiler knows */

static long files(void)
{
	char text[64] = "12345678";
	struct iovec part = {text, 8};
	long sum = 0, at = 0;
	int fd = open("data", O_RDWR), other = openat(AT_FDCWD, "data", O_RDWR);

	sum += read(fd, text, 8) + readv(fd, &part, 1) + pread(fd, text, 8, 0);
	sum += preadv(fd, &part, 1, 0) + preadv2(fd, &part, 1, 0, 0);
	sum += pwrite(null_fd, text, 8, 0) + writev(null_fd, &part, 1) +
	       pwritev(null_fd, &part, 1, 0) + pwritev2(null_fd, &part, 1, 0, 0);
	sum += sendfile(null_fd, data_fd, &at, 8) + copy_file_range(fd, NULL, nowhere, NULL, 1, 0) +
	       getrandom(text, 8, 0) + getentropy(text, 8);
	sum += creat("/nowhere/at/all", 0600) + rename("/nowhere/a", "/nowhere/b") +
	       renameat(AT_FDCWD, "/nowhere/a", AT_FDCWD, "/nowhere/b") +
	       renameat2(AT_FDCWD, "/nowhere/a", AT_FDCWD, "/nowhere/b", 0) + unlink("/nowhere/a") +
	       unlinkat(AT_FDCWD, "/nowhere/a", 0) + remove("/nowhere/a") +
	       truncate("/nowhere/a", 0) + ftruncate(nowhere, 0) + fallocate(nowhere, 0, 0, 1) +
	       posix_fallocate(nowhere, 0, 1);
	sum += fsync(nowhere) + fdatasync(nowhere) + syncfs(nowhere) +
	       sync_file_range(nowhere, 0, 0, 0) + msync((void *)4096, 4096, MS_SYNC);
	sum += ioctl(nowhere, FIONREAD, &at) + tcdrain(nowhere) + flock(null_fd, LOCK_UN) +
	       lockf(nowhere, F_TEST, 0) + fcntl(fd, F_GETFD);
	sum += dup2(fd, other) == other;
	sum += dup3(fd, other, O_CLOEXEC) == other;
	return sum + close(fd) + close(other);
}

static long pipes_and_sockets(void)
{
	char text[64] = "12345678";
	struct iovec part = {text, 8};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	struct mmsghdr many = {.msg_hdr = message};
	int one[2], two[2], pair[2];
	long sum = 0;

	if (pipe(one) || pipe(two) || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
		return -1000;
	sum += write(one[1], text, 8) + vmsplice(one[1], &part, 1, 0);
	sum += tee(one[0], two[1], 8, 0) + splice(one[0], NULL, null_fd, NULL, 8, 0);
	sum += send(pair[0], text, 8, 0) + sendto(pair[0], text, 8, 0, NULL, 0) +
	       sendmsg(pair[0], &message, 0) + sendmmsg(pair[0], &many, 1, 0);
	sum += recv(pair[1], text, 8, 0) + recvfrom(pair[1], text, 8, 0, NULL, NULL) +
	       recvmsg(pair[1], &message, 0) + recvmmsg(pair[1], &many, 1, 0, NULL);
	sum += connect(nowhere, NULL, 0) + accept(nowhere, NULL, NULL) +
	       accept4(nowhere, NULL, NULL, 0);
	return sum + close(one[0]) + close(one[1]) + close(two[0]) + close(two[1]) +
	       close(pair[0]) + close(pair[1]);
}

static long time_and_polls(void)
{
	struct timespec soon = {0, 1}, none = {0, 0};
	struct timeval at_once = {0, 0};
	struct epoll_event event = {.events = EPOLLIN};
	struct pollfd fd = {null_fd, POLLIN, 0};
	int epoll = epoll_create1(0);
	long sum = nanosleep(&soon, NULL) + clock_nanosleep(CLOCK_MONOTONIC, 0, &soon, NULL);

	sum += usleep(1) + (long)sleep(0) + thrd_sleep(&soon, NULL);
	sum += poll(&fd, 1, 0) + ppoll(&fd, 1, &none, NULL);
	sum += select(0, NULL, NULL, NULL, &at_once) + pselect(0, NULL, NULL, NULL, &none, NULL);
	sum += epoll_wait(epoll, &event, 1, 0) + epoll_pwait(epoll, &event, 1, 0, NULL) +
	       epoll_pwait2(epoll, &event, 1, &none, NULL);
	return sum + close(epoll);
}

static long children_and_signals(void)
{
	struct timespec none = {0, 0};
	sigset_t one, empty;
	siginfo_t info;
	int status, sig = 0;
	long sum = wait(&status) + wait3(&status, WNOHANG, NULL) +
		   wait4(-1, &status, WNOHANG, NULL) + waitpid(-1, &status, WNOHANG) +
		   waitid(P_ALL, 0, &info, WEXITED | WNOHANG);

	sigemptyset(&empty);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	pthread_kill(pthread_self(), SIGUSR1); /* all threads block it */
	sum += sigwait(&one, &sig) + sig;
	pthread_kill(pthread_self(), SIGUSR1);
	sum += sigwaitinfo(&one, &info);
	sum += sigtimedwait(&one, &info, &none);
	pthread_kill(pthread_self(), SIGUSR1);
	return sum + sigsuspend(&empty);
}

static long locks(void)
{
	struct timespec past = {0, 0}, later;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	pthread_barrier_t barrier;
	long sum = 0;

	clock_gettime(CLOCK_REALTIME, &later);
	later.tv_sec += 100;
	pthread_mutex_lock(&mutex);
	sum += pthread_cond_timedwait(&cond, &mutex, &past) +
	       pthread_cond_clockwait(&cond, &mutex, CLOCK_MONOTONIC, &past);
	sum += pthread_cond_signal(&cond) + pthread_cond_broadcast(&cond);
	pthread_mutex_unlock(&mutex);
	sum += pthread_mutex_timedlock(&mutex, &later) + pthread_mutex_unlock(&mutex);
	sum +=
	    pthread_mutex_clocklock(&mutex, CLOCK_REALTIME, &later) + pthread_mutex_unlock(&mutex);
	if (pthread_mutex_trylock(&mutex) == 0)
		pthread_mutex_unlock(&mutex);
	sum += pthread_rwlock_rdlock(&rwlock) + pthread_rwlock_unlock(&rwlock);
	sum += pthread_rwlock_wrlock(&rwlock) + pthread_rwlock_unlock(&rwlock);
	sum += pthread_rwlock_timedrdlock(&rwlock, &later) + pthread_rwlock_unlock(&rwlock);
	sum += pthread_rwlock_timedwrlock(&rwlock, &later) + pthread_rwlock_unlock(&rwlock);
	pthread_spin_lock(&spin);
	pthread_spin_unlock(&spin);
	pthread_barrier_init(&barrier, NULL, 1);
	sum += pthread_barrier_wait(&barrier) + pthread_barrier_destroy(&barrier);
	sum += sem_wait(&sem) + sem_post(&sem) + sem_timedwait(&sem, &later) + sem_post(&sem);
	sum += sem_clockwait(&sem, CLOCK_REALTIME, &later) + sem_post(&sem);
	return sum;
}

/* What the others leave there is theirs, so that only the last says something. */
static long queues(void)
{
	struct {
		long type;
		char text[8];
	} message = {1, "1234567"};
	struct sembuf add = {0, 1, IPC_NOWAIT};
	struct timespec past = {0, 0};
	char text[8] = "1234567";

	msgsnd(msg_id, &message, 8, IPC_NOWAIT);
	msgrcv(msg_id, &message, 8, 0, IPC_NOWAIT);
	mq_send(queue, text, 8, 0);
	mq_receive(queue, text, 8, NULL);
	mq_timedsend(queue, text, 8, 0, &past);
	mq_timedreceive(queue, text, 8, NULL, &past);
	return semop(sem_id, &add, 1) + semtimedop(sem_id, &(struct sembuf){0, -1, 0}, 1, NULL);
}

static long names(void)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST}, *found = NULL;
	struct hostent host, *said = NULL;
	char text[1024];
	int failed = 0;
	long sum = getaddrinfo("127.0.0.1", NULL, &hints, &found);

	if (sum == 0) {
		sum += getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				   NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	sum += gethostbyname_r("127.0.0.1", &host, text, sizeof(text), &said, &failed);
	return sum +
	       gethostbyname2_r("127.0.0.1", AF_INET, &host, text, sizeof(text), &said, &failed);
}

__attribute__((format(printf, 2, 3))) static int to(FILE *f, const char *format, ...)
{
	va_list list;
	int ret;

	va_start(list, format);
	ret = vfprintf(f, format, list);
	va_end(list);
	return ret;
}

static long streams(void)
{
	char text[32], *line = NULL;
	size_t room = 0;
	FILE *in = fopen("data", "r"), *out = fopen("/dev/null", "w");
	long sum = 0;

	if (!in || !out)
		return -1000;
	sum += (long)fread(text, 1, 8, in) + fgetc(in) + (fgets(text, 8, in) != NULL) +
	       getline(&line, &room, in);
	free(line);
	sum += (long)fwrite(text, 1, 8, out) + (fputs("abc", out) >= 0) + fputc('c', out) +
	       fprintf(out, "%d\n", 12) + to(out, "%s", "abc") + fflush(out);
	sum += dprintf(null_fd, "%d\n", 12);
	out = freopen("/dev/null", "w", out);
	return sum + (out ? fclose(out) : -1000) + fclose(in);
}

static long memory(void)
{
	char *block = calloc(3, 30),
	     *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long sum;

	block = realloc(block, 300);
	if (!block || page == MAP_FAILED)
		return -1000;
	block[299] = page[8191] = 1;
	sum = block[0] + madvise(page, 8192, MADV_DONTNEED) + page[0];
	free(block);
	free(aligned_alloc(64, 64));
	page = mremap(page, 8192, 4096, 0);
	return sum + munmap(page, 4096);
}

static long bare(void)
{
	char c;

	return syscall(SYS_read, data_fd, &c, 0) + syscall(SYS_futex, &c - (uintptr_t)&c % 4, 1, 1);
}

static long done[10];

static void *thread(void *arg)
{
	long (*const family[])(void) = {files,		pipes_and_sockets,
					time_and_polls, children_and_signals,
					locks,		queues,
					names,		streams,
					memory,		bare};

	for (size_t i = 0; i < sizeof(family) / sizeof(family[0]); i++)
		__atomic_add_fetch(&done[i], family[i](), __ATOMIC_RELAXED);
	return arg;
}

static void ignore(int sig)
{
	(void)sig;
}

static void prepare(void)
{
	struct mq_attr attr = {.mq_maxmsg = 4, .mq_msgsize = 8};
	char name[32];
	sigset_t one;

	data_fd = open("data", O_RDWR | O_CREAT, 0600);
	null_fd = open("/dev/null", O_RDWR);
	for (int i = 0; i < 8; i++)
		(void)!write(data_fd, "0123456\n", 8);
	snprintf(name, sizeof(name), "/wait_families.%d", getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attr);
	mq_unlink(name);
	sem_id = semget(IPC_PRIVATE, 1, 0600);
	msg_id = msgget(IPC_PRIVATE, 0600);
	sem_init(&sem, 0, 1);
	pthread_spin_init(&spin, 0);
	signal(SIGUSR1, ignore);
	sigemptyset(&one);
	sigaddset(&one, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &one, NULL);
}

int main(int argc, char **argv)
{
	static pthread_t id[AT_ONCE];
	int count = argc > 1 ? atoi(argv[1]) : 1;
	pthread_attr_t attr;

	prepare();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 17);
	/* The first by itself: there are fewer rows for calls than there will be threads and sites.
	 */
	for (int begun = 0, n = 1; begun < count; begun += n) {
		n = begun ? AT_ONCE : 1;
		n = count - begun < n ? count - begun : n;
		for (int i = 0; i < n; i++) {
			if (pthread_create(&id[i], &attr, thread, NULL) != 0)
				_exit(5);
		}
		for (int i = 0; i < n; i++)
			pthread_join(id[i], NULL);
	}
	semctl(sem_id, 0, IPC_RMID);
	msgctl(msg_id, IPC_RMID, NULL);
	for (size_t i = 0; i < sizeof(done) / sizeof(done[0]); i++)
		say("%ld ", done[i]);
	say("\n");
	return 0;
}
