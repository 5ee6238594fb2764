/* Two symbols on one pool of threads: what each of them takes of CPU time, bytes and waits, as
 * the program counts it itself, as JSON.
 *
 * label_pool given [TASKS]   the pool's threads have the labels of who gave them the task
 * label_pool kept [TASKS]    nobody hands them on: the pool works under no label
 *
 * A task of SOL burns 3 ms, one of BTC 1; SOL allocates 40 blocks of 700 bytes of which every
 * fourth stays, BTC 100 of 100 bytes of which every tenth stays; both wait for a lock that
 * another thread holds for 1 ms at a time, and SOL twice for room in a pipe: in write(), which
 * is no loop's wait however often a thread comes back to it. */
#include "probe.h"

#include <fcntl.h>
#include <pthread.h>
#include <vprof.h>

#define WORKERS 3

struct symbol {
	const char *name;
	unsigned burn_ms, blocks, keep_every, writes;
	size_t bytes;
	uint64_t cpu_ns, wait_ns, allocs, alloc_bytes, frees, live_bytes;
};

static struct symbol symbols[2] = {{"SOL", 3, 40, 4, 2, 700, 0, 0, 0, 0, 0, 0},
				   {"BTC", 1, 100, 10, 0, 100, 0, 0, 0, 0, 0, 0}};

struct task {
	struct symbol *symbol;
	unsigned long long labels;
};

static struct task queue[4096];
static int put, taken, closed;
static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER, book = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queued = PTHREAD_COND_INITIALIZER;
static int feed[2];
static char page[4096]; /* all that the pipe has room for */

static void add(uint64_t *counter, uint64_t value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static void wait_some(struct symbol *symbol)
{
	uint64_t before = clock_ns(CLOCK_MONOTONIC);

	pthread_mutex_lock(&book);
	pthread_mutex_unlock(&book);
	for (unsigned i = 0; i < symbol->writes; i++)
		if (write(feed[1], page, sizeof(page)) != (ssize_t)sizeof(page))
			abort();
	add(&symbol->wait_ns, clock_ns(CLOCK_MONOTONIC) - before);
}

static __attribute__((noinline)) void work(struct symbol *symbol)
{
	uint64_t before = clock_ns(CLOCK_THREAD_CPUTIME_ID), freed = 0;

	burn_ms(symbol->burn_ms);
	for (unsigned i = 0; i < symbol->blocks; i++) {
		void *block = opaque(malloc(symbol->bytes));

		if (i % symbol->keep_every) {
			free(block);
			freed++;
		}
	}
	add(&symbol->cpu_ns, clock_ns(CLOCK_THREAD_CPUTIME_ID) - before);
	add(&symbol->allocs, symbol->blocks);
	add(&symbol->alloc_bytes, symbol->blocks * symbol->bytes);
	add(&symbol->frees, freed);
	add(&symbol->live_bytes, (symbol->blocks - freed) * symbol->bytes);
	wait_some(symbol);
}

static void *worker(void *arg)
{
	int given = *(int *)arg;

	for (;;) {
		struct task task = {NULL, 0};

		pthread_mutex_lock(&queue_lock);
		while (taken == put && !closed)
			pthread_cond_wait(&queued, &queue_lock);
		if (taken < put)
			task = queue[taken++];
		pthread_mutex_unlock(&queue_lock);
		if (!task.symbol)
			return NULL;
		if (given)
			vprof_label_give(task.labels);
		work(task.symbol);
		if (given)
			vprof_end();
	}
}

/* Has the lock half of the time, and makes room in the pipe. */
static void *disturber(void *arg)
{
	static char out[sizeof(page)];

	while (!__atomic_load_n((int *)arg, __ATOMIC_ACQUIRE)) {
		pthread_mutex_lock(&book);
		sleep_ms(1);
		pthread_mutex_unlock(&book);
		for (int i = 0; i < 2; i++)
			if (read(feed[0], out, sizeof(out)) < 0)
				break; /* there is nothing in it */
		sleep_ms(1);
	}
	return NULL;
}

static void put_tasks(int tasks)
{
	for (int i = 0; i < tasks; i++) {
		struct task task = {&symbols[i % 2], 0};

		vprof_begin("symbol", task.symbol->name);
		task.labels = vprof_label_take();
		vprof_end();
		pthread_mutex_lock(&queue_lock);
		queue[put++] = task;
		pthread_cond_signal(&queued);
		pthread_mutex_unlock(&queue_lock);
	}
	pthread_mutex_lock(&queue_lock);
	closed = 1;
	pthread_cond_broadcast(&queued);
	pthread_mutex_unlock(&queue_lock);
}

int main(int argc, char **argv)
{
	int given = argc > 1 && !strcmp(argv[1], "given"), done = 0;
	int tasks = argc > 2 ? atoi(argv[2]) : 300;
	pthread_t pool[WORKERS], other;

	if (tasks > 4096 || pipe(feed) || fcntl(feed[1], F_SETPIPE_SZ, sizeof(page)) < 0 ||
	    fcntl(feed[0], F_SETFL, O_NONBLOCK) < 0 ||
	    write(feed[1], page, sizeof(page)) != (ssize_t)sizeof(page))
		return 1;
	pthread_create(&other, NULL, disturber, &done);
	for (int i = 0; i < WORKERS; i++)
		pthread_create(&pool[i], NULL, worker, &given);
	put_tasks(tasks);
	for (int i = 0; i < WORKERS; i++)
		pthread_join(pool[i], NULL);
	__atomic_store_n(&done, 1, __ATOMIC_RELEASE);
	pthread_join(other, NULL);
	say("{");
	for (int i = 0; i < 2; i++)
		say("%s\"%s\":{\"cpu_ns\":%lu,\"wait_ns\":%lu,\"allocs\":%lu,\"bytes_allocated\":%"
		    "lu,"
		    "\"frees\":%lu,\"live_bytes\":%lu}",
		    i ? "," : "", symbols[i].name, symbols[i].cpu_ns, symbols[i].wait_ns,
		    symbols[i].allocs, symbols[i].alloc_bytes, symbols[i].frees,
		    symbols[i].live_bytes);
	say("}\n");
	return 0;
}
