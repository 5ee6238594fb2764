/* L3  Threads the host starts: noticed from their first instruction. */
#ifndef VP_SPAWN_H
#define VP_SPAWN_H

#include <pthread.h>
#include <threads.h>

int vp_spawn_pthread(pthread_t *out, const pthread_attr_t *attr, void *(*fn)(void *), void *arg);
int vp_spawn_thrd(thrd_t *out, thrd_start_t fn, void *arg);

/* In a snapshot: calls each() with the arguments of threads that have not
 * begun to run. */
void vp_spawn_each_pending(void (*each)(void *argument));
void vp_spawn_fork_child(void); /* none of them is this process's */

#endif
