/* Waits whose length the waiter measures itself. Prints one JSON object a line:
 * the case, the kind, the line of the call, how often it was made, how many of
 * those ran out of time, and what clock_gettime around the calls says.
 *
 * What must not appear as a wait comes first: locks that are free, trylocks
 * that fail, a recursive lock taken again, a read lock among readers, a thread
 * that has ended already.
 * The argument "exit" ends the process while a thread waits for a mutex that
 * main holds and another for a condition: for 60 ms, give or take the start. */
#include "probe.h"
#include <pthread.h>
#include <semaphore.h>
#include <threads.h>

#define ROUNDS 5

static pthread_mutex_t truth_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t cond_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t truth_rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t writers_first;
static pthread_cond_t truth_cond = PTHREAD_COND_INITIALIZER;
static mtx_t truth_mtx;
static cnd_t truth_cnd;
static sem_t held, go;

struct measured {
	uint64_t ns;
	int line, result;
};

/* The call and its line, and the time from just before to just after. */
#define MEASURE(call)                                                                              \
	({                                                                                         \
		uint64_t from_ = clock_ns(CLOCK_MONOTONIC);                                        \
		int result_ = call;                                                                \
		struct measured m_ = {clock_ns(CLOCK_MONOTONIC) - from_, __LINE__, result_};       \
		m_;                                                                                \
	})

#define CASE(name, call, undo)                                                                     \
	__attribute__((noinline)) static struct measured name(void)                                \
	{                                                                                          \
		struct measured m = MEASURE(call);                                                 \
		undo;                                                                              \
		return m;                                                                          \
	}

static struct timespec after_ms(clockid_t clock, long ms)
{
	uint64_t t = clock_ns(clock) + (uint64_t)ms * 1000000;

	return (struct timespec){(time_t)(t / 1000000000), (long)(t % 1000000000)};
}
static struct timespec until;

static pthread_t sleeper;
static pthread_mutexattr_t plain_attr;
static pthread_mutex_t robust_mutex, inherit_mutex, errorcheck_mutex, recursive_mutex;

CASE(wait_mutex, pthread_mutex_lock(&truth_mutex), pthread_mutex_unlock(&truth_mutex))
CASE(wait_timedlock, pthread_mutex_timedlock(&truth_mutex, &until), (void)0)
CASE(wait_clocklock, pthread_mutex_clocklock(&truth_mutex, CLOCK_MONOTONIC, &until),
     pthread_mutex_unlock(&truth_mutex))
CASE(wait_robust, pthread_mutex_lock(&robust_mutex), pthread_mutex_unlock(&robust_mutex))
CASE(wait_inherit, pthread_mutex_lock(&inherit_mutex), pthread_mutex_unlock(&inherit_mutex))
CASE(wait_errorcheck, pthread_mutex_lock(&errorcheck_mutex),
     pthread_mutex_unlock(&errorcheck_mutex))
CASE(wait_read, pthread_rwlock_rdlock(&truth_rwlock), pthread_rwlock_unlock(&truth_rwlock))
CASE(wait_write, pthread_rwlock_wrlock(&truth_rwlock), pthread_rwlock_unlock(&truth_rwlock))
CASE(wait_read_timed, pthread_rwlock_timedrdlock(&truth_rwlock, &until), (void)0)
CASE(wait_write_timed, pthread_rwlock_clockwrlock(&truth_rwlock, CLOCK_MONOTONIC, &until), (void)0)
CASE(wait_read_second, pthread_rwlock_rdlock(&writers_first), pthread_rwlock_unlock(&writers_first))
CASE(wait_cond, pthread_cond_wait(&truth_cond, &cond_mutex), (void)0)
CASE(wait_cond_timed, pthread_cond_timedwait(&truth_cond, &cond_mutex, &until), (void)0)
CASE(wait_cond_clock, pthread_cond_clockwait(&truth_cond, &cond_mutex, CLOCK_MONOTONIC, &until),
     (void)0)
