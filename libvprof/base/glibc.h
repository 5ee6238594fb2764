/* What we know of glibc that no header of its tells: places in its structures, bits in its
 * locks, a signal it keeps for itself.
 *
 * Each part is looked at once, when the library starts, in the libc that is there.  What is
 * not as we know it is not relied on: who uses a part asks for it, and the record says what
 * is switched off (vprof_header.libc_unlike). */
#ifndef VP_BASE_GLIBC_H
#define VP_BASE_GLIBC_H

#include <pthread.h>
#include <stdint.h>

enum vp_glibc_part {
	VP_GLIBC_LOCKS,	  /* words of mutexes and rwlocks; else no waits are recorded */
	VP_GLIBC_THREADS, /* struct pthread; else stacks are searched whole, and not widened */
	VP_GLIBC_ATTR,	  /* pthread_attr_t can be copied; else stacks are not widened */
	VP_GLIBC_SIGNAL,  /* else no thread is stopped for a search */
	VP_GLIBC_OBJECTS, /* the loader's list; else callers of dlopen are not stood in for */
	VP_GLIBC_PARTS
};

/* --- locks ------------------------------------------------------------------ */
#define VP_MUTEX_SHARED	   0x80u /* bits of __kind that pthread_mutex_init adds */
#define VP_MUTEX_PROTECT   0x40u
#define VP_MUTEX_TYPE	   3u
#define VP_MUTEX_HOLDER	   0x3fffffffu /* of __lock: the holder's tid or 1 or 2, beside flags */
#define VP_MUTEX_PROTECTED 0x7ffffu    /* the same beside a ceiling */
/* __readers: bit 0 it is the writers' turn, bit 1 a writer holds it or is the next to do
 * so, from bit 3 the number of readers. */
#define VP_RWLOCK_WRITERS_TURN 1u
#define VP_RWLOCK_WRITER       2u
#define VP_RWLOCK_READERS      3u /* the number of bits below */

/* --- threads: struct pthread, at the top of a thread's stack ------------------ */
#define VP_DESCRIPTOR_SELF   0u /* these two words point to itself */
#define VP_DESCRIPTOR_SELF_2 16u
#define VP_DESCRIPTOR_ALIGN  64u
#define VP_DESCRIPTOR_TID    0x2d0 /* vp_glibc.tid_at, as all have it up to now */
/* Before the function it was started with: what it returned, and whom it is joined by,
 * itself when it is detached. */
#define VP_DESCRIPTOR_RESULT_BEFORE 16u
#define VP_DESCRIPTOR_JOINER_BEFORE 24u

/* --- memory: struct malloc_state.  It is found by its looks, leak/arenas.c, and only what
 * looks like one is taken for one: there is nothing to be tested before --------- */
#define VP_ARENA_ALIGN	     (64ull << 20) /* heaps of threads begin at multiples */
#define VP_ARENA_BINS	     127u
#define VP_ARENA_TOP_OFFSET  0x60u
#define VP_ARENA_BINS_OFFSET 0x70u /* of the first bin */
#define VP_ARENA_BYTES	     0x898u

/* --- signals ------------------------------------------------------------------ */
#define VP_SIGSETXID 33 /* kept by libc for setuid() in all threads */

struct vp_glibc {
	uint32_t unlike;	   /* bits 1 << enum vp_glibc_part */
	uint32_t descriptor_bytes; /* of struct pthread */
	uint32_t tid_at;	   /* in it: the thread's number */
	uint32_t start_at;	   /* the function it was started with; 0: not known */
	uint32_t takes;		   /* 1: vp_mutex_take() does what libc does ... */
	uint32_t takes_rwlocks;	   /* ... and vp_rwlock_take_read() and _write() do */
};
extern struct vp_glibc vp_glibc __attribute__((visibility("hidden")));

/* Takes a mutex of the default kind if it is free, in a process of many threads. */
static inline int vp_mutex_take(pthread_mutex_t *mutex)
{
	int free = 0, tid;

	if (!__atomic_compare_exchange_n(&mutex->__data.__lock, &free, 1, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return 0;
	__asm__("movl %%fs:%c1, %0" : "=r"(tid) : "i"(VP_DESCRIPTOR_TID));
	mutex->__data.__owner = tid;
	mutex->__data.__nusers++;
	return 1;
}

/* Takes a rwlock for reading, of any kind, unless a writer has it, had it last or waits for it.
 * The first guess is that nobody has it: to look first would take as long as to be wrong. */
static inline int vp_rwlock_take_read(pthread_rwlock_t *lock)
{
	const uint32_t one = 1u << VP_RWLOCK_READERS;
	uint32_t word = 0;

	do {
		if (__atomic_compare_exchange_n(&lock->__data.__readers, &word, word + one, 0,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 1;
	} while (!(word & (VP_RWLOCK_WRITER | VP_RWLOCK_WRITERS_TURN)) && (word + one) >> 31 == 0);
	return 0;
}

/* Takes it for writing if nobody has it and a writer had it last, which is guessed too, or
 * nobody ever. */
static inline int vp_rwlock_take_write(pthread_rwlock_t *lock)
{
	const uint32_t ours = VP_RWLOCK_WRITER | VP_RWLOCK_WRITERS_TURN;
	uint32_t word = VP_RWLOCK_WRITERS_TURN;
	int tid;

	if (!__atomic_compare_exchange_n(&lock->__data.__readers, &word, ours, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED)) {
		if (word || !__atomic_compare_exchange_n(&lock->__data.__readers, &word, ours, 0,
							 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return 0;
		lock->__data.__wrphase_futex = 1;
	}
	lock->__data.__writers_futex = 1;
	__asm__("movl %%fs:%c1, %0" : "=r"(tid) : "i"(VP_DESCRIPTOR_TID));
	lock->__data.__cur_writer = tid;
	return 1;
}

/* Looks at all parts.  Context: once, one thread, after vp_real_resolve() and the trial. */
void vp_glibc_learn(void);

/* Looks at the descriptor of the calling thread, which pthread_create() has just started
 * with `start`.  Context: any thread, the busy guard held; what it learns, once. */
void vp_glibc_learn_start(const void *start);

/* What is switched off, for people; "" if nothing is. */
const char *vp_glibc_text(char *out, uint32_t bytes);

static inline int vp_glibc_knows(enum vp_glibc_part part)
{
	return !(__atomic_load_n(&vp_glibc.unlike, __ATOMIC_RELAXED) >> part & 1);
}

#endif
