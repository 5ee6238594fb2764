/* The functions of libc that wait for another thread, as base/real.h has
 * the rest: usable from the first instruction of the process.
 *
 * The six of pthread_cond_t exist twice, because its layout changed: programs
 * linked before 2002 ask for version GLIBC_2.2.5 and get a pointer's worth of
 * it.  A caller of one version must never arrive at the other's code. */
#ifndef VP_BASE_REAL_LOCK_H
#define VP_BASE_REAL_LOCK_H

#include <pthread.h>
#include <threads.h>
#include <time.h>

typedef const struct timespec vp_deadline;

/* X(name, parameters, arguments): all of them return int. */
#define VP_REAL_LOCKS(X)                                                                           \
	X(pthread_mutex_lock, (pthread_mutex_t * m), (m))                                          \
	X(pthread_mutex_trylock, (pthread_mutex_t * m), (m))                                       \
	X(pthread_mutex_timedlock, (pthread_mutex_t * m, vp_deadline * t), (m, t))                 \
	X(pthread_mutex_clocklock, (pthread_mutex_t * m, clockid_t c, vp_deadline * t), (m, c, t)) \
	X(pthread_mutex_unlock, (pthread_mutex_t * m), (m))                                        \
	X(pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))                                      \
	X(pthread_rwlock_tryrdlock, (pthread_rwlock_t * l), (l))                                   \
	X(pthread_rwlock_timedrdlock, (pthread_rwlock_t * l, vp_deadline * t), (l, t))             \
	X(pthread_rwlock_clockrdlock, (pthread_rwlock_t * l, clockid_t c, vp_deadline * t),        \
	  (l, c, t))                                                                               \
	X(pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))                                      \
	X(pthread_rwlock_trywrlock, (pthread_rwlock_t * l), (l))                                   \
	X(pthread_rwlock_timedwrlock, (pthread_rwlock_t * l, vp_deadline * t), (l, t))             \
	X(pthread_rwlock_clockwrlock, (pthread_rwlock_t * l, clockid_t c, vp_deadline * t),        \
	  (l, c, t))                                                                               \
	X(pthread_rwlock_unlock, (pthread_rwlock_t * l), (l))                                      \
	X(pthread_cond_clockwait,                                                                  \
	  (pthread_cond_t * v, pthread_mutex_t * m, clockid_t c, vp_deadline * t), (v, m, c, t))   \
	X(pthread_join, (pthread_t p, void **r), (p, r))                                           \
	X(pthread_tryjoin_np, (pthread_t p, void **r), (p, r))                                     \
	X(pthread_timedjoin_np, (pthread_t p, void **r, vp_deadline *t), (p, r, t))                \
	X(pthread_clockjoin_np, (pthread_t p, void **r, clockid_t c, vp_deadline *t),              \
	  (p, r, c, t))                                                                            \
	X(mtx_lock, (mtx_t * m), (m))                                                              \
	X(mtx_timedlock, (mtx_t * m, vp_deadline * t), (m, t))                                     \
	X(mtx_unlock, (mtx_t * m), (m))                                                            \
	X(cnd_wait, (cnd_t * v, mtx_t * m), (v, m))                                                \
	X(cnd_timedwait, (cnd_t * v, mtx_t * m, vp_deadline * t), (v, m, t))                       \
	X(thrd_join, (thrd_t p, int *r), (p, r))

#define VP_REAL_CONDS(X)                                                                           \
	X(pthread_cond_wait, (pthread_cond_t * v, pthread_mutex_t * m), (v, m))                    \
	X(pthread_cond_timedwait, (pthread_cond_t * v, pthread_mutex_t * m, vp_deadline * t),      \
	  (v, m, t))                                                                               \
	X(pthread_cond_signal, (pthread_cond_t * v), (v))                                          \
	X(pthread_cond_broadcast, (pthread_cond_t * v), (v))                                       \
	X(pthread_cond_init, (pthread_cond_t * v, const pthread_condattr_t *a), (v, a))            \
	X(pthread_cond_destroy, (pthread_cond_t * v), (v))

#define VP_REAL_MEMBER(name, params, args) int(*name) params;

struct vp_real_conds {
	VP_REAL_CONDS(VP_REAL_MEMBER)
};

struct vp_real_lock {
	VP_REAL_LOCKS(VP_REAL_MEMBER)
	struct vp_real_conds cond;     /* GLIBC_2.3.2, what is linked today */
	struct vp_real_conds cond_old; /* GLIBC_2.2.5 */
};
extern struct vp_real_lock vp_real_lock;

/* Called by vp_real_resolve(), with what it uses to look a name up: `version`
 * NULL is the one a new program would get. */
void vp_real_lock_resolve(void *(*next)(const char *name, const char *version));

#endif
