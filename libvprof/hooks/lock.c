/* The functions of libc that wait for a lock that somebody holds.
 *
 * The slow halves are separate functions that the fast ones end in a jump to:
 * a lock that is free then costs no stack frame, and the registers at the slow
 * half's start are the program's own. */
#include "base/held.h"
#include "base/real.h"
#include "hooks/hooks.h"
#include "hooks/wait.h"
#include "track/give.h"
#include "track/order.h"

#include <errno.h>

/* Makes the call, which gives the lock back, and records whose doing waits for it were. */
#define RECORD_GIVING(lock, kind, how, call)                                                       \
	({                                                                                         \
		struct vp_regs caller_ = VP_CALLER_REGS();                                         \
		struct vp_give give_;                                                              \
		int ret_;                                                                          \
                                                                                                   \
		vp_give_begin(&give_, (uint64_t)(uintptr_t)(lock), kind, how);                     \
		ret_ = call;                                                                       \
		vp_give_end(&give_, ret_, &caller_);                                               \
		ret_;                                                                              \
	})

#define PC ((uint64_t)(uintptr_t)__builtin_return_address(0))
#define SP ((uint64_t)(uintptr_t)__builtin_dwarf_cfa()) /* needs no frame */

/* Makes the call, which takes the lock where it returns 0 or says that its owner died.  Of two
 * threads that each want what the other one has, one that only tries, or that waits for some
 * time, goes on: for the order of locks it wanted nothing. */
#define TAKES(lock, mode, call)                                                                    \
	({                                                                                         \
		int taken_ = call;                                                                 \
                                                                                                   \
		if (taken_ == 0 || taken_ == EOWNERDEAD)                                           \
			vp_lock_taken(VP_HELD_ENTRY(lock, mode), PC, SP);                          \
		taken_;                                                                            \
	})

/* The same, and it waits for the lock as long as that takes. */
#define WANTS(lock, mode, call)                                                                    \
	({                                                                                         \
		int taken_ = call;                                                                 \
                                                                                                   \
		if (taken_ == 0 || taken_ == EOWNERDEAD) {                                         \
			struct vp_regs regs_ = VP_CALLER_REGS();                                   \
                                                                                                   \
			vp_lock_taken(VP_HELD_ENTRY(lock, mode), PC, SP);                          \
			if (vp_holds_others())                                                     \
				vp_order_taken(&regs_);                                            \
		}                                                                                  \
		taken_;                                                                            \
	})

/* At the end of the hook of `name`, which took a free lock: it is a jump where the thread has
 * others, and for one lock in VPROF_HOLD_SAMPLE. */
#define TOOK(name, lock, mode)                                                                     \
	(UNLIKELY(vp_holds_any()) ? TOOK_ANOTHER(name, lock, mode) : TOOK_ONLY(name, lock, mode))
