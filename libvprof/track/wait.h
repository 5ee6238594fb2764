/* What a wait for a lock means: how often, how long, at which stack.
 *
 * A hook tries the lock first and comes here only when it is taken, so that an
 * uncontended lock costs next to nothing.  The stack is captured before the
 * thread blocks, when nobody waits for it; nothing is written while the lock
 * is held, because the time that takes would be waited for by others and be
 * reported as theirs: a wait is noted, and recorded after the next unlock. */
#ifndef VP_TRACK_WAIT_H
#define VP_TRACK_WAIT_H

#include "base/glibc.h"
#include "base/state.h"
#include "stack/regs.h"
#include "thread/threads.h"
#include "track/call.h"
#include "track/holders.h"
#include "track/wakers.h"

#include <pthread.h>

/* vp_control.lock_kinds while waits are recorded: the number of kinds of
 * mutexes (normal, recursive, error checking, adaptive) for which a trylock
 * that succeeds is all that lock would have done.  Robust mutexes and those
 * with priorities are not among them. */
#define VP_LOCK_KINDS 4u

struct vp_wait_note {
	uint64_t address, since_ns, wait_ns;
	uint64_t offset;
	uint32_t node, site, label;
	/* what was settled when it ended, and was nobody's, or of a holder that is not known */
	uint64_t nobody_ns, nobody_span_ns;
	struct vp_readers readers;
	struct vp_waker waker; /* where it was woken: by whom */
	uint16_t woken;	       /* 1: it came to its end, and the waker has not counted it */
	uint16_t again;	       /* the next wait began before anything else */
	uint16_t unknown;
	uint16_t timeout;
	uint16_t got;	/* the thread has the lock, and has not told: wait_ns is what it was */
	uint16_t place; /* enum vprof_lock_place */
	uint16_t kind;	/* enum vprof_lock_kind; 0: none; see track/wait.c */
};

/* Somebody holds it, and others wait for that. */
static inline int vp_lock_is_held(uint32_t kind)
{
	return kind <= VPROF_LOCK_WRLOCK || kind == VPROF_LOCK_SPIN;
}

/* Recorded as a call too, by its hook. */
static inline int vp_lock_is_call(uint32_t kind)
{
	return kind == VPROF_LOCK_SEM || kind == VPROF_LOCK_BARRIER;
}

struct vp_wait {
	struct vp_waits *waits; /* NULL: not recorded */
	uint32_t life;		/* of which process it is */
	uint32_t entry;		/* where it is entered among the thread's waits ... */
	uint64_t number;	/* ... and its number; 0: nowhere */
	struct vp_call call;	/* as others see it */
	struct vp_wait_note note;
};

/* Around the real call.  In between nothing of ours is held: the call may be
 * cancelled, or left by a longjmp from a signal handler.
 *   lock    address of the lock, or the pthread_t to be joined
 *   gives   of a condition: the mutex that is given back meanwhile; else 0
 *   ret     what the call returned, or errno; waits that failed are not recorded.
 *	     VP_WAIT_LAST: of a barrier, the others had waited for the caller
 * errno is kept.  Context: any thread, in or out of a signal handler. */
void vp_wait_begin(struct vp_wait *wait, uint64_t lock, enum vprof_lock_kind kind, uint64_t gives,
		   const struct vp_regs *caller);
void vp_wait_end(struct vp_wait *wait, int ret);
#define VP_WAIT_LAST (-1)

/* Records what the thread has noted, once it has given a lock back.  Context: busy guard held. */
void vp_waits_record(struct vp_waits *waits);

/* The thread ends.  Context: the thread itself, busy guard held. */
void vp_waits_thread_end(struct vp_thread *thread);

/* Records what all threads have noted; with `ending`, also the waits they are
 * in, as long as those have lasted.  Context: once a process, guard held. */
void vp_waits_finish(int ending);

int vp_waits_init(void); /* forgets all: fresh file; 0 or -ENOMEM */

/* 1: lock is trylock where that succeeds, and waits are being recorded. */
static inline int vp_mutex_is_plain(const pthread_mutex_t *mutex)
{
	return ((uint32_t)mutex->__data.__kind & ~VP_MUTEX_SHARED) < vp_control.lock_kinds;
}

