/* Takes locks in one order and in another, in fourteen ways, four of which may once end in a
 * deadlock.  The threads take turns, so that none does here; a turn is no order that a program
 * would have without it.
 *
 *	lock_order CASE [TIMES] */
#include "probe.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <threads.h>
#include <unistd.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER,
		       c = PTHREAD_MUTEX_INITIALIZER, gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t table = PTHREAD_RWLOCK_INITIALIZER, names = PTHREAD_RWLOCK_INITIALIZER;
static mtx_t left, right;
static pthread_mutex_t again, *fresh;
static int times = 1;

static int turn, started;
static void wait_turn(int number)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != number)
		sched_yield();
}
static void end_turn(void)
{
	__atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
}

#define UNDER(type, outer, inner)                                                                  \
	do {                                                                                       \
		for (int i_ = 0; i_ < times; i_++) {                                               \
			pthread_##type##_lock(outer);                                              \
			pthread_##type##_lock(inner);                                              \
			pthread_##type##_unlock(inner);                                            \
			pthread_##type##_unlock(outer);                                            \
		}                                                                                  \
	} while (0)

/* Runs each in a thread of its own, one after the other: all live until the last has ended. */
static void *(*part[4])(void *);
static int parts;
static void *run_part(void *number)
{
	int n = (int)(long)number;

	__atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
	while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) != parts)
		sched_yield();
	wait_turn(n);
	part[n](NULL);
	end_turn();
	wait_turn(parts);
	return NULL;
}
static void together(void *(*one)(void *), void *(*two)(void *), void *(*three)(void *))
{
	pthread_t thread[3];

	part[0] = one;
	part[1] = two;
	part[2] = three;
	parts = three ? 3 : 2;
	for (long i = 0; i < parts; i++)
		pthread_create(&thread[i], NULL, run_part, (void *)i);
	for (int i = 0; i < parts; i++)
		pthread_join(thread[i], NULL);
}

#define PART(name, body)                                                                           \
	static void *name(void *unused)                                                            \
	{                                                                                          \
		body;                                                                              \
		return unused;                                                                     \
	}

/* --- those that are --- */
PART(ab, UNDER(mutex, &a, &b))
PART(ba, UNDER(mutex, &b, &a))
PART(bc, UNDER(mutex, &b, &c))
PART(ca, UNDER(mutex, &c, &a))

PART(mutex_then_write, {
	pthread_mutex_lock(&a);
	pthread_rwlock_wrlock(&table);
	pthread_rwlock_unlock(&table);
	pthread_mutex_unlock(&a);
})
PART(read_then_mutex, {
	pthread_rwlock_rdlock(&table);
	pthread_mutex_lock(&a);
	pthread_mutex_unlock(&a);
	pthread_rwlock_unlock(&table);
})

PART(left_right, {
	mtx_lock(&left);
	mtx_lock(&right);
	mtx_unlock(&right);
	mtx_unlock(&left);
})
PART(right_left, {
	mtx_lock(&right);
	mtx_lock(&left);
	mtx_unlock(&left);
	mtx_unlock(&right);
})

/* --- and those that are not --- */
PART(gate_ab, {
	pthread_mutex_lock(&gate);
	ab(NULL);
	pthread_mutex_unlock(&gate);
})
PART(gate_ba, {
	pthread_mutex_lock(&gate);
	ba(NULL);
	pthread_mutex_unlock(&gate);
})

PART(both_ways, {
	ab(NULL);
	ba(NULL);
})
PART(idle, (void)0)

/* Down a list of four, each lock given back when the next one is taken. */
static pthread_mutex_t list[4] = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER,
				  PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER};
PART(down_the_list, {
	pthread_mutex_lock(&list[0]);
	for (int i = 1; i < 4; i++) {
		pthread_mutex_lock(&list[i]);
		pthread_mutex_unlock(&list[i - 1]);
	}
	/* The last of them is held: whoever believes that others are, too, sees an order. */
	pthread_mutex_lock(&a);
	pthread_mutex_unlock(&a);
	pthread_mutex_unlock(&list[3]);
})
PART(a_then_first, UNDER(mutex, &a, &list[0]))

PART(read_read, {
	pthread_rwlock_rdlock(&table);
	pthread_rwlock_rdlock(&names);
	pthread_rwlock_unlock(&names);
	pthread_rwlock_unlock(&table);
})
PART(read_read_back, {
	pthread_rwlock_rdlock(&names);
	pthread_rwlock_rdlock(&table);
	pthread_rwlock_unlock(&table);
	pthread_rwlock_unlock(&names);
})

/* Another lock where one was: in a block of the same address, and destroyed and made anew. */
static pthread_mutex_t *in_block(void)
{
	pthread_mutex_t *lock = malloc(sizeof(*lock));

	pthread_mutex_init(lock, NULL);
	return lock;
}
PART(old_ones, {
	pthread_mutex_init(&again, NULL);
	UNDER(mutex, fresh, &a);
	UNDER(mutex, &again, &b);
	pthread_mutex_destroy(&again);
})
PART(new_ones, {
	pthread_mutex_t *was = fresh;

	free(fresh);
	fresh = in_block();
	if (fresh != was)
		exit(3);
	pthread_mutex_init(&again, NULL);
	UNDER(mutex, &a, fresh);
	UNDER(mutex, &b, &again);
})

