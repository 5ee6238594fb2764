/* Who waits for which lock, in one sum: what those who give locks back are charged with.
 *
 * Of each lock that somebody waits for there is the number of its waiters, and the sum of the
 * times since which they have been charged to nobody.  Whoever settles it at `now` is charged
 * waiters * now - sum, and all of them are counted from now on: so each moment of each wait is
 * charged once, whoever wakes whom.  Only waiters, and those who give back a lock that is
 * waited for, ever come here. */
#ifndef VP_TRACK_HOLDERS_H
#define VP_TRACK_HOLDERS_H

#include <stdint.h>

/* Waiters since the last settling whose own times are kept. */
#define VP_HOLDER_BASES 8u

/* Where a lock lies, as the first that waited found it (struct vprof_lock). */
struct vp_lock_place {
	uint64_t address, offset;
	uint32_t site;
	uint16_t place;
};

/* What was settled. */
struct vp_share {
	struct vp_lock_place lock;
	uint64_t ns;	  /* of all waiters together */
	uint64_t owed_ns; /* of it, of waits that were given up */
	uint64_t span_ns; /* time in which somebody waited */
	uint64_t now_ns;
	uint64_t settled_ns, sum_ns, base[VP_HOLDER_BASES]; /* see vp_share_within() */
	uint32_t waiters, fresh, stored;
	uint32_t unseen; /* of a waiter that got the lock: nobody was seen to give it back */
};

/* Of the share, what was waited between two moments. */
uint64_t vp_share_within(const struct vp_share *share, uint64_t from_ns, uint64_t to_ns);

/* A waiter. */
struct vp_waiting {
	struct vp_holder *slot; /* NULL: there was no room for it */
	uint64_t since_ns;
	uint32_t settled, gives; /* of the lock, when it came */
};

enum vp_waiting_end {
	VP_WAITING_GOT,	     /* it has the lock: what is settled went by without a holder */
	VP_WAITING_GAVE_UP,  /* its part is owed by whoever gives the lock back */
	VP_WAITING_ENDED,    /* its part is settled now: nobody will give the lock back */
	VP_WAITING_ABANDONED /* ns: what has been charged for it, which was no wait */
};

/* Readers who all thought that another was the last. */
struct vp_readers {
	uint64_t ns, span_ns;
	uint32_t thread; /* row in THREADS of one of them */
};

enum vp_giving {
	VP_GIVING_ALONE, /* nobody else holds the lock */
	VP_GIVING_SHARED /* other readers do: the last one is charged with it */
};

/* Context of all: any thread, busy guard held. */

/* The thread waits, from since_ns on. */
void vp_holders_wait(struct vp_waiting *waiting, const struct vp_lock_place *lock,
		     uint64_t since_ns);
/* The wait is over at now_ns, or a little later: at share->now_ns, which is never before what
 * was settled last. */
void vp_holders_end(const struct vp_waiting *waiting, enum vp_waiting_end how, uint64_t now_ns,
		    struct vp_share *share, struct vp_readers *readers);

/* Its end is told when the lock is given back, and not while others wait for that. */
struct vp_got {
	struct vp_waiting waiting;
	uint64_t now_ns; /* when it had the lock */
	uint16_t kind;	 /* of the note that tells of it */
	struct vp_share share;
	struct vp_readers readers;
};

/* The caller, thread `thread` of THREADS, is about to give the lock back.  Returns 1 where it
 * is charged for that.
 *   got  its own wait for the lock, that is ended first, as by vp_holders_end(); or NULL */
int vp_holders_give(uint64_t lock, enum vp_giving how, uint32_t thread, struct vp_got *got,
		    struct vp_share *share);
/* It could not give it back: what it was charged with is owed. */
void vp_holders_keep(const struct vp_share *share);

/* How many locks are known in each bucket.  Whoever gives a lock back looks here first, and not
 * at the lock's own word: that one has just been written by an atomic instruction, and to read
 * it takes as long as another one would. */
#define VP_HOLDER_BUCKETS 1024u
extern uint32_t vp_holders_in[VP_HOLDER_BUCKETS] __attribute__((visibility("hidden")));

static inline uint32_t vp_holders_bucket(uint64_t lock)
{
	return (uint32_t)((lock >> 2) * 0x9e3779b97f4a7c15u >> 54);
}
_Static_assert(VP_HOLDER_BUCKETS == 1024, "10 bits of a hash");

/* 0: nobody waits for the lock.  Who waits says so here before it stops. */
static inline uint32_t vp_holders_may_know(uint64_t lock)
{
	return __atomic_load_n(&vp_holders_in[vp_holders_bucket(lock)], __ATOMIC_RELAXED);
}

int vp_holders_look(uint64_t lock);

/* 1: somebody waits for the lock, or has given up to, as far as a look tells. */
static inline int vp_holders_knows(uint64_t lock)
{
	return vp_holders_may_know(lock) && vp_holders_look(lock);
}

void vp_holders_init(void); /* a fresh file, or a forked child: nobody waits */

#endif
