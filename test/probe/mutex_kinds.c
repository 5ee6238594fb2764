/* Every kind of mutex and what each call on it returns, in every state: free,
 * held by the caller, held by another thread, its holder dead, destroyed. The
 * output is the same with and without a profiler, or the profiler changes what
 * locks mean. Waits run out after a few milliseconds, so that nothing hangs.
 *
 * mutex_kinds mutexes | deaths | rwlocks | c11 | cancel */
#include "probe.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>

/* The call, what it returned, and whether errno survived it. */
#define TELL(call)                                                                                 \
	do {                                                                                       \
		int result_;                                                                       \
		errno = 77;                                                                        \
		result_ = call;                                                                    \
		say("  %s = %d%s\n", #call, result_, errno == 77 ? "" : " (errno changed)");       \
	} while (0)

static struct timespec in_ms(clockid_t clock, long ms)
{
	int64_t t = (int64_t)clock_ns(clock) + ms * 1000000;

	return (struct timespec){t / 1000000000, t % 1000000000};
}

static pthread_mutex_t m;
static struct timespec soon, past, wrong;

static void set_times(void)
{
	soon = in_ms(CLOCK_REALTIME, 8);
	past = in_ms(CLOCK_REALTIME, -1000);
	wrong = soon;
	wrong.tv_nsec = 1000000000;
}

static void state(const char *when)
{
	say("  [%s: count %u, users %u, %s]\n", when, m.__data.__count, m.__data.__nusers,
	    m.__data.__owner ? "owned" : "not owned");
}

static void *other(void *arg)
{
	struct timespec mono = in_ms(CLOCK_MONOTONIC, 8);

	(void)arg;
	set_times();
	say(" another thread:\n");
	TELL(pthread_mutex_trylock(&m));
	TELL(pthread_mutex_timedlock(&m, &soon));
	TELL(pthread_mutex_timedlock(&m, &past));
	TELL(pthread_mutex_timedlock(&m, &wrong));
	TELL(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &mono));
	TELL(pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &mono));
	TELL(pthread_mutex_destroy(&m));
	return NULL;
}

static void in_thread(void *(*fn)(void *), void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, fn, arg);

	if (err)
		say("pthread_create = %d\n", err);
	else
		TELL(pthread_join(thread, NULL));
}

static void *foreign_unlock(void *arg)
{
	(void)arg;
	TELL(pthread_mutex_unlock(&m));
	return NULL;
}

/* strict: the mutex knows its owner, so that misuse is defined. */
static void use(int type, int strict)
{
	struct timespec mono = in_ms(CLOCK_MONOTONIC, 8);

	set_times();
	TELL(pthread_mutex_timedlock(&m, &wrong));
	TELL(pthread_mutex_unlock(&m));
	TELL(pthread_mutex_timedlock(&m, &past));
	TELL(pthread_mutex_unlock(&m));
	TELL(pthread_mutex_clocklock(&m, CLOCK_PROCESS_CPUTIME_ID, &mono));
	TELL(pthread_mutex_clocklock(&m, CLOCK_MONOTONIC, &mono));
	TELL(pthread_mutex_unlock(&m));
	TELL(pthread_mutex_trylock(&m));
	TELL(pthread_mutex_unlock(&m));
	TELL(pthread_mutex_lock(&m));
	state("locked");
	in_thread(other, NULL);
	if (strict)
		in_thread(foreign_unlock, NULL);
	TELL(pthread_mutex_trylock(&m));
	set_times();
	TELL(pthread_mutex_timedlock(&m, &soon));
	if (type == PTHREAD_MUTEX_RECURSIVE || type == PTHREAD_MUTEX_ERRORCHECK)
		TELL(pthread_mutex_lock(&m));
	state("again");
	if (type == PTHREAD_MUTEX_RECURSIVE) {
		TELL(pthread_mutex_unlock(&m));
		in_thread(other, NULL);
		TELL(pthread_mutex_unlock(&m));
		TELL(pthread_mutex_unlock(&m));
	}
	TELL(pthread_mutex_destroy(&m));
	TELL(pthread_mutex_unlock(&m));
	state("free");
	if (strict)
		TELL(pthread_mutex_unlock(&m));
	TELL(pthread_mutex_destroy(&m));
	TELL(pthread_mutex_lock(&m));
	TELL(pthread_mutex_trylock(&m));
	set_times();
	TELL(pthread_mutex_timedlock(&m, &soon));
}

