/* A pool of threads that run tasks from one queue, first in, first out. */
#ifndef MON_WORKER_H
#define MON_WORKER_H

struct mon_pool;

/* Starts threads.
 *
 *   threads  how many, 1..64
 *
 * Returns 0, -EINVAL, -ENOMEM, or -errno of pthread_create. */
int mon_pool_create(unsigned int threads, struct mon_pool **out);

/* Runs what is still queued, joins the threads and frees the pool; NULL is fine.
 * Nobody may submit any more. */
void mon_pool_destroy(struct mon_pool *pool);

/* Queues run(arg). Returns 0, or -ENOMEM when it will not run.
 * Context: any thread. */
int mon_pool_submit(struct mon_pool *pool, void (*run)(void *arg), void *arg);

#endif