#define TOOK_ANOTHER(name, lock, mode) took_another(VP_HELD_ENTRY(lock, mode), VP_HOOKED_##name)
#define TOOK_ONLY(name, lock, mode)                                                                \
	(vp_lock_is_newest(VP_HELD_ENTRY(lock, mode), PC, SP),                                     \
	 UNLIKELY(IN_TURN(VP_HOOKED_##name)) ? took_in_turn() : 0)
#define IN_TURN(which) vp_hooked_turn(which, VPROF_HOLD_SAMPLE)

static __attribute__((noinline)) int took_in_turn(void)
{
	vp_hold_sampled(vp_held_address(vp_tls.newest.entry));
	return 0;
}

static __attribute__((noinline)) int took_another(uint64_t entry, enum vp_hooked which)
{
	struct vp_regs caller = VP_CALLER_REGS();

	vp_lock_taken(entry, PC, SP);
	vp_order_taken(&caller);
	return UNLIKELY(IN_TURN(which)) ? took_in_turn() : 0;
}

/* An unlock: of the only lock that the thread has, and that nobody waits for, it is three looks,
 * a store and a jump. */
#define GIVES(name, type, waited_for, stays, kind, how, is_newest)                                 \
	SLOW name##_waited_for(type *lock)                                                         \
	{                                                                                          \
		return RECORD_GIVING(lock, kind(lock), how(lock), vp_real.name(lock));             \
	}                                                                                          \
	static __attribute__((noinline)) int name##_among(type *lock)                              \
	{                                                                                          \
		uint64_t address = (uint64_t)(uintptr_t)lock;                                      \
                                                                                                   \
		vp_lock_given(address);                                                            \
		if ((!vp_tls.waits_noted && !(vp_holders_knows(address) && waited_for(lock))) ||   \
		    stays(lock))                                                                   \
			return vp_real.name(lock);                                                 \
		return name##_waited_for(lock);                                                    \
	}                                                                                          \
	VP_HOOK int name(type *lock)                                                               \
	{                                                                                          \
		vp_hooked_called(VP_HOOKED_##name);                                                \
		if (LIKELY(is_newest) && LIKELY(!vp_tls.unlock_looks) &&                           \
		    LIKELY(!vp_holders_may_know((uint64_t)(uintptr_t)lock))) {                     \
			vp_tls.newest.entry = 0;                                                   \
			return vp_real.name(lock);                                                 \
		}                                                                                  \
		return name##_among(lock);                                                         \
	}

#define IS_MUTEX(lock) VPROF_LOCK_MUTEX
#define ALONE(lock)    VP_GIVING_ALONE
#define NEWEST(mode)   (vp_tls.newest.entry == VP_HELD_ENTRY(lock, mode))

/* Whoever has the lock has it for longer by what its hook does before it gives it back.  So a
 * waiter looks for as long as that takes before it asks the kernel for a wait: else many that
 * would have had the lock in time sleep, for 10 us instead of 0.1 (docs/decisions/mutex.md). */
#define LINGER_TRIES 10

static inline void linger(const pthread_mutex_t *mutex)
{
	for (int i = 0; i < LINGER_TRIES && vp_mutex_is_taken(mutex); i++)
		__builtin_ia32_pause();
}

SLOW lock_slow(pthread_mutex_t *mutex)
{
	if (!vp_mutex_is_taken(mutex))
		return WANTS(mutex, MUTEX, vp_real.pthread_mutex_lock(mutex));
	return WANTS(mutex, MUTEX,
		     WAIT(mutex, MUTEX, (linger(mutex), vp_real.pthread_mutex_lock(mutex))));
}

/* Of another kind, or in a process of one thread. */
static __attribute__((noinline)) int lock_other(pthread_mutex_t *mutex)
{
	if (vp_mutex_is_nobodys(mutex) && !vp_holds_any()) {
		vp_lock_is_newest(VP_HELD_ENTRY(mutex, MUTEX), PC, SP);
		return vp_real.pthread_mutex_lock(mutex);
	}
	if (LIKELY(vp_mutex_is_plain(mutex)) && LIKELY(vp_real.pthread_mutex_trylock(mutex) == 0))
		return TOOK(pthread_mutex_lock, mutex, MUTEX);
	return lock_slow(mutex);
}

static __attribute__((noinline)) int lock_another(pthread_mutex_t *mutex)
{
	return LIKELY(vp_mutex_take(mutex)) ? TOOK_ANOTHER(pthread_mutex_lock, mutex, MUTEX)
					    : lock_slow(mutex);
}

VP_HOOK int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	vp_hooked_called(VP_HOOKED_pthread_mutex_lock);
	if (UNLIKELY(!vp_mutex_is_ours(mutex)))
		return lock_other(mutex);
	if (UNLIKELY(vp_holds_any()))
		return lock_another(mutex);
	return LIKELY(vp_mutex_take(mutex)) ? TOOK_ONLY(pthread_mutex_lock, mutex, MUTEX)
					    : lock_slow(mutex);
}

VP_HOOK int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_mutex_timedlock);
	if (!vp_mutex_is_taken(mutex))
		return TAKES(mutex, MUTEX, vp_real.pthread_mutex_timedlock(mutex, until));
	return TAKES(mutex, MUTEX,
		     WAIT(mutex, MUTEX, vp_real.pthread_mutex_timedlock(mutex, until)));
}

VP_HOOK int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
				    const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_mutex_clocklock);
	if (!vp_mutex_is_taken(mutex))
		return TAKES(mutex, MUTEX, vp_real.pthread_mutex_clocklock(mutex, clock, until));
	return TAKES(mutex, MUTEX,
		     WAIT(mutex, MUTEX, vp_real.pthread_mutex_clocklock(mutex, clock, until)));
}

GIVES(pthread_mutex_unlock, pthread_mutex_t, vp_mutex_is_waited_for, vp_mutex_stays, IS_MUTEX,
      ALONE, NEWEST(MUTEX))

SLOW rdlock_slow(pthread_rwlock_t *lock)
{
	if (!vp_rwlock_keeps_readers_out(lock))
		return WANTS(lock, READ, vp_real.pthread_rwlock_rdlock(lock));
	return WANTS(lock, READ, WAIT(lock, RDLOCK, vp_real.pthread_rwlock_rdlock(lock)));
}