static void mutexes(void)
{
	static const int type[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
				   PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_ADAPTIVE_NP};
	static const char *const name[] = {"normal", "recursive", "errorcheck", "adaptive"};
	static const int protocol[] = {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT,
				       PTHREAD_PRIO_PROTECT};

	for (int i = 0; i < 4 * 3 * 2 * 2; i++) {
		int t = i % 4, p = i / 4 % 3, robust = i / 12 % 2, shared = i / 24;
		pthread_mutexattr_t attr;

		say("%s, protocol %d, %s, %s\n", name[t], p, robust ? "robust" : "stalled",
		    shared ? "shared" : "private");
		pthread_mutexattr_init(&attr);
		TELL(pthread_mutexattr_settype(&attr, type[t]));
		TELL(pthread_mutexattr_setprotocol(&attr, protocol[p]));
		TELL(pthread_mutexattr_setrobust(&attr, robust));
		TELL(pthread_mutexattr_setpshared(&attr, shared));
		memset(&m, 0, sizeof(m));
		errno = 77;
		if (pthread_mutex_init(&m, &attr) == 0)
			use(type[t], t == 1 || t == 2 || robust);
		else
			say("  pthread_mutex_init failed\n");
		pthread_mutexattr_destroy(&attr);
	}
}

static pthread_mutex_t *shared_mutex;
static volatile int *locked; /* behind it */

static void *lock_and_die(void *arg)
{
	pthread_mutex_lock(shared_mutex);
	*locked = 1;
	sleep_ms((long)(intptr_t)arg);
	return NULL;
}

static void make_robust(int type, int protocol)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, type);
	pthread_mutexattr_setprotocol(&attr, protocol);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	memset(shared_mutex, 0, sizeof(*shared_mutex));
	TELL(pthread_mutex_init(shared_mutex, &attr));
	pthread_mutexattr_destroy(&attr);
}

/* Its holder ends, as a thread or as a process, before or while we wait. */
static void lose_holder(int process, long ms)
{
	pthread_t thread;
	pid_t pid = 0;

	*locked = 0;
	if (process) {
		pid = fork();
		if (pid == 0) {
			lock_and_die((void *)(intptr_t)ms);
			_exit(0);
		}
	} else {
		pthread_create(&thread, NULL, lock_and_die, (void *)(intptr_t)ms);
	}
	while (!*locked)
		sleep_ms(1);
	if (process && !ms)
		waitpid(pid, NULL, 0);
	else if (!process && !ms)
		pthread_join(thread, NULL);
	else if (!process)
		pthread_detach(thread);
}

