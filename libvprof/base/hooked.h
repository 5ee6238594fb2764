/* Calls of functions of libc that are hooked and have no rows of their own by call: how often the
 * thread made them, in vp_tls.hooked.  Those that may block have rows (CALLS). */
#ifndef VP_BASE_HOOKED_H
#define VP_BASE_HOOKED_H

/* Locks come first: they share a line of the cache. */
#define VP_HOOKED_LIST(ONE)                                                                        \
	ONE(pthread_mutex_lock)                                                                    \
	ONE(pthread_mutex_unlock)                                                                  \
	ONE(pthread_rwlock_rdlock)                                                                 \
	ONE(pthread_rwlock_wrlock)                                                                 \
	ONE(pthread_rwlock_unlock)                                                                 \
	ONE(pthread_spin_lock)                                                                     \
	ONE(pthread_spin_unlock)                                                                   \
	ONE(malloc)                                                                                \
	ONE(calloc)                                                                                \
	ONE(realloc)                                                                               \
	ONE(reallocarray)                                                                          \
	ONE(posix_memalign)                                                                        \
	ONE(aligned_alloc)                                                                         \
	ONE(memalign)                                                                              \
	ONE(valloc)                                                                                \
	ONE(pvalloc)                                                                               \
	ONE(free)                                                                                  \
	ONE(pthread_mutex_trylock)                                                                 \
	ONE(pthread_mutex_timedlock)                                                               \
	ONE(pthread_mutex_clocklock)                                                               \
	ONE(pthread_rwlock_tryrdlock)                                                              \
	ONE(pthread_rwlock_timedrdlock)                                                            \
	ONE(pthread_rwlock_clockrdlock)                                                            \
	ONE(pthread_rwlock_trywrlock)                                                              \
	ONE(pthread_rwlock_timedwrlock)                                                            \
	ONE(pthread_rwlock_clockwrlock)                                                            \
	ONE(pthread_spin_trylock)                                                                  \
	ONE(pthread_join)                                                                          \
	ONE(pthread_tryjoin_np)                                                                    \
	ONE(pthread_timedjoin_np)                                                                  \
	ONE(pthread_clockjoin_np)                                                                  \
	ONE(pthread_cond_wait)                                                                     \
	ONE(pthread_cond_timedwait)                                                                \
	ONE(pthread_cond_clockwait)                                                                \
	ONE(pthread_cond_signal)                                                                   \
	ONE(pthread_cond_broadcast)                                                                \
	ONE(mtx_lock)                                                                              \
	ONE(mtx_trylock)                                                                           \
	ONE(mtx_timedlock)                                                                         \
	ONE(mtx_unlock)                                                                            \
	ONE(cnd_wait)                                                                              \
	ONE(cnd_timedwait)                                                                         \
	ONE(thrd_join)

enum vp_hooked {
#define VP_HOOKED_NAME(name) VP_HOOKED_##name,
	VP_HOOKED_LIST(VP_HOOKED_NAME)
#undef VP_HOOKED_NAME
	    VP_HOOKED_COUNT
};

#endif
