/* Threads that hold locks for known times while others wait for them, each in its own way.
 * It writes what it did itself: `hold THREAD BEGIN END` and `wait THREAD BEGIN END`, in
 * nanoseconds; test/blame_oracle.py says from these who was waited for.
 *
 *	blame MODE [WAITERS [SEED]] */
#include "probe.h"
#include <pthread.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <threads.h>

#define LOGGED 20000u

struct entry {
	const char *what;
	char thread[16];
	uint64_t begin, end;
};
static struct entry entries[LOGGED];
static uint32_t logged;

static pthread_mutex_t m_book = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t m_rates = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t m_spin;
static pthread_cond_t c_work = PTHREAD_COND_INITIALIZER;
static mtx_t m_c11;
static int pipe_fd[2];
static uint64_t seed;

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void note(const char *what, uint64_t begin, uint64_t end)
{
	struct entry *e = &entries[__atomic_fetch_add(&logged, 1, __ATOMIC_RELAXED) % LOGGED];

	e->what = what;
	e->begin = begin;
	e->end = end;
	prctl(PR_GET_NAME, e->thread);
}

static void flush_log(void)
{
	for (uint32_t i = 0; i < logged && i < LOGGED; i++)
		say("%s %s %lu %lu\n", entries[i].what, entries[i].thread, entries[i].begin,
		    entries[i].end);
}

static uint32_t below(uint32_t *state, uint32_t most)
{
	*state = *state * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(*state >> 8) * most >> 24);
}

static void sleep_us(uint32_t us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000l};

	nanosleep(&t, NULL);
}

/* Takes a lock, by which the time until then is a wait, holds it, gives it back. */
#define ROUND(take, body, give)                                                                    \
	do {                                                                                       \
		uint64_t asked_ = now(), had_;                                                     \
		take;                                                                              \
		had_ = now();                                                                      \
		body;                                                                              \
		give;                                                                              \
		note("hold", had_, now());                                                         \
		note("wait", asked_, had_);                                                        \
	} while (0)

static int rounds = 40;
typedef void *work(void *);

static void *on_mutex(void *arg)
{
	uint32_t state = (uint32_t)(seed * 977 + (uintptr_t)arg * 7919);

	for (int i = 0; i < rounds; i++) {
		ROUND(pthread_mutex_lock(&m_book),
		      sleep_us(200 + 300 * (uint32_t)(uintptr_t)arg + below(&state, 500)),
		      pthread_mutex_unlock(&m_book));
		sleep_us(below(&state, 2000));
	}
	return NULL;
}

static void *on_c11(void *arg)
{
	for (int i = 0; i < rounds; i++) {
		ROUND(mtx_lock(&m_c11), sleep_us(300 + 400 * (uint32_t)(uintptr_t)arg),
		      mtx_unlock(&m_c11));
		sleep_us(100);
	}
	return NULL;
}

static void *on_spin(void *arg)
{
	for (int i = 0; i < rounds; i++) {
		ROUND(pthread_spin_lock(&m_spin), sleep_us(500 + 500 * (uint32_t)(uintptr_t)arg),
		      pthread_spin_unlock(&m_spin));
		sleep_us(500);
	}
	return NULL;
}

/* The first writes, the others read. */
static void *on_rwlock(void *arg)
{
	for (int i = 0; i < rounds; i++) {
		if (arg == (void *)1)
			ROUND(pthread_rwlock_wrlock(&m_rates), sleep_us(2000),
			      pthread_rwlock_unlock(&m_rates));
		else
			ROUND(pthread_rwlock_rdlock(&m_rates),
			      sleep_us(500 * (uint32_t)(uintptr_t)arg),
			      pthread_rwlock_unlock(&m_rates));
		sleep_us(1000);
	}
	return NULL;
}

/* Short holds, after each of which its thread sleeps: whoever waits has to be woken to go on. */
static void *on_convoy(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10 * rounds; i++) {
		uint64_t until;

		pthread_mutex_lock(&m_book);
		until = now() + 5000;
		while (now() < until)
			;
		pthread_mutex_unlock(&m_book);
		sleep_us(10);
	}
	return NULL;
}

static void append_to_journal(void)
{
	char byte;

	if (read(pipe_fd[0], &byte, 1) != 1)
		say("nothing to read\n");
}

/* The first writes a journal under the lock, which takes as long as the feeder lets it. */
static void *on_journal(void *arg)
{
	for (int i = 0; i < 10; i++) {
		if (arg == (void *)1)
			ROUND(pthread_mutex_lock(&m_book), append_to_journal(),
			      pthread_mutex_unlock(&m_book));
		else
			ROUND(pthread_mutex_lock(&m_book), sleep_us(300),
			      pthread_mutex_unlock(&m_book));
		sleep_us(2000);
	}
	return NULL;
}

static void *feed_journal(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++) {
		sleep_us(20000);
		if (write(pipe_fd[1], "x", 1) != 1)
			return NULL;
	}
	return NULL;
}

/* Half of them give up. */
static void *on_timed(void *arg)
{
	for (int i = 0; i < rounds; i++) {
		uint64_t asked = now(), until = clock_ns(CLOCK_REALTIME) + 1500000, had;
		struct timespec t = {(time_t)(until / 1000000000), (long)(until % 1000000000)};
		int ret = arg == (void *)1 ? pthread_mutex_lock(&m_book)
					   : pthread_mutex_timedlock(&m_book, &t);

		had = now();
		note("wait", asked, had);
		if (ret == 0) {
			sleep_us(arg == (void *)1 ? 4000 : 500);
			pthread_mutex_unlock(&m_book);
			note("hold", had, now());
		}
		sleep_us(500);
	}
	return NULL;
}

