#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#define MAX_THREADS 64

struct task {
	void (*run)(void *arg);
	void *arg;
	struct task *next;
};

struct mon_pool {
	pthread_mutex_t lock;
	pthread_cond_t ready; /* a task was queued, or stopping was set */
	struct task *head;    /* protected by lock, like all below */
	struct task **tail;
	bool stopping;
	unsigned int thread_nr; /* written by the creator only */
	pthread_t threads[MAX_THREADS];
};

/* Waits for a task; NULL when the pool stops and the queue is empty. */
static struct task *next_task(struct mon_pool *pool)
{
	struct task *task;

	pthread_mutex_lock(&pool->lock);
	while (!pool->head && !pool->stopping)
		pthread_cond_wait(&pool->ready, &pool->lock);
	task = pool->head;
	if (task) {
		pool->head = task->next;
		if (!pool->head)
			pool->tail = &pool->head;
	}
	pthread_mutex_unlock(&pool->lock);
	return task;
}

static void *worker_main(void *arg)
{
	struct mon_pool *pool = arg;
	struct task *task;

	while ((task = next_task(pool))) {
		task->run(task->arg);
		free(task);
	}
	return NULL;
}

int mon_pool_create(unsigned int threads, struct mon_pool **out)
{
	struct mon_pool *pool;
	int err = 0;

	if (threads < 1 || threads > MAX_THREADS)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->ready, NULL);
	pool->tail = &pool->head;
	while (pool->thread_nr < threads && !err) {
		err = -pthread_create(&pool->threads[pool->thread_nr], NULL, worker_main, pool);
		if (!err)
			pthread_setname_np(pool->threads[pool->thread_nr++], "mon-worker");
	}
	if (err)
		mon_pool_destroy(pool);
	else
		*out = pool;
	return err;
}

void mon_pool_destroy(struct mon_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->ready);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->thread_nr; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->ready);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

int mon_pool_submit(struct mon_pool *pool, void (*run)(void *arg), void *arg)
{
	struct task *task = malloc(sizeof(*task));

	if (!task)
		return -ENOMEM;
	*task = (struct task){run, arg, NULL};
	pthread_mutex_lock(&pool->lock);
	*pool->tail = task;
	pool->tail = &task->next;
	pthread_cond_signal(&pool->ready);
	pthread_mutex_unlock(&pool->lock);
	return 0;
}