/* 1: libc would take it by one atomic instruction, and so can we. */
static inline int vp_mutex_is_ours(const pthread_mutex_t *mutex)
{
	return mutex->__data.__kind == PTHREAD_MUTEX_NORMAL && vp_glibc.takes && vp_threads_many;
}

/* 1: libc takes it without one, and it is free: this is a process of one thread. */
static inline int vp_mutex_is_nobodys(const pthread_mutex_t *mutex)
{
	return mutex->__data.__kind == PTHREAD_MUTEX_NORMAL && !mutex->__data.__lock &&
	       !vp_threads_many;
}

/* Would locking it block?  A guess without trying: the holder may let go, or
 * another thread be faster, and then a wait is missed or a short one counted. */
static inline int vp_mutex_is_taken(const pthread_mutex_t *mutex)
{
	uint32_t kind = (uint32_t)mutex->__data.__kind;
	uint32_t word = (uint32_t)__atomic_load_n(&mutex->__data.__lock, __ATOMIC_RELAXED);

	if (!vp_control.lock_kinds)
		return 0;
	word &= kind & VP_MUTEX_PROTECT ? VP_MUTEX_PROTECTED : VP_MUTEX_HOLDER;
	kind &= VP_MUTEX_TYPE;
	if (word && (kind == PTHREAD_MUTEX_RECURSIVE_NP || kind == PTHREAD_MUTEX_ERRORCHECK_NP))
		return vp_tls.self <= VP_TLS_ENDED || mutex->__data.__owner != vp_tls.self->tid;
	return word != 0;
}

/* Somebody may wait for it.  A plain mutex is 1 where nobody does and 2 where somebody may;
 * one with an owner in that word is looked up. */
static inline int vp_mutex_is_waited_for(const pthread_mutex_t *mutex)
{
	return mutex->__data.__lock != 1;
}

/* An unlock that leaves it with its owner, who has locked it several times. */
static inline int vp_mutex_stays(const pthread_mutex_t *mutex)
{
	return (mutex->__data.__kind & (int)VP_MUTEX_TYPE) == PTHREAD_MUTEX_RECURSIVE_NP &&
	       mutex->__data.__count > 1;
}

static inline int vp_rwlock_keeps_readers_out(const pthread_rwlock_t *lock)
{
	uint32_t word = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);

	if (!vp_control.lock_kinds || !(word & VP_RWLOCK_WRITER))
		return 0;
	return word & VP_RWLOCK_WRITERS_TURN ||
	       (lock->__data.__flags == PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP &&
		word >> VP_RWLOCK_READERS);
}

static inline int vp_rwlock_keeps_writers_out(const pthread_rwlock_t *lock)
{
	uint32_t word = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);

	return vp_control.lock_kinds && (word & VP_RWLOCK_WRITER || word >> VP_RWLOCK_READERS);
}

/* By whoever holds it: a writer waits for readers, readers wait for the writer, or another
 * writer does. */
static inline int vp_rwlock_is_waited_for(const pthread_rwlock_t *lock)
{
	uint32_t word = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);

	return word & VP_RWLOCK_WRITER &&
	       (word != (VP_RWLOCK_WRITER | VP_RWLOCK_WRITERS_TURN) || lock->__data.__writers);
}

static inline int vp_rwlock_is_written(const pthread_rwlock_t *lock)
{
	return lock->__data.__readers & VP_RWLOCK_WRITERS_TURN;
}

static inline int vp_rwlock_is_shared(const pthread_rwlock_t *lock)
{
	uint32_t word = __atomic_load_n(&lock->__data.__readers, __ATOMIC_RELAXED);

	return !(word & VP_RWLOCK_WRITERS_TURN) && word >> VP_RWLOCK_READERS > 1;
}

/* Whoever waits has taken one from it. */
static inline int vp_spin_is_waited_for(const volatile pthread_spinlock_t *lock)
{
	return *lock < 0;
}

/* 1: an attempt to read cannot overtake a writer that waits. */
static inline int vp_rwlock_prefers_readers(const pthread_rwlock_t *lock)
{
	return vp_control.lock_kinds && lock->__data.__flags == PTHREAD_RWLOCK_PREFER_READER_NP;
}

#endif
