/* The functions of libc that wait for what nobody holds, a condition, a semaphore, a barrier,
 * a thread's end, and those that wake them.
 *
 * Where nobody is known to wait, waking costs a look and a jump. */
#include "base/held.h"
#include "base/real.h"
#include "hooks/hooks.h"
#include "hooks/record.h"
#include "hooks/wait.h"
#include "thread/kin.h"
#include "track/order.h"
#include "track/wakers.h"

#include <errno.h>

#define WANTED(object) vp_wakers_wanted((uint64_t)(uintptr_t)(object))
/* The slow half of a function that wakes: somebody waits. */
#define WAKES(slow, name, type, how)                                                               \
	SLOW slow(type *object)                                                                    \
	{                                                                                          \
		struct vp_regs caller = VP_CALLER_REGS();                                          \
                                                                                                   \
		vp_wake((uint64_t)(uintptr_t)object, VPROF_WAKE_##how, &caller);                   \
		return vp_real.name(object);                                                       \
	}

/* --- a thread's end */
/* Makes the call, which waits for the thread's end where it returns 0. */
#define JOINS(thread, call)                                                                        \
	({                                                                                         \
		int joined_ = call;                                                                \
                                                                                                   \
		if (joined_ == 0)                                                                  \
			vp_kin_joined((uint64_t)(thread));                                         \
		joined_;                                                                           \
	})

static inline int join_wait(pthread_t thread, void **result)
{
	if (vp_control.lock_kinds && vp_real.pthread_tryjoin_np(thread, result) == 0)
		return 0;
	return WAIT(thread, JOIN, vp_real.pthread_join(thread, result));
}

VP_HOOK int pthread_join(pthread_t thread, void **result)
{
	vp_hooked_called(VP_HOOKED_pthread_join);
	return JOINS(thread, join_wait(thread, result));
}

VP_HOOK int pthread_tryjoin_np(pthread_t thread, void **result)
{
	vp_hooked_called(VP_HOOKED_pthread_tryjoin_np);
	return JOINS(thread, vp_real.pthread_tryjoin_np(thread, result));
}

VP_HOOK int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_timedjoin_np);
	return JOINS(thread,
		     WAIT(thread, JOIN, vp_real.pthread_timedjoin_np(thread, result, until)));
}

VP_HOOK int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
				 const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_clockjoin_np);
	return JOINS(
	    thread, WAIT(thread, JOIN, vp_real.pthread_clockjoin_np(thread, result, clock, until)));
}

VP_HOOK int thrd_join(thrd_t thread, int *result)
{
	vp_hooked_called(VP_HOOKED_thrd_join);
	return JOINS(thread, WAIT(thread, JOIN, vp_real.thrd_join(thread, result)));
}

/* --- conditions */
/* libc has taken the condition's mutex anew: it comes after the locks that the thread kept
 * meanwhile. */
static void taken_anew(const void *mutex, const struct vp_regs *caller)
{
	uint64_t entry = VP_HELD_ENTRY(mutex, MUTEX);

	if (vp_tls.newest.entry == entry)
		return;
	vp_lock_given(entry);
	vp_lock_taken(entry, caller->pc, caller->sp);
	if (vp_holds_others())
		vp_order_taken(caller);
}

static inline int has_mutex(int ret)
{
	return ret == 0 || ret == ETIMEDOUT || ret == thrd_timedout || ret == EOWNERDEAD;
}

/* The mutex is given back meanwhile. */
#define WAIT_COND(cond, mutex, call)                                                               \
	({                                                                                         \
		int woken_ = WAIT_GIVING(cond, COND, mutex, call);                                 \
                                                                                                   \
		if (UNLIKELY(vp_holds_others()) && has_mutex(woken_)) {                            \
			struct vp_regs regs_ = VP_CALLER_REGS();                                   \
                                                                                                   \
			taken_anew(mutex, &regs_);                                                 \
		}                                                                                  \
		woken_;                                                                            \
	})

VP_HOOK int cnd_wait(cnd_t *cond, mtx_t *mutex)
{
	vp_hooked_called(VP_HOOKED_cnd_wait);
	return WAIT_COND(cond, mutex, vp_real.cnd_wait(cond, mutex));
}

VP_HOOK int cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_cnd_timedwait);
	return WAIT_COND(cond, mutex, vp_real.cnd_timedwait(cond, mutex, until));
}

VP_HOOK int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
				   const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_cond_clockwait);
	return WAIT_COND(cond, mutex, vp_real.pthread_cond_clockwait(cond, mutex, clock, until));
}

/* The six of pthread_cond_t in both versions, each to its own.  They all stand
 * here although only two wait: a condition set up by the code of one version
 * must not be signalled by the other's. */
