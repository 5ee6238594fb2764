/* Calls functions of libc that the library hooks, from several threads, beneath a handler of a
 * signal, and in a forked child, and says how often: "NAME CALLS" a line. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

#define THREADS 4
#define TURNS	10000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static mtx_t standard;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static volatile sig_atomic_t handled;

/* What the compiler cannot see through. */
static void *(*volatile make)(size_t) = malloc;
static void (*volatile drop)(void *) = free;

static void handler(int number)
{
	(void)number;
	pthread_mutex_trylock(&mutex); /* the thread has it: it is busy */
	handled++;
}

__attribute__((noinline)) static void memory(void)
{
	void *volatile kept; /* the thread's own, and not to be seen through */
	void *aligned;

	drop(make(24));
	kept = calloc(2, 3);
	kept = realloc(kept, 100);
	drop(kept);
	drop(NULL);
	if (posix_memalign(&aligned, 64, 64) == 0)
		drop(aligned);
	drop(make(SIZE_MAX / 2)); /* there is none */
}

__attribute__((noinline)) static void locks(void)
{
	pthread_mutex_lock(&mutex);
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
	pthread_rwlock_rdlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_wrlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	pthread_spin_lock(&spin);
	pthread_spin_unlock(&spin);
	mtx_lock(&standard);
	mtx_unlock(&standard);
}

__attribute__((noinline)) static void blocking(int fd)
{
	char byte = 'a';

	if (pwrite(fd, &byte, 1, 0) != 1 || pread(fd, &byte, 1, 0) != 1)
		abort();
}

static void *work(void *arg)
{
	int fd = dup(*(int *)arg);

	for (int i = 0; i < TURNS; i++) {
		memory();
		locks();
		if (i % 10 == 0)
			blocking(fd);
	}
	close(fd);
	return NULL;
}

static void count(const char *name, long calls)
{
	printf("%s %ld\n", name, calls);
}

int main(void)
{
	FILE *file = tmpfile();
	int fd = file ? fileno(file) : -1, status;
	pthread_t thread[THREADS];
	pid_t child;

	signal(SIGUSR1, handler);
	pthread_spin_init(&spin, 0);
	mtx_init(&standard, mtx_plain);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, &fd);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	pthread_mutex_lock(&mutex);
	for (int i = 0; i < 1000; i++)
		raise(SIGUSR1);
	pthread_mutex_unlock(&mutex);
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 100; i++)
			locks();
		_exit(0);
	}
	waitpid(child, &status, 0);
	count("pthread_mutex_lock", THREADS * TURNS + 1);
	count("pthread_mutex_unlock", THREADS * TURNS + 1);
	count("pthread_mutex_trylock", handled);
	count("pthread_cond_signal", THREADS * TURNS);
	count("pthread_rwlock_rdlock", THREADS * TURNS);
	count("pthread_rwlock_wrlock", THREADS * TURNS);
	count("pthread_rwlock_unlock", THREADS * TURNS * 2);
	count("pthread_spin_lock", THREADS * TURNS);
	count("pthread_spin_unlock", THREADS * TURNS);
	count("mtx_lock", THREADS * TURNS);
	count("mtx_unlock", THREADS * TURNS);
	count("pthread_join", THREADS);
	count("realloc", THREADS * TURNS);
	count("posix_memalign", THREADS * TURNS);
	count("memory>malloc", THREADS * TURNS); /* of two, one fails */
	count("memory>calloc", THREADS * TURNS);
	count("blocking>pread", THREADS * TURNS / 10);
	count("blocking>pwrite", THREADS * TURNS / 10);
	return 0;
}
