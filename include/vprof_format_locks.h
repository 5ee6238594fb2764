/* The rows of a ring file that say whose doing waits for locks were, and in which
 * order threads take them.  A part of vprof_format.h, never included by itself. */
#ifndef VPROF_FORMAT_LOCKS_H
#define VPROF_FORMAT_LOCKS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* BLAME: who kept others waiting for a lock, and how long locks were held.
 *
 * Each moment of a wait for a lock that somebody holds is charged once: to the thread that
 * held it then (HELD), by the call path that gave the lock back; to nobody, from there until
 * the waiter goes on (HANDOFF); or to a holder of whom nothing is known (UNKNOWN).  For each
 * lock, their ns less those of ABANDONED are the wait_ns of its rows in LOCKS, to the
 * nanosecond, but for waits under way. */
enum vprof_blame_what {
	VPROF_BLAME_HELD = 1,	   /* ns: waits, of all waiters together, while it held the lock */
	VPROF_BLAME_HANDOFF = 2,   /* ... while nobody did; `thread`: who waited */
	VPROF_BLAME_UNKNOWN = 3,   /* ... while somebody did, who was not seen to give it back */
	VPROF_BLAME_ABANDONED = 4, /* charged for waits that no row of LOCKS has: they never came
				    * back, being left by a jump or with their thread */
	VPROF_BLAME_HOLDS = 5,	   /* holds that somebody waited for and whose begin is known */
	VPROF_BLAME_SAMPLES = 6,   /* one hold in VPROF_HOLD_SAMPLE, waited for or not */
	VPROF_BLAME_WOKEN = 7	   /* waits for conditions, semaphores, barriers and threads, by who
				    * ended them; those that timed out are in none */
};
enum vprof_wake {
	VPROF_WAKE_UNSEEN = 0,	  /* another process, a raw futex, a wait that ended by itself */
	VPROF_WAKE_SEVERAL = 1,	  /* one of several, and it is not known which */
	VPROF_WAKE_SIGNAL = 2,	  /* of a condition, for one of those that wait ... */
	VPROF_WAKE_BROADCAST = 3, /* ... for all of them */
	VPROF_WAKE_POST = 4,	  /* of a semaphore */
	VPROF_WAKE_LAST = 5,	  /* it was the last that a barrier waited for */
	VPROF_WAKE_END = 6	  /* the thread that was waited for ended */
};
#define VPROF_HOLD_SAMPLE    64u
#define VPROF_HOLD_UNIT_BITS 6u /* 64 ns */
#define VPROF_HOLD_SUB_BITS  0u
#define VPROF_HOLD_BUCKETS   32u
struct vprof_blame {
	uint64_t address; /* of the lock */
	uint32_t node;	  /* where it gave the lock back, or woke; VPROF_NODE_ROOT: not by path */
	uint32_t thread;  /* row in THREADS; VPROF_NONE: not known */
	uint16_t kind;	  /* enum vprof_lock_kind: how it held it; HELD, HOLDS, SAMPLES, WOKEN */
	uint16_t what;	  /* enum vprof_blame_what; 0: not filled in yet */
	uint16_t place;	  /* as in vprof_lock, with site and offset */
	uint16_t how;	  /* WOKEN: enum vprof_wake */
	uint32_t site;
	/* 28: HELD: what the holder was in meanwhile, if it was a call that lasted */
	uint32_t cause; /* string id of the function; VPROF_NONE: none that lasted */
	uint64_t offset;
	/* 40: charges; HOLDS, SAMPLES: holds */
	uint64_t times;
	uint64_t ns, max_ns;
	uint64_t first_ns, last_ns;
	/* 80: HELD, HANDOFF: time in which somebody waited, however many did; WOKEN: of ns, from
	 * the moment at which it was woken */
	uint64_t span_ns;
	/* 88: with `cause`: as vprof_call.object, or a lock's address; and that call's path */
	uint64_t cause_object;
	uint32_t cause_node;
	uint32_t reserved1;
	/* 104: WOKEN: of these waits, those after which the same thread waited again within 1 ms,
	 * before it gave the condition's mutex back; and calls that woke them */
	uint64_t again, wakes;
	uint64_t reserved[1];
	/* 128: HOLDS, SAMPLES */
	uint32_t histogram[VPROF_HOLD_BUCKETS];
};
_Static_assert(sizeof(struct vprof_blame) == 256, "vprof_blame");

/* ORDERS: a lock that a thread took while it held others, as often as it did with the same
 * others.  A thread has other rows for the same locks after it has started or joined another
 * thread: what came before that comes before all that the other one does, or after it. */
enum vprof_lock_mode {
	VPROF_MODE_MUTEX = 0,
	VPROF_MODE_READ = 1,
	VPROF_MODE_WRITE = 2,
	VPROF_MODE_SPIN = 3
};
#define VPROF_ORDER_GUESSED 1u /* the frames out of `node` are those of a later call */
#define VPROF_ORDER_OWN	    2u /* VPROF_LOCK_IN_BLOCK: the thread itself allocated the block */
struct vprof_order_lock {
	uint64_t address; /* 0: no more locks */
	uint64_t born_ns; /* not before then: its block was allocated, or another lock that lay
			   * there was destroyed; 0: not known */
	uint32_t node;	  /* the stack that took it */
	uint32_t site;	  /* VPROF_LOCK_IN_BLOCK: the stack that allocated the block ... */
	uint32_t offset;  /* ... and the lock's place in it */
	uint8_t mode;	  /* enum vprof_lock_mode */
	uint8_t place;	  /* enum vprof_lock_place */
	uint16_t flags;	  /* VPROF_ORDER_* */
};
_Static_assert(sizeof(struct vprof_order_lock) == 32, "vprof_order_lock");
#define VPROF_ORDER_HELD 6u
struct vprof_order {
	uint32_t thread;   /* row in THREADS; 0: `count` locks found no row, the rest is void */
	uint32_t reserved; /* 0 */
	uint64_t count;	   /* so often, about */
	uint64_t first_ns, last_ns;
	struct vprof_order_lock taken;
	struct vprof_order_lock held[VPROF_ORDER_HELD]; /* the newest first */
};
_Static_assert(sizeof(struct vprof_order) == 256, "vprof_order");

#endif