PART(try_ba, {
	pthread_mutex_lock(&b);
	if (pthread_mutex_trylock(&a) == 0)
		pthread_mutex_unlock(&a);
	pthread_mutex_unlock(&b);
})

PART(twice, {
	pthread_mutex_lock(&again);
	UNDER(mutex, &b, &again);
	pthread_mutex_unlock(&again);
})
PART(twice_too, {
	pthread_mutex_lock(&again);
	UNDER(mutex, &b, &again);
	pthread_mutex_unlock(&again);
})

/* An object that nobody else can know yet, whose lock is taken first. */
PART(make_object, {
	pthread_mutex_t *object = in_block();

	UNDER(mutex, object, &a);
	fresh = object;
})
PART(use_object, UNDER(mutex, &a, fresh))

/* A lock that libc alone is told to give back, and whose memory is gone: it is not held. */
static pthread_mutex_t *page;
static pthread_mutex_t *map_page(void *at)
{
	return mmap(at, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED_NOREPLACE : 0), -1, 0);
}
PART(give_back_unseen, {
	void *libc = dlopen("libc.so.6", RTLD_NOW);
	int (*unlock)(pthread_mutex_t *) =
	    (int (*)(pthread_mutex_t *))dlsym(libc, "pthread_mutex_unlock");

	pthread_mutex_lock(&b);
	unlock(&b);
	pthread_mutex_lock(page);
	unlock(page);
	munmap(page, 4096);
	pthread_mutex_lock(&a);
	pthread_mutex_unlock(&a);
})
PART(take_all, {
	if (map_page(page) != page)
		exit(4);
	UNDER(mutex, &a, page);
	UNDER(mutex, &a, &b);
})

static void run_create_join(void)
{
	pthread_t thread;

	ab(NULL);
	pthread_create(&thread, NULL, ba, NULL);
	pthread_join(thread, NULL);
	ab(NULL);
	pthread_create(&thread, NULL, ba, NULL);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, ab, NULL);
	pthread_join(thread, NULL);
}

/* Two processes have the locks in memory that they share. */
static void run_processes(void)
{
	pthread_mutex_t *shared =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;
	pthread_t thread;
	pid_t child;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared[0], &attr);
	pthread_mutex_init(&shared[1], &attr);
	child = fork();
	pthread_create(&thread, NULL, idle, NULL);
	if (child)
		UNDER(mutex, &shared[0], &shared[1]);
	else
		UNDER(mutex, &shared[1], &shared[0]);
	pthread_join(thread, NULL);
	if (!child)
		exit(0);
	waitpid(child, NULL, 0);
}

static void run_recursive(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&again, &attr);
	together(twice, twice_too, NULL);
}

/* libc takes a condition's mutex anew when the wait is over. */
static void wait_with(pthread_mutex_t *first, pthread_mutex_t *second, pthread_mutex_t *mutex)
{
	static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	const struct timespec over = {1, 0};

	for (int i = 0; i < times; i++) {
		pthread_mutex_lock(first);
		if (second)
			pthread_mutex_lock(second);
		pthread_cond_timedwait(&cond, mutex, &over);
		if (second)
			pthread_mutex_unlock(second);
		pthread_mutex_unlock(first);
	}
}
PART(keeps_the_inner, wait_with(&a, &b, &a))
PART(keeps_the_outer, wait_with(&a, &b, &b))
PART(keeps_none, wait_with(&a, NULL, &a))

int main(int argc, char **argv)
{
	const char *which = argc > 1 ? argv[1] : "";

	times = argc > 2 ? atoi(argv[2]) : 1;
	mtx_init(&left, mtx_plain);
	mtx_init(&right, mtx_plain);
	fresh = in_block();
	page = map_page(NULL);
	if (strcmp(which, "abba") == 0)
		together(ab, ba, NULL);
	else if (strcmp(which, "three") == 0)
		together(ab, bc, ca);
	else if (strcmp(which, "rwlock") == 0)
		together(mutex_then_write, read_then_mutex, NULL);
	else if (strcmp(which, "c11") == 0)
		together(left_right, right_left, NULL);
	else if (strcmp(which, "gate") == 0)
		together(gate_ab, gate_ba, NULL);
	else if (strcmp(which, "one-thread") == 0)
		together(both_ways, idle, NULL);
	else if (strcmp(which, "hand-over-hand") == 0)
		together(down_the_list, a_then_first, NULL);
	else if (strcmp(which, "read-read") == 0)
		together(read_read, read_read_back, NULL);
	else if (strcmp(which, "reuse") == 0)
		together(old_ones, new_ones, NULL);
	else if (strcmp(which, "create-join") == 0)
		run_create_join();
	else if (strcmp(which, "trylock") == 0)
		together(ab, try_ba, NULL);
	else if (strcmp(which, "recursive") == 0)
		run_recursive();
	else if (strcmp(which, "anew") == 0)
		together(keeps_the_inner, ab, NULL);
	else if (strcmp(which, "anew-outer") == 0)
		together(keeps_the_outer, ab, NULL);
	else if (strcmp(which, "anew-none") == 0)
		together(keeps_none, ab, NULL);
	else if (strcmp(which, "unshared") == 0)
		together(make_object, use_object, NULL);
	else if (strcmp(which, "unseen") == 0)
		together(give_back_unseen, take_all, NULL);
	else if (strcmp(which, "processes") == 0)
		run_processes();
	else
		return 2;
	printf("ok %s\n", which);
	return 0;
}