CASE(wait_join, pthread_join(sleeper, NULL), (void)0)
CASE(wait_join_timed, pthread_timedjoin_np(sleeper, NULL, &until), (void)0)
CASE(wait_mtx, mtx_lock(&truth_mtx), mtx_unlock(&truth_mtx))
CASE(wait_mtx_timed, mtx_timedlock(&truth_mtx, &until), (void)0)
CASE(wait_cnd, cnd_wait(&truth_cnd, &truth_mtx), (void)0)

enum { MUTEX, ROBUST, INHERIT, ERRORCHECK, READ, WRITE, FIRST, MTX };
static int (*const lock_it[])(void *) = {
    (int (*)(void *))pthread_mutex_lock,    (int (*)(void *))pthread_mutex_lock,
    (int (*)(void *))pthread_mutex_lock,    (int (*)(void *))pthread_mutex_lock,
    (int (*)(void *))pthread_rwlock_rdlock, (int (*)(void *))pthread_rwlock_wrlock,
    (int (*)(void *))pthread_rwlock_wrlock, (int (*)(void *))mtx_lock,
};
static int (*const unlock_it[])(void *) = {
    (int (*)(void *))pthread_mutex_unlock,  (int (*)(void *))pthread_mutex_unlock,
    (int (*)(void *))pthread_mutex_unlock,  (int (*)(void *))pthread_mutex_unlock,
    (int (*)(void *))pthread_rwlock_unlock, (int (*)(void *))pthread_rwlock_unlock,
    (int (*)(void *))pthread_rwlock_unlock, (int (*)(void *))mtx_unlock,
};
static void *const lock_of[] = {&truth_mutex,  &robust_mutex, &inherit_mutex, &errorcheck_mutex,
				&truth_rwlock, &truth_rwlock, &writers_first, &truth_mtx};

static long hold_for_ms;

/* Holds a lock for a while and says when it has it. */
static void *hold(void *arg)
{
	int which = (int)(intptr_t)arg;

	lock_it[which](lock_of[which]);
	sem_post(&held);
	sleep_ms(hold_for_ms);
	unlock_it[which](lock_of[which]);
	return NULL;
}

static void *signal_later(void *arg)
{
	sem_wait(&go);
	sleep_ms(30);
	if (arg) {
		mtx_lock(&truth_mtx);
		cnd_signal(&truth_cnd);
		mtx_unlock(&truth_mtx);
	} else {
		pthread_mutex_lock(&cond_mutex);
		pthread_cond_signal(&truth_cond);
		pthread_mutex_unlock(&cond_mutex);
	}
	return NULL;
}

static void *sleep_long(void *arg)
{
	sleep_ms((long)(intptr_t)arg);
	return NULL;
}

static void report(const char *name, const char *kind, const struct measured *m, int rounds)
{
	uint64_t total = 0;
	int timeouts = 0;

	for (int i = 0; i < rounds; i++) {
		total += m[i].ns;
		timeouts += m[i].result == ETIMEDOUT || m[i].result == thrd_timedout;
		if (m[i].result != 0 && m[i].result != ETIMEDOUT && m[i].result != thrd_timedout)
			say("%s returned %d\n", name, m[i].result);
	}
	say("{\"case\":\"%s\",\"kind\":\"%s\",\"line\":%d,\"waits\":%d,\"timeouts\":%d,\"wait_ns\":"
	    "%lu}\n",
	    name, kind, m[0].line, rounds, timeouts, total);
}

/* Another thread holds the lock for 40 ms. The holder is left to end by itself:
 * joining it would be one more wait. */
static void held_by_other(const char *name, const char *kind, int which,
			  struct measured (*wait)(void), long wait_ms, clockid_t clock)
{
	struct measured m[ROUNDS];
	pthread_t thread;

	hold_for_ms = 40;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&thread, NULL, hold, (void *)(intptr_t)which);
		pthread_detach(thread);
		sem_wait(&held);
		until = after_ms(clock, wait_ms);
		m[i] = wait();
		sleep_ms(wait_ms < 40 ? 60 : 10); /* the holder is gone */
	}
	report(name, kind, m, ROUNDS);
}