#define COND(name, suffix, version, parameters)                                                    \
	__asm__(".symver vp_" #name #suffix "," #name version);                                    \
	VP_HOOK int vp_##name##suffix parameters
#define CONDS(suffix, version)                                                                     \
	WAKES(signal##suffix##_slow, pthread_cond_signal##suffix, pthread_cond_t, SIGNAL)          \
	WAKES(broadcast##suffix##_slow, pthread_cond_broadcast##suffix, pthread_cond_t, BROADCAST) \
	COND(pthread_cond_wait, suffix, version, (pthread_cond_t * cond, pthread_mutex_t * mutex)) \
	{                                                                                          \
		vp_hooked_called(VP_HOOKED_pthread_cond_wait);                                     \
		return WAIT_COND(cond, mutex, vp_real.pthread_cond_wait##suffix(cond, mutex));     \
	}                                                                                          \
	COND(pthread_cond_timedwait, suffix, version,                                              \
	     (pthread_cond_t * cond, pthread_mutex_t * mutex, const struct timespec *until))       \
	{                                                                                          \
		vp_hooked_called(VP_HOOKED_pthread_cond_timedwait);                                \
		return WAIT_COND(cond, mutex,                                                      \
				 vp_real.pthread_cond_timedwait##suffix(cond, mutex, until));      \
	}                                                                                          \
	COND(pthread_cond_signal, suffix, version, (pthread_cond_t * cond))                        \
	{                                                                                          \
		vp_hooked_called(VP_HOOKED_pthread_cond_signal);                                   \
		if (LIKELY(!WANTED(cond)))                                                         \
			return vp_real.pthread_cond_signal##suffix(cond);                          \
		return signal##suffix##_slow(cond);                                                \
	}                                                                                          \
	COND(pthread_cond_broadcast, suffix, version, (pthread_cond_t * cond))                     \
	{                                                                                          \
		vp_hooked_called(VP_HOOKED_pthread_cond_broadcast);                                \
		if (LIKELY(!WANTED(cond)))                                                         \
			return vp_real.pthread_cond_broadcast##suffix(cond);                       \
		return broadcast##suffix##_slow(cond);                                             \
	}                                                                                          \
	COND(pthread_cond_init, suffix, version,                                                   \
	     (pthread_cond_t * cond, const pthread_condattr_t *attr))                              \
	{                                                                                          \
		return vp_real.pthread_cond_init##suffix(cond, attr);                              \
	}                                                                                          \
	COND(pthread_cond_destroy, suffix, version, (pthread_cond_t * cond))                       \
	{                                                                                          \
		return vp_real.pthread_cond_destroy##suffix(cond);                                 \
	}

CONDS(, "@@GLIBC_2.3.2")
CONDS(_old, "@GLIBC_2.2.5")

WAKES(cnd_signal_slow, cnd_signal, cnd_t, SIGNAL)
VP_HOOK int cnd_signal(cnd_t *cond)
{
	return LIKELY(!WANTED(cond)) ? vp_real.cnd_signal(cond) : cnd_signal_slow(cond);
}

WAKES(cnd_broadcast_slow, cnd_broadcast, cnd_t, BROADCAST)
VP_HOOK int cnd_broadcast(cnd_t *cond)
{
	return LIKELY(!WANTED(cond)) ? vp_real.cnd_broadcast(cond) : cnd_broadcast_slow(cond);
}

/* --- semaphores and barriers: calls as others, and where they wait they are in LOCKS too */
#define RECORDED(name, object, arguments, outcome)                                                 \
	(vp_control.calls ? VP_RECORD(name, object, NEVER, (vp_real.name)arguments, outcome)       \
			  : (vp_real.name)arguments)

static inline int is_empty(void *sem)
{
	int value;

	return vp_real.sem_getvalue(sem, &value) == 0 && value <= 0;
}

#define SEM_WAIT(name, parameters, arguments)                                                      \
	SLOW name##_slow parameters                                                                \
	{                                                                                          \
		struct vp_regs caller = VP_CALLER_REGS();                                          \
		struct vp_wait wait;                                                               \
		int ret;                                                                           \
                                                                                                   \
		vp_wait_begin(&wait, (uint64_t)(uintptr_t)sem, VPROF_LOCK_SEM, 0, &caller);        \
		ret = RECORDED(name, (uintptr_t)sem, arguments, STATUS);                           \
		vp_wait_end(&wait, ret ? errno : 0);                                               \
		return ret;                                                                        \
	}                                                                                          \
	VP_HOOK int name parameters                                                                \
	{                                                                                          \
		if (vp_control.lock_kinds && is_empty(sem))                                        \
			return name##_slow arguments;                                              \
		return RECORDED(name, (uintptr_t)sem, arguments, STATUS);                          \
	}
SEM_WAIT(sem_wait, (void *sem), (sem))
SEM_WAIT(sem_timedwait, (void *sem, const struct timespec *until), (sem, until))
SEM_WAIT(sem_clockwait, (void *sem, int clock, const struct timespec *until), (sem, clock, until))

WAKES(sem_post_slow, sem_post, void, POST)
VP_HOOK int sem_post(void *sem)
{
	return LIKELY(!WANTED(sem)) ? vp_real.sem_post(sem) : sem_post_slow(sem);
}

VP_HOOK int pthread_barrier_wait(pthread_barrier_t *barrier)
{
	struct vp_regs caller = VP_CALLER_REGS();
	struct vp_wait wait;
	int ret;

	vp_wait_begin(&wait, (uint64_t)(uintptr_t)barrier, VPROF_LOCK_BARRIER, 0, &caller);
	ret = RECORDED(pthread_barrier_wait, (uintptr_t)barrier, (barrier), NONE);
	vp_wait_end(&wait, ret == PTHREAD_BARRIER_SERIAL_THREAD ? VP_WAIT_LAST : ret);
	return ret;
}
