/* Threads that wake others, in ways of which it is known who did: it prints `woke KIND BY IN
 * TIMES NS` for each thread and function that ended waits, as those who waited saw it.
 *
 *	wakers MODE */
#include "probe.h"
#include <pthread.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <threads.h>

#define ROUNDS	60
#define WAITERS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static mtx_t c11_lock;
static cnd_t c11_wanted;
static sem_t items;
static pthread_barrier_t gate, after;
static int filled_by; /* 1, 2: which producer's item lies there; 0: none; -1: the end */
static int jobs, calls, jobs_done;

/* What was waited, by who ended it. */
static struct {
	uint64_t times, ns;
} by[WAITERS + 1];

static uint64_t now(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static void *start(const char *name, void *(*run)(void *), int number)
{
	pthread_t *thread = malloc(sizeof(*thread));

	prctl(PR_SET_NAME, name);
	pthread_create(thread, NULL, run, (void *)(intptr_t)number);
	prctl(PR_SET_NAME, "main");
	return thread;
}

static void join(void *thread)
{
	pthread_join(*(pthread_t *)thread, NULL);
	free(thread);
}

static void tell(const char *kind, int number, const char *thread, const char *function)
{
	say("woke %s %s %s %lu %lu\n", kind, thread, function, by[number].times, by[number].ns);
}

/* --- a condition, signalled by two threads in two functions -------------------- */

__attribute__((noinline)) static void push_feed(void)
{
	filled_by = 1;
	pthread_cond_signal(&wanted);
	__asm__ volatile("");
}

__attribute__((noinline)) static void push_timer(void)
{
	filled_by = 2;
	pthread_cond_signal(&wanted);
	__asm__ volatile("");
}

static void until_consumed(void)
{
	int full = 1;

	while (full) {
		sleep_ms(1);
		pthread_mutex_lock(&lock);
		full = filled_by;
		pthread_mutex_unlock(&lock);
	}
}

/* The one waits 3 ms between items, the other one 1 ms; each its turn. */
static void *produce(void *arg)
{
	int me = (int)(intptr_t)arg;
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&turn);
		sleep_ms(me == 1 ? 3 : 1);
		pthread_mutex_lock(&lock);
		if (me == 1)
			push_feed();
		else
			push_timer();
		pthread_mutex_unlock(&lock);
		until_consumed();
		sleep_ms(1); /* until it is waited for again */
		pthread_mutex_unlock(&turn);
		sleep_ms(1);
	}
	return NULL;
}

static void consume(void)
{
	for (int i = 0; i < 2 * ROUNDS; i++) {
		uint64_t since, woken;

		pthread_mutex_lock(&lock);
		while (!filled_by) {
			since = now();
			pthread_cond_wait(&wanted, &lock);
			woken = now();
			if (!filled_by)
				continue;
			by[filled_by].times++;
			by[filled_by].ns += woken - since;
		}
		filled_by = 0;
		pthread_mutex_unlock(&lock);
	}
}

static void on_cond(void)
{
	void *feed = start("feed", produce, 1), *timer = start("timer", produce, 2);

	consume();
	join(feed);
	join(timer);
	tell("cond", 1, "feed", "push_feed");
	tell("cond", 2, "timer", "push_timer");
}

/* --- C11's ----------------------------------------------------------------------- */

static void *produce_c11(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		sleep_ms(2);
		mtx_lock(&c11_lock);
		while (filled_by) {
			mtx_unlock(&c11_lock);
			sleep_ms(1);
			mtx_lock(&c11_lock);
		}
		filled_by = 1;
		if (i % 2)
			cnd_signal(&c11_wanted);
		else
			cnd_broadcast(&c11_wanted);
		mtx_unlock(&c11_lock);
	}
	return arg;
}

static void on_c11(void)
{
	void *feed;

	mtx_init(&c11_lock, mtx_plain);
	cnd_init(&c11_wanted);
	mtx_lock(&c11_lock);
	feed = start("feed", produce_c11, 1);
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t since = now();

		if (!filled_by) {
			while (!filled_by)
				cnd_wait(&c11_wanted, &c11_lock);
			by[1].times++;
			by[1].ns += now() - since;
		}
		filled_by = 0;
	}
	mtx_unlock(&c11_lock);
	join(feed);
	tell("cond", 1, "feed", "produce_c11");
}

/* --- a semaphore ------------------------------------------------------------------ */

static void *post(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		sleep_ms(2);
		sem_post(&items);
	}
	return arg;
}

static void on_sem(void)
{
	void *feed;

	sem_init(&items, 0, 0);
	feed = start("feed", post, 1);
	for (int i = 0; i < ROUNDS; i++) {
		struct timespec until = {time(NULL) + 1000, 0};
		uint64_t since = now();
		int there;

		sem_getvalue(&items, &there);
		if (i % 3 ? sem_wait(&items) : sem_timedwait(&items, &until))
			say("no item\n");
		by[1].times += !there;
		by[1].ns += there ? 0 : now() - since;
	}
	join(feed);
	tell("sem", 1, "feed", "post");
}

/* --- a thread for each job -------------------------------------------------------- */

static void *post_once(void *arg)
{
	sleep_ms(3);
	sem_post(&items);
	return arg;
}

static void on_jobs(void)
{
	sem_init(&items, 0, 0);
	for (int i = 0; i < ROUNDS; i++) {
		void *job = start("job", post_once, 1);
		uint64_t since = now();
		int there;

		sem_getvalue(&items, &there);
		sem_wait(&items);
		by[1].times += !there;
		by[1].ns += there ? 0 : now() - since;
		join(job);
	}
	tell("sem", 1, "job", "post_once");
}