static void signalled(const char *name, struct measured (*wait)(void), int c11)
{
	struct measured m[ROUNDS];
	pthread_t thread;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&thread, NULL, signal_later, c11 ? (void *)1 : NULL);
		pthread_detach(thread);
		if (c11)
			mtx_lock(&truth_mtx);
		else
			pthread_mutex_lock(&cond_mutex);
		sem_post(&go);
		until = after_ms(CLOCK_MONOTONIC, 5000);
		m[i] = wait();
		if (c11)
			mtx_unlock(&truth_mtx);
		else
			pthread_mutex_unlock(&cond_mutex);
		sleep_ms(5);
	}
	report(name, "cond", m, ROUNDS);
}

static void cond_times_out(void)
{
	struct measured m[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&cond_mutex);
		until = after_ms(CLOCK_REALTIME, 20);
		m[i] = wait_cond_timed();
		pthread_mutex_unlock(&cond_mutex);
	}
	report("wait_cond_timed", "cond", m, ROUNDS);
}

/* A writer waits behind a reader, and a second reader behind the writer. */
static void *write_first(void *arg)
{
	sem_post(&held);
	pthread_rwlock_wrlock(&writers_first);
	sleep_ms(30);
	pthread_rwlock_unlock(&writers_first);
	return arg;
}

static void *read_a_while(void *arg)
{
	pthread_rwlock_rdlock(&writers_first);
	sem_post(&held);
	sleep_ms(30);
	pthread_rwlock_unlock(&writers_first);
	return arg;
}

static void reader_behind_writer(void)
{
	struct measured m[ROUNDS];
	pthread_t reader, writer;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&reader, NULL, read_a_while, NULL);
		pthread_detach(reader);
		sem_wait(&held);
		pthread_create(&writer, NULL, write_first, NULL);
		pthread_detach(writer);
		sem_wait(&held);
		sleep_ms(5);
		m[i] = wait_read_second();
		sleep_ms(5);
	}
	report("wait_read_second", "read", m, ROUNDS);
}

static void joins(void)
{
	struct measured m[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&sleeper, NULL, sleep_long, (void *)50);
		m[i] = wait_join();
	}
	report("wait_join", "join", m, ROUNDS);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_create(&sleeper, NULL, sleep_long, (void *)50);
		until = after_ms(CLOCK_REALTIME, 20);
		m[i] = wait_join_timed();
		pthread_detach(sleeper);
	}
	report("wait_join_timed", "join", m, ROUNDS);
	pthread_create(&sleeper, NULL, sleep_long, (void *)1);
	sleep_ms(50);
	pthread_join(sleeper, NULL); /* it has ended: no wait */
}

__attribute__((noinline)) static void no_waits(void)
{
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&truth_mutex);
		if (pthread_mutex_trylock(&truth_mutex) != EBUSY)
			say("trylock did not fail\n");
		pthread_mutex_unlock(&truth_mutex);
		pthread_mutex_lock(&recursive_mutex);
		pthread_mutex_lock(&recursive_mutex);
		pthread_mutex_unlock(&recursive_mutex);
		pthread_mutex_unlock(&recursive_mutex);
		pthread_mutex_lock(&errorcheck_mutex);
		if (pthread_mutex_lock(&errorcheck_mutex) != EDEADLK)
			say("locked twice\n");
		pthread_mutex_unlock(&errorcheck_mutex);
		pthread_rwlock_rdlock(&truth_rwlock);
		pthread_rwlock_rdlock(&truth_rwlock);
		pthread_rwlock_unlock(&truth_rwlock);
		pthread_rwlock_unlock(&truth_rwlock);
		pthread_rwlock_wrlock(&writers_first);
		pthread_rwlock_unlock(&writers_first);
		pthread_rwlock_rdlock(&writers_first);
		pthread_rwlock_unlock(&writers_first);
		pthread_mutex_lock(&robust_mutex);
		pthread_mutex_unlock(&robust_mutex);
		pthread_mutex_lock(&inherit_mutex);
		pthread_mutex_unlock(&inherit_mutex);
		mtx_lock(&truth_mtx);
		mtx_unlock(&truth_mtx);
	}
}