/* The first holds it but for the times that it waits for the condition. */
static void *on_cond(void *arg)
{
	for (int i = 0; i < rounds; i++) {
		uint64_t had, asked = now();

		pthread_mutex_lock(&m_book);
		had = now();
		note("wait", asked, had);
		if (arg == (void *)1) {
			uint64_t until = clock_ns(CLOCK_REALTIME) + 3000000;
			struct timespec t = {(time_t)(until / 1000000000),
					     (long)(until % 1000000000)};

			sleep_us(3000);
			note("hold", had, now());
			pthread_cond_timedwait(&c_work, &m_book, &t);
			had = now();
		}
		sleep_us(500);
		pthread_mutex_unlock(&m_book);
		note("hold", had, now());
		sleep_us(300);
	}
	return NULL;
}

/* The lock is another one each round, at the same address. */
static void *on_reused(void *arg)
{
	static pthread_barrier_t barrier;
	static uint32_t once;

	if (!__atomic_exchange_n(&once, 1, __ATOMIC_SEQ_CST))
		pthread_barrier_init(&barrier, NULL, 3);
	else
		sleep_us(20000);
	for (int i = 0; i < 10; i++) {
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) {
			pthread_mutex_destroy(&m_book);
			pthread_mutex_init(&m_book, NULL);
		}
		pthread_barrier_wait(&barrier);
		ROUND(pthread_mutex_lock(&m_book), sleep_us(1000 * (uint32_t)(uintptr_t)arg),
		      pthread_mutex_unlock(&m_book));
	}
	return NULL;
}

static sigjmp_buf out;

static void jump(int sig)
{
	siglongjmp(out, sig);
}

/* Left by a jump out of a handler, more than once; then waits properly. */
static void *on_jump(void *arg)
{
	(void)arg;
	for (volatile int i = 0; i < 5; i++) {
		if (!sigsetjmp(out, 1)) {
			pthread_mutex_lock(&m_book);
			say("not interrupted\n");
		}
	}
	ROUND(pthread_mutex_lock(&m_book), sleep_us(1000), pthread_mutex_unlock(&m_book));
	return NULL;
}

static void named(const char *name, int number, work *run, pthread_t *thread)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%d", name, number);
	prctl(PR_SET_NAME, text);
	pthread_create(thread, NULL, run, (void *)(intptr_t)number);
	prctl(PR_SET_NAME, "main");
}

static void run_all(const char *name, work *run, int count)
{
	pthread_t thread[16];

	for (int i = 0; i < count; i++)
		named(name, i + 1, run, &thread[i]);
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

static void jumps(void)
{
	pthread_t waiter;

	signal(SIGUSR1, jump);
	pthread_mutex_lock(&m_book);
	named("jumper", 1, on_jump, &waiter);
	for (int i = 0; i < 5; i++) {
		sleep_us(20000);
		pthread_kill(waiter, SIGUSR1);
	}
	sleep_us(20000);
	pthread_mutex_unlock(&m_book);
	pthread_join(waiter, NULL);
}

static void *die_with_it(void *arg)
{
	pthread_mutex_lock(arg);
	sleep_us(20000);
	return NULL;
}

/* A robust mutex whose owner ends with it. */
static void deaths(void)
{
	static pthread_mutex_t robust;
	pthread_mutexattr_t attr;
	pthread_t thread;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust, &attr);
	pthread_create(&thread, NULL, die_with_it, &robust);
	sleep_us(5000);
	if (pthread_mutex_lock(&robust) != EOWNERDEAD)
		say("its owner lives\n");
	pthread_mutex_consistent(&robust);
	pthread_mutex_unlock(&robust);
	pthread_join(thread, NULL);
}

static void children(void)
{
	run_all("parent", on_mutex, 3);
	if (fork() == 0) {
		run_all("child", on_mutex, 3);
		exit(0);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "mutex";
	int count = argc > 2 ? atoi(argv[2]) : 3;
	pthread_t feeder;

	seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	pthread_spin_init(&m_spin, 0);
	mtx_init(&m_c11, mtx_plain);
	if (!strcmp(mode, "mutex"))
		run_all("holder", on_mutex, count);
	else if (!strcmp(mode, "c11"))
		run_all("holder", on_c11, count);
	else if (!strcmp(mode, "spin"))
		run_all("holder", on_spin, count);
	else if (!strcmp(mode, "rwlock"))
		run_all("holder", on_rwlock, count);
	else if (!strcmp(mode, "convoy"))
		run_all("holder", on_convoy, count);
	else if (!strcmp(mode, "timed"))
		run_all("holder", on_timed, count);
	else if (!strcmp(mode, "cond"))
		run_all("holder", on_cond, count);
	else if (!strcmp(mode, "reused"))
		run_all("holder", on_reused, 3);
	else if (!strcmp(mode, "jump"))
		jumps();
	else if (!strcmp(mode, "death"))
		deaths();
	else if (!strcmp(mode, "fork"))
		children();
	else if (!strcmp(mode, "journal") && pipe(pipe_fd) == 0) {
		pthread_create(&feeder, NULL, feed_journal, NULL);
		run_all("holder", on_journal, count);
		pthread_join(feeder, NULL);
	}
	flush_log();
	return 0;
}
