/* Threads the host starts: noticed from their first instruction. */
#ifndef VP_THREAD_SPAWN_H
#define VP_THREAD_SPAWN_H

#include <pthread.h>
#include <threads.h>

int vp_spawn_pthread(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
/* As pthread_getattr_np; leaves out what a small stack was given more. */
int vp_spawn_getattr(pthread_t thread, pthread_attr_t *attr);
int vp_spawn_thrd(thrd_t *out, thrd_start_t fn, void *arg);

/* In a snapshot: calls each() with the arguments of threads that have not
 * begun to run. */
void vp_spawn_each_pending(void (*each)(void *argument));
void vp_spawn_fork_child(void); /* none of them is this process's */

#endif