/* After a writer, beside one, or not by our own instructions. */
static __attribute__((noinline)) int rdlock_other(pthread_rwlock_t *lock)
{
	if (LIKELY(vp_rwlock_prefers_readers(lock)) &&
	    LIKELY(vp_real.pthread_rwlock_tryrdlock(lock) == 0))
		return TOOK(pthread_rwlock_rdlock, lock, READ);
	return rdlock_slow(lock);
}

VP_HOOK int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
	vp_hooked_called(VP_HOOKED_pthread_rwlock_rdlock);
	if (LIKELY(vp_glibc.takes_rwlocks) && LIKELY(vp_rwlock_take_read(lock)))
		return TOOK(pthread_rwlock_rdlock, lock, READ);
	return rdlock_other(lock);
}

VP_HOOK int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_rwlock_timedrdlock);
	if (!vp_rwlock_keeps_readers_out(lock))
		return TAKES(lock, READ, vp_real.pthread_rwlock_timedrdlock(lock, until));
	return TAKES(lock, READ,
		     WAIT(lock, RDLOCK, vp_real.pthread_rwlock_timedrdlock(lock, until)));
}

VP_HOOK int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
				       const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_rwlock_clockrdlock);
	if (!vp_rwlock_keeps_readers_out(lock))
		return TAKES(lock, READ, vp_real.pthread_rwlock_clockrdlock(lock, clock, until));
	return TAKES(lock, READ,
		     WAIT(lock, RDLOCK, vp_real.pthread_rwlock_clockrdlock(lock, clock, until)));
}

SLOW wrlock_slow(pthread_rwlock_t *lock)
{
	if (!vp_rwlock_keeps_writers_out(lock))
		return WANTS(lock, WRITE, vp_real.pthread_rwlock_wrlock(lock));
	return WANTS(lock, WRITE, WAIT(lock, WRLOCK, vp_real.pthread_rwlock_wrlock(lock)));
}

static __attribute__((noinline)) int wrlock_other(pthread_rwlock_t *lock)
{
	if (LIKELY(vp_control.lock_kinds) && LIKELY(vp_real.pthread_rwlock_trywrlock(lock) == 0))
		return TOOK(pthread_rwlock_wrlock, lock, WRITE);
	return wrlock_slow(lock);
}

VP_HOOK int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
	vp_hooked_called(VP_HOOKED_pthread_rwlock_wrlock);
	if (LIKELY(vp_glibc.takes_rwlocks) && LIKELY(vp_rwlock_take_write(lock)))
		return TOOK(pthread_rwlock_wrlock, lock, WRITE);
	return wrlock_other(lock);
}

VP_HOOK int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_rwlock_timedwrlock);
	if (!vp_rwlock_keeps_writers_out(lock))
		return TAKES(lock, WRITE, vp_real.pthread_rwlock_timedwrlock(lock, until));
	return TAKES(lock, WRITE,
		     WAIT(lock, WRLOCK, vp_real.pthread_rwlock_timedwrlock(lock, until)));
}

VP_HOOK int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
				       const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_pthread_rwlock_clockwrlock);
	if (!vp_rwlock_keeps_writers_out(lock))
		return TAKES(lock, WRITE, vp_real.pthread_rwlock_clockwrlock(lock, clock, until));
	return TAKES(lock, WRITE,
		     WAIT(lock, WRLOCK, vp_real.pthread_rwlock_clockwrlock(lock, clock, until)));
}

#define STAYS_NOT(lock)	 0
#define IS_RWLOCK(lock)	 (vp_rwlock_is_written(lock) ? VPROF_LOCK_WRLOCK : VPROF_LOCK_RDLOCK)
#define BY_READERS(lock) (vp_rwlock_is_shared(lock) ? VP_GIVING_SHARED : VP_GIVING_ALONE)
GIVES(pthread_rwlock_unlock, pthread_rwlock_t, vp_rwlock_is_waited_for, STAYS_NOT, IS_RWLOCK,
      BY_READERS, vp_held_is(vp_tls.newest.entry, (uint64_t)(uintptr_t)lock))