static void deaths(void)
{
	static const int type[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE,
				   PTHREAD_MUTEX_ERRORCHECK};

	shared_mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	locked = (int *)(shared_mutex + 1);
	for (int i = 0; i < 3 * 2 * 2 * 2; i++) {
		int t = i % 3, inherit = i / 3 % 2, process = i / 6 % 2, late = i / 12;
		long ms = late ? 30 : 0;
		struct timespec until;

		say("type %d, %s, the %s that held it ended%s\n", t, inherit ? "inherit" : "none",
		    process ? "process" : "thread", late ? " while we waited" : "");
		make_robust(type[t], inherit ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
		lose_holder(process, ms);
		TELL(pthread_mutex_lock(shared_mutex));
		TELL(pthread_mutex_consistent(shared_mutex));
		TELL(pthread_mutex_unlock(shared_mutex));
		TELL(pthread_mutex_lock(shared_mutex));
		TELL(pthread_mutex_unlock(shared_mutex));
		lose_holder(process, ms);
		until = in_ms(CLOCK_REALTIME, 2000);
		TELL(pthread_mutex_timedlock(shared_mutex, &until));
		TELL(pthread_mutex_unlock(shared_mutex)); /* not made consistent */
		TELL(pthread_mutex_lock(shared_mutex));
		TELL(pthread_mutex_trylock(shared_mutex));
		TELL(pthread_mutex_timedlock(shared_mutex, &until));
		TELL(pthread_mutex_destroy(shared_mutex));
		while (process && waitpid(-1, NULL, 0) > 0)
			;
	}
}

static pthread_rwlock_t l;

#define TELL_AND_UNLOCK(call)                                                                      \
	do {                                                                                       \
		int got_ = call;                                                                   \
		say("  %s = %d\n", #call, got_);                                                   \
		if (got_ == 0)                                                                     \
			TELL(pthread_rwlock_unlock(&l));                                           \
	} while (0)

static void *other_rwlock(void *arg)
{
	struct timespec mono = in_ms(CLOCK_MONOTONIC, 8);

	(void)arg;
	set_times();
	say(" another thread:\n");
	TELL_AND_UNLOCK(pthread_rwlock_tryrdlock(&l));
	TELL_AND_UNLOCK(pthread_rwlock_timedrdlock(&l, &soon));
	TELL_AND_UNLOCK(pthread_rwlock_timedrdlock(&l, &wrong));
	TELL_AND_UNLOCK(pthread_rwlock_clockrdlock(&l, CLOCK_PROCESS_CPUTIME_ID, &mono));
	TELL_AND_UNLOCK(pthread_rwlock_trywrlock(&l));
	TELL_AND_UNLOCK(pthread_rwlock_timedwrlock(&l, &soon));
	TELL_AND_UNLOCK(pthread_rwlock_timedwrlock(&l, &past));
	TELL_AND_UNLOCK(pthread_rwlock_clockwrlock(&l, CLOCK_MONOTONIC, &mono));
	TELL_AND_UNLOCK(pthread_rwlock_clockwrlock(&l, CLOCK_PROCESS_CPUTIME_ID, &mono));
	return NULL;
}

static void *late_writer(void *arg)
{
	pthread_rwlock_wrlock(&l);
	say("  the writer has it\n");
	pthread_rwlock_unlock(&l);
	return arg;
}

static volatile int reading;

static void *late_reader(void *arg)
{
	pthread_rwlock_rdlock(&l);
	say("  the second reader has it\n");
	reading = 1;
	sleep_ms(20);
	pthread_rwlock_unlock(&l);
	return arg;
}

/* A reader, then a writer behind it, then a second reader: who goes first? */
static void queue_up(void)
{
	pthread_t writer, reader;

	reading = 0;
	TELL(pthread_rwlock_rdlock(&l));
	pthread_create(&writer, NULL, late_writer, NULL);
	while (!(l.__data.__readers & 2)) /* the writer is the next */
		sleep_ms(1);
	pthread_create(&reader, NULL, late_reader, NULL);
	for (int i = 0; i < 60 && !reading; i++)
		sleep_ms(5);
	say("  the first reader lets go\n");
	pthread_rwlock_unlock(&l);
	pthread_join(writer, NULL);
	pthread_join(reader, NULL);
}

static void rwlocks(void)
{
	for (int kind = 0; kind < 3; kind++) {
		pthread_rwlockattr_t attr;

		say("rwlock of kind %d\n", kind);
		pthread_rwlockattr_init(&attr);
		TELL(pthread_rwlockattr_setkind_np(&attr, kind));
		TELL(pthread_rwlock_init(&l, &attr));
		TELL(pthread_rwlock_rdlock(&l));
		TELL(pthread_rwlock_rdlock(&l));
		in_thread(other_rwlock, NULL);
		TELL(pthread_rwlock_trywrlock(&l));
		TELL(pthread_rwlock_unlock(&l));
		in_thread(other_rwlock, NULL);
		TELL(pthread_rwlock_unlock(&l));
		TELL(pthread_rwlock_wrlock(&l));
		TELL(pthread_rwlock_wrlock(&l));
		TELL(pthread_rwlock_rdlock(&l));
		TELL(pthread_rwlock_trywrlock(&l));
		in_thread(other_rwlock, NULL);
		TELL(pthread_rwlock_unlock(&l));
		queue_up();
		TELL(pthread_rwlock_destroy(&l));
	}
}

static mtx_t x;
static cnd_t v;

static int other_c11(void *arg)
{
	struct timespec until = in_ms(CLOCK_REALTIME, 8);

	TELL(mtx_trylock(&x));
	TELL(mtx_timedlock(&x, &until));
	return (int)(intptr_t)arg;
}

static void c11(void)
{
	static const int type[] = {mtx_plain, mtx_timed, mtx_timed | mtx_recursive};

	for (int i = 0; i < 3; i++) {
		struct timespec until = in_ms(CLOCK_REALTIME, 8);
		thrd_t thread;
		int result = 0;

		say("mtx of type %d\n", type[i]);
		TELL(mtx_init(&x, type[i]));
		TELL(cnd_init(&v));
		TELL(mtx_lock(&x));
		if (type[i] & mtx_recursive) {
			TELL(mtx_lock(&x));
			TELL(mtx_unlock(&x));
		}
		thrd_create(&thread, other_c11, (void *)(intptr_t)(40 + i));
		TELL(thrd_join(thread, &result));
		say("  result %d\n", result);
		TELL(cnd_timedwait(&v, &x, &until));
		TELL(mtx_unlock(&x));
		cnd_destroy(&v);
		mtx_destroy(&x);
	}
}

static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static pthread_t blocked;

static void unlock_it(void *arg)
{
	TELL(pthread_mutex_unlock(arg));
}

static volatile int waiting;

static void *wait_cancelled(void *arg)
{
	pthread_mutex_t *mutex = arg;

	pthread_mutex_lock(mutex);
	pthread_cleanup_push(unlock_it, mutex);
	waiting = 1;
	TELL(pthread_cond_wait(&c, mutex));
	pthread_cleanup_pop(1);
	return NULL;
}

static void *join_cancelled(void *arg)
{
	(void)arg;
	pthread_join(blocked, NULL);
	return NULL;
}

static void *sleep_for_ever(void *arg)
{
	for (;;)
		sleep_ms(1000);
	return arg;
}

static sigjmp_buf out;

static void jump(int sig)
{
	(void)sig;
	siglongjmp(out, 1);
}

/* A wait that a signal handler leaves. What follows must work as ever. */
static void jump_out(void)
{
	pthread_mutex_lock(&m);
	signal(SIGALRM, jump);
	if (sigsetjmp(out, 1) == 0) {
		struct timespec later = in_ms(CLOCK_REALTIME, 5000);

		ualarm(30000, 0);
		pthread_mutex_timedlock(&m, &later); /* normal: held by ourselves */
		say("  it came back\n");
	}
	TELL(pthread_mutex_unlock(&m));
	TELL(pthread_mutex_lock(&m));
	TELL(pthread_mutex_unlock(&m));
}

static void cancel(void)
{
	pthread_t thread;
	void *result;

	for (int i = 0; i < 3; i++) {
		say("a wait for a condition is cancelled\n");
		pthread_create(&thread, NULL, wait_cancelled, &m);
		while (!waiting)
			sleep_ms(1);
		pthread_mutex_lock(&m); /* it has let go: it waits */
		waiting = 0;
		pthread_mutex_unlock(&m);
		pthread_cancel(thread);
		TELL(pthread_join(thread, &result));
		say("  cancelled: %d\n", result == PTHREAD_CANCELED);
		TELL(pthread_mutex_trylock(&m));
		TELL(pthread_mutex_unlock(&m));
	}
	say("a join is cancelled\n");
	pthread_create(&blocked, NULL, sleep_for_ever, NULL);
	pthread_create(&thread, NULL, join_cancelled, NULL);
	sleep_ms(20);
	TELL(pthread_cancel(thread));
	TELL(pthread_join(thread, &result));
	say("  cancelled: %d\n", result == PTHREAD_CANCELED);
	TELL(pthread_tryjoin_np(blocked, &result));
	TELL(pthread_cancel(blocked));
	TELL(pthread_join(blocked, &result));
	TELL(pthread_join(pthread_self(), NULL));
	say("a handler jumps out of a wait\n");
	jump_out();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} mode[] = {{"mutexes", mutexes},
		    {"deaths", deaths},
		    {"rwlocks", rwlocks},
		    {"c11", c11},
		    {"cancel", cancel}};

	for (size_t i = 0; i < sizeof(mode) / sizeof(mode[0]); i++)
		if (argc > 1 && !strcmp(argv[1], mode[i].name))
			return mode[i].run(), 0;
	return 2;
}