/* --- a barrier, at which another one is the last each round ------------------------ */

static uint64_t arrived[ROUNDS][WAITERS], left[ROUNDS][WAITERS];
static int last_at[ROUNDS];

static void *meet(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int round = 0; round < ROUNDS; round++) {
		sleep_ms(me == (round % 3 ? 0 : 1 + round / 3 % (WAITERS - 1)) ? 6 : 1);
		arrived[round][me] = now();
		/* The last to arrive is told so. */
		if (pthread_barrier_wait(&gate) == PTHREAD_BARRIER_SERIAL_THREAD)
			last_at[round] = me;
		left[round][me] = now();
		pthread_barrier_wait(&after);
	}
	return NULL;
}

static void add_round(int round)
{
	int last = last_at[round];

	for (int i = 0; i < WAITERS; i++) {
		by[last].times += i != last;
		by[last].ns += i != last ? left[round][i] - arrived[round][i] : 0;
	}
}

static void on_barrier(void)
{
	static const char *const name[WAITERS] = {"meet0", "meet1", "meet2", "meet3"};
	void *thread[WAITERS];

	pthread_barrier_init(&gate, NULL, WAITERS);
	pthread_barrier_init(&after, NULL, WAITERS);
	for (int i = 0; i < WAITERS; i++)
		thread[i] = start(name[i], meet, i);
	for (int i = 0; i < WAITERS; i++)
		join(thread[i]);
	for (int i = 0; i < ROUNDS; i++)
		add_round(i);
	for (int i = 0; i < WAITERS; i++)
		tell("barrier", i, name[i], "meet");
}

/* --- threads that end -------------------------------------------------------------- */

static void *live(void *arg)
{
	sleep_ms((intptr_t)arg);
	return NULL;
}

static void on_join(void)
{
	void *slow = start("slow", live, 80), *fast = start("fast", live, 20);
	uint64_t since = now();

	join(slow);
	by[1].times++;
	by[1].ns += now() - since;
	join(fast); /* it has ended: no wait */
	tell("join", 1, "slow", "-");
}

/* --- broadcasts: for one job, or for one each --------------------------------------- */

/* No worker takes two jobs of one broadcast. */
static void *work(void *arg)
{
	int seen = 0;

	pthread_mutex_lock(&lock);
	while (jobs >= 0) {
		if (!jobs || seen == calls) {
			pthread_cond_wait(&wanted, &lock);
			continue;
		}
		seen = calls;
		jobs--;
		jobs_done++;
		pthread_mutex_unlock(&lock);
		pthread_mutex_lock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return arg;
}

__attribute__((noinline)) static void call_all(int more)
{
	pthread_mutex_lock(&lock);
	jobs = more;
	calls++;
	pthread_cond_broadcast(&wanted);
	pthread_mutex_unlock(&lock);
}

static void on_broadcast(int each)
{
	void *thread[WAITERS];

	for (int i = 0; i < WAITERS; i++)
		thread[i] = start("worker", work, i);
	for (int i = 0; i < ROUNDS; i++) {
		sleep_ms(3);
		call_all(each);
	}
	sleep_ms(20);
	call_all(-1);
	for (int i = 0; i < WAITERS; i++)
		join(thread[i]);
	say("jobs %d\n", jobs_done);
}

/* --- wakers that nobody sees --------------------------------------------------------- */

/* Another process posts. */
static void on_foreign(void)
{
	sem_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	sem_init(shared, 1, 0);
	if (fork() == 0) {
		for (int i = 0; i < 10; i++) {
			sleep_ms(3);
			sem_post(shared);
		}
		_exit(0);
	}
	for (int i = 0; i < 10; i++)
		sem_wait(shared);
	wait(NULL);
}

/* Two wake two at once, and which of them woke whom is not to be known. */
static void *wait_for_item(void *arg)
{
	sem_wait(&items);
	return arg;
}

static void *post_at_once(void *arg)
{
	pthread_barrier_wait(&gate);
	sem_post(&items);
	return arg;
}

static void on_several(void)
{
	sem_init(&items, 0, 0);
	pthread_barrier_init(&gate, NULL, 2);
	for (int i = 0; i < 20; i++) {
		void *a = start("waiter", wait_for_item, 0), *b = start("waiter", wait_for_item, 0);
		void *c, *d;

		sleep_ms(5);
		c = start("left", post_at_once, 0);
		d = start("right", post_at_once, 0);
		join(a);
		join(b);
		join(c);
		join(d);
	}
}

/* Nobody does: the time is over. */
static void on_timeout(void)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 10; i++) {
		uint64_t until = clock_ns(CLOCK_REALTIME) + 2000000;
		struct timespec t = {(time_t)(until / 1000000000), (long)(until % 1000000000)};

		pthread_cond_timedwait(&wanted, &lock, &t);
	}
	pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "cond";

	if (!strcmp(mode, "cond"))
		on_cond();
	else if (!strcmp(mode, "c11"))
		on_c11();
	else if (!strcmp(mode, "sem"))
		on_sem();
	else if (!strcmp(mode, "jobs"))
		on_jobs();
	else if (!strcmp(mode, "barrier"))
		on_barrier();
	else if (!strcmp(mode, "join"))
		on_join();
	else if (!strcmp(mode, "herd"))
		on_broadcast(1);
	else if (!strcmp(mode, "each"))
		on_broadcast(WAITERS);
	else if (!strcmp(mode, "foreign"))
		on_foreign();
	else if (!strcmp(mode, "several"))
		on_several();
	else if (!strcmp(mode, "timeout"))
		on_timeout();
	return 0;
}