/* They never wait, and count for what a thread holds. */
#define TRY(name, type, mode)                                                                      \
	VP_HOOK int name(type *lock)                                                               \
	{                                                                                          \
		vp_hooked_called(VP_HOOKED_##name);                                                \
		return TAKES(lock, mode, vp_real.name(lock));                                      \
	}
TRY(pthread_mutex_trylock, pthread_mutex_t, MUTEX)
TRY(pthread_rwlock_tryrdlock, pthread_rwlock_t, READ)
TRY(pthread_rwlock_trywrlock, pthread_rwlock_t, WRITE)
TRY(pthread_spin_trylock, pthread_spinlock_t, SPIN)
TRY(mtx_trylock, mtx_t, MUTEX)

/* Most waits for one are shorter than a look at the clock: tried for a microsecond or so
 * before it is called one. */
#define SPIN_TRIES 64

SLOW spin_slow(pthread_spinlock_t *lock)
{
	for (int i = 0; i < SPIN_TRIES; i++) {
		__builtin_ia32_pause();
		if (*lock > 0 && vp_real.pthread_spin_trylock(lock) == 0)
			return TOOK(pthread_spin_lock, lock, SPIN);
	}
	return WANTS(lock, SPIN, WAIT(lock, SPIN, vp_real.pthread_spin_lock(lock)));
}

VP_HOOK int pthread_spin_lock(pthread_spinlock_t *lock)
{
	vp_hooked_called(VP_HOOKED_pthread_spin_lock);
	if (LIKELY(vp_real.pthread_spin_trylock(lock) == 0))
		return TOOK(pthread_spin_lock, lock, SPIN);
	return spin_slow(lock);
}

#define IS_SPIN(lock) VPROF_LOCK_SPIN
GIVES(pthread_spin_unlock, pthread_spinlock_t, vp_spin_is_waited_for, STAYS_NOT, IS_SPIN, ALONE,
      NEWEST(SPIN))

/* The C11 names: libc keeps a pthread_mutex_t in an mtx_t, and calls its own
 * functions on it, not these hooks. */
SLOW mtx_lock_slow(mtx_t *mutex)
{
	if (!vp_mutex_is_taken((pthread_mutex_t *)mutex))
		return WANTS(mutex, MUTEX, vp_real.mtx_lock(mutex));
	return WANTS(
	    mutex, MUTEX,
	    WAIT(mutex, MUTEX, (linger((pthread_mutex_t *)mutex), vp_real.mtx_lock(mutex))));
}

static __attribute__((noinline)) int mtx_lock_other(mtx_t *mutex)
{
	pthread_mutex_t *inner = (pthread_mutex_t *)mutex;

	if (vp_mutex_is_nobodys(inner) && !vp_holds_any()) {
		vp_lock_is_newest(VP_HELD_ENTRY(mutex, MUTEX), PC, SP);
		return vp_real.mtx_lock(mutex);
	}
	if (LIKELY(vp_mutex_is_plain(inner)) && LIKELY(vp_real.pthread_mutex_trylock(inner) == 0))
		return TOOK(mtx_lock, mutex, MUTEX);
	return mtx_lock_slow(mutex);
}

VP_HOOK int mtx_lock(mtx_t *mutex)
{
	vp_hooked_called(VP_HOOKED_mtx_lock);
	if (UNLIKELY(!vp_mutex_is_ours((pthread_mutex_t *)mutex)))
		return mtx_lock_other(mutex);
	return LIKELY(vp_mutex_take((pthread_mutex_t *)mutex)) ? TOOK(mtx_lock, mutex, MUTEX)
							       : mtx_lock_slow(mutex);
}

VP_HOOK int mtx_timedlock(mtx_t *mutex, const struct timespec *until)
{
	vp_hooked_called(VP_HOOKED_mtx_timedlock);
	if (!vp_mutex_is_taken((pthread_mutex_t *)mutex))
		return TAKES(mutex, MUTEX, vp_real.mtx_timedlock(mutex, until));
	return TAKES(mutex, MUTEX, WAIT(mutex, MUTEX, vp_real.mtx_timedlock(mutex, until)));
}

#define INNER(mutex)		 ((pthread_mutex_t *)(mutex))
#define MTX_IS_WAITED_FOR(mutex) vp_mutex_is_waited_for(INNER(mutex))
#define MTX_STAYS(mutex)	 vp_mutex_stays(INNER(mutex))
GIVES(mtx_unlock, mtx_t, MTX_IS_WAITED_FOR, MTX_STAYS, IS_MUTEX, ALONE, NEWEST(MUTEX))

/* libc's second names */
VP_HOOK_ALSO(__pthread_mutex_lock, pthread_mutex_lock);
VP_HOOK_ALSO(__pthread_mutex_trylock, pthread_mutex_trylock);
VP_HOOK_ALSO(__pthread_mutex_unlock, pthread_mutex_unlock);
VP_HOOK_ALSO(__pthread_rwlock_rdlock, pthread_rwlock_rdlock);
VP_HOOK_ALSO(__pthread_rwlock_tryrdlock, pthread_rwlock_tryrdlock);
VP_HOOK_ALSO(__pthread_rwlock_wrlock, pthread_rwlock_wrlock);
VP_HOOK_ALSO(__pthread_rwlock_trywrlock, pthread_rwlock_trywrlock);
VP_HOOK_ALSO(__pthread_rwlock_unlock, pthread_rwlock_unlock);