static void make_locks(void)
{
	pthread_rwlockattr_t rwlock;

	sem_init(&held, 0, 0);
	sem_init(&go, 0, 0);
	mtx_init(&truth_mtx, mtx_timed);
	cnd_init(&truth_cnd);
	pthread_rwlockattr_init(&rwlock);
	pthread_rwlockattr_setkind_np(&rwlock, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&writers_first, &rwlock);
	pthread_mutexattr_init(&plain_attr);
	pthread_mutexattr_settype(&plain_attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&errorcheck_mutex, &plain_attr);
	pthread_mutexattr_settype(&plain_attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive_mutex, &plain_attr);
	pthread_mutexattr_settype(&plain_attr, PTHREAD_MUTEX_NORMAL);
	pthread_mutexattr_setrobust(&plain_attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&robust_mutex, &plain_attr);
	pthread_mutexattr_setrobust(&plain_attr, PTHREAD_MUTEX_STALLED);
	pthread_mutexattr_setprotocol(&plain_attr, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&inherit_mutex, &plain_attr);
}

static void *wait_for_ever(void *arg)
{
	if (arg) {
		pthread_mutex_lock(&cond_mutex);
		sem_post(&held);
		wait_cond();
	} else {
		sem_post(&held);
		wait_mutex();
	}
	return NULL;
}

static int exit_while_waiting(void)
{
	pthread_t thread;

	pthread_mutex_lock(&truth_mutex);
	pthread_create(&thread, NULL, wait_for_ever, NULL);
	pthread_create(&thread, NULL, wait_for_ever, (void *)1);
	sem_wait(&held);
	sem_wait(&held);
	sleep_ms(60);
	return 0;
}

int main(int argc, char **argv)
{
	make_locks();
	if (argc > 1 && !strcmp(argv[1], "exit"))
		return exit_while_waiting();
	no_waits();
	held_by_other("wait_mutex", "mutex", MUTEX, wait_mutex, 5000, CLOCK_REALTIME);
	held_by_other("wait_timedlock", "mutex", MUTEX, wait_timedlock, 20, CLOCK_REALTIME);
	held_by_other("wait_clocklock", "mutex", MUTEX, wait_clocklock, 5000, CLOCK_MONOTONIC);
	held_by_other("wait_robust", "mutex", ROBUST, wait_robust, 5000, CLOCK_REALTIME);
	held_by_other("wait_inherit", "mutex", INHERIT, wait_inherit, 5000, CLOCK_REALTIME);
	held_by_other("wait_errorcheck", "mutex", ERRORCHECK, wait_errorcheck, 5000,
		      CLOCK_REALTIME);
	held_by_other("wait_read", "read", WRITE, wait_read, 5000, CLOCK_REALTIME);
	held_by_other("wait_write", "write", READ, wait_write, 5000, CLOCK_REALTIME);
	held_by_other("wait_read_timed", "read", WRITE, wait_read_timed, 20, CLOCK_REALTIME);
	held_by_other("wait_write_timed", "write", READ, wait_write_timed, 20, CLOCK_MONOTONIC);
	held_by_other("wait_mtx", "mutex", MTX, wait_mtx, 5000, CLOCK_REALTIME);
	held_by_other("wait_mtx_timed", "mutex", MTX, wait_mtx_timed, 20, CLOCK_REALTIME);
	reader_behind_writer();
	signalled("wait_cond", wait_cond, 0);
	signalled("wait_cond_clock", wait_cond_clock, 0);
	signalled("wait_cnd", wait_cnd, 1);
	cond_times_out();
	joins();
	return 0;
}
