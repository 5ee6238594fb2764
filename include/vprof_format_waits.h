/* The rows of a ring file that say where time off the CPU went: blocking calls, books,
 * event loops, stalls, and what all threads did at one moment.  A part of vprof_format.h,
 * never included by itself. */
#ifndef VPROF_FORMAT_WAITS_H
#define VPROF_FORMAT_WAITS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* What a thread's time went into. */
enum vprof_class {
	VPROF_CLASS_RUN = 0,	   /* on a CPU */
	VPROF_CLASS_IDLE = 1,	   /* it had nothing to do: in the wait of its own loop */
	VPROF_CLASS_PACED = 2,	   /* it asked for time to pass: nanosleep and its like */
	VPROF_CLASS_BLOCKED = 3,   /* in another call that may block */
	VPROF_CLASS_LOCK = 4,	   /* another thread had the lock */
	VPROF_CLASS_PREEMPTED = 5, /* runnable, and something else had the CPU */
	VPROF_CLASS_FAULT = 6,	   /* a page that was not there yet */
	VPROF_CLASS_UNHOOKED = 7,  /* in nothing that the library sees */
	VPROF_CLASS_COUNT = 8
};

/* What the books rest on; header.layers, vprof_book.layers. */
enum vprof_layer {
	VPROF_LAYER_SCHEDSTAT = 1u << 0, /* exact totals: CPU, run delay */
	VPROF_LAYER_SWITCHES = 1u << 1,	 /* each time off the CPU, exact */
	VPROF_LAYER_PAGE = 1u << 2,	 /* user page: whether a call slept */
	VPROF_LAYER_CALLS = 1u << 3,	 /* calls that may block */
	VPROF_LAYER_LOOKS = 1u << 4,	 /* /proc/self/task/TID/syscall can be read */
	VPROF_LAYER_FAULTS = 1u << 5	 /* page faults that waited are told */
};

/* A log-linear histogram: values below `sub` units have a bucket each, and each power of
 * two above that has `sub` of equal width. */
static inline uint32_t vprof_histogram_bucket(uint64_t value, uint32_t unit_bits, uint32_t sub_bits,
					      uint32_t buckets)
{
	uint64_t units = value >> unit_bits;
	uint32_t high, bucket;

	if (units < 1u << sub_bits)
		return (uint32_t)units;
	high = 63u - (uint32_t)__builtin_clzll(units);
	bucket = ((high - sub_bits + 1) << sub_bits) +
		 ((uint32_t)(units >> (high - sub_bits)) & ((1u << sub_bits) - 1));
	return bucket < buckets ? bucket : buckets - 1;
}

/* The least value of a bucket; that of the next one is where it ends. */
static inline uint64_t vprof_histogram_low(uint32_t bucket, uint32_t unit_bits, uint32_t sub_bits)
{
	uint32_t octave = bucket >> sub_bits;
	uint64_t sub = bucket & ((1u << sub_bits) - 1);

	if (octave == 0)
		return sub << unit_bits;
	return (sub + (1u << sub_bits)) << (octave - 1 + unit_bits);
}

/* CALLS: calls of one function of libc that may block, by call path, label and thread.  Calls that
 * return at once are counted where that function was last seen to be called from at this
 * instruction and depth; those that lasted, at the stack they were made from.  There is no
 * overflow row: header.lost[VPROF_LOST_CALLS] counts calls without a row. */
#define VPROF_CALL_LASTED_NS 10000u /* a call as long as this did */
#define VPROF_CALL_UNIT_BITS 8u	    /* 256 ns */
#define VPROF_CALL_SUB_BITS  2u
#define VPROF_CALL_BUCKETS   128u
enum vprof_target { /* what `object` and `target` are */
		    VPROF_TARGET_NONE = 0,
		    VPROF_TARGET_FD = 1,      /* a descriptor; the file, socket, pipe behind it */
		    VPROF_TARGET_PATH = 2,    /* a path that was given */
		    VPROF_TARGET_ADDRESS = 3, /* of a lock, a semaphore, a futex */
		    VPROF_TARGET_HOST = 4,    /* a name that was resolved */
		    VPROF_TARGET_PROCESS = 5, /* a process id */
		    VPROF_TARGET_PEER = 6     /* an address of a socket's other end */
};
#define VPROF_CALL_AT_LOOP   1u /* it is, or was, the wait of a loop */
#define VPROF_CALL_SATURATED 2u /* a bucket is full: there were more */
#define VPROF_CALL_TARGETS   4u /* the target of its longest call is not that of all */
struct vprof_call {
	uint32_t node;	 /* the caller's stack; VPROF_NODE_ROOT: no call of it lasted */
	uint32_t thread; /* row in THREADS */
	uint32_t name;	 /* string id: the function, as libc names it */
	uint32_t class;	 /* enum vprof_class, outside of a loop's iterations */
	uint64_t site;	 /* the return address of the call; 0: many */
	/* With these, all that a call writes that returned at once: 64 bytes. */
	uint64_t calls;
	uint64_t bytes;	  /* read, written, sent, received */
	uint64_t untimed; /* of the calls, those that did not sleep and were not timed, */
	uint64_t idle;	  /* those that were the wait of the thread's own loop, */
	uint64_t on_loop; /* and those inside of an iteration of it */
	/* 64 */
	uint64_t time_ns, max_ns;
	uint64_t first_ns, last_ns; /* of its end */
	/* 96: of the calls, those that lasted: that slept, as far as is known */
	uint64_t blocked, blocked_ns;
	/* 112: of the time, what was waited in the wait of the thread's own loop, and inside of an
	 * iteration; calls and time while the thread held a lock; calls that failed */
	uint64_t idle_ns, on_loop_ns;
	uint64_t under_lock, under_lock_ns;
	uint64_t failed;
	/* 152: of the longest call of all */
	uint64_t object;      /* descriptor, address, process */
	uint32_t target;      /* string id; VPROF_NONE: not known */
	uint16_t target_kind; /* enum vprof_target */
	uint16_t flags;	      /* VPROF_CALL_* */
	uint32_t loop;	      /* AT_LOOP: row in LOOPS; else VPROF_NONE */
	uint32_t label;	      /* string id, as in vprof_cpu; 0: none */
	uint64_t timeouts;    /* ended because the time asked for was over */
	uint64_t longest_ns;  /* when the longest began */
	uint64_t reserved[8];
	/* 256: of the time of each */
	uint32_t histogram[VPROF_CALL_BUCKETS];
};
_Static_assert(offsetof(struct vprof_call, time_ns) == 64, "a cache line");
_Static_assert(sizeof(struct vprof_call) == 768, "vprof_call");

/* BOOKS: what a thread's time went into.  Each class is measured for itself; what is left of
 * recorded_ns is what nobody knows. */
struct vprof_book {
	uint32_t thread; /* row in THREADS */
	uint32_t layers; /* enum vprof_layer */
	uint64_t until_ns;
	uint64_t ns[VPROF_CLASS_COUNT];
	uint64_t times[VPROF_CLASS_COUNT];
	uint64_t longest_ns[VPROF_CLASS_COUNT];
	uint64_t switches;     /* records of context switches that came */
	uint64_t without_half; /* and those of which the other half did not */
	uint64_t recorded_ns;  /* from the thread's start to until_ns, without pauses */
	uint64_t unwatched_ns; /* of it, without records of switches: calls and run delay tell */
	uint64_t reserved[2];
};
_Static_assert(sizeof(struct vprof_book) == 256, "vprof_book");

/* LOOPS: a wait to which a thread comes back again and again at the same depth of its stack. */
#define VPROF_LOOP_UNIT_BITS  6u /* 64 ns */
#define VPROF_LOOP_SUB_BITS   4u
#define VPROF_LOOP_BUCKETS    512u
#define VPROF_DELAY_UNIT_BITS 8u
#define VPROF_DELAY_SUB_BITS  2u
#define VPROF_DELAY_BUCKETS   128u
struct vprof_loop {
	uint32_t thread; /* row in THREADS */
	uint32_t node;	 /* the stack of the wait */
	uint32_t name;	 /* string id: the function that waits */
	uint32_t flags;	 /* 0 so far */
	uint64_t site;	 /* return address of the wait ... */
	uint64_t depth;	 /* ... and the stack pointer at it; 0: stacks of its own (fibers) */
	uint64_t iterations;
	uint64_t events; /* that the waits brought, where they say how many */
	uint64_t bytes;	 /* that the waits brought */
	/* 56: the loop's time from first_ns to last_ns */
	uint64_t busy_ns; /* in iterations, and in waits that returned at once with something */
	uint64_t idle_ns; /* in the wait, asleep */
	uint64_t spin_ns; /* in turns that found nothing and did not sleep ... */
	uint64_t spins;	  /* ... which are no iterations */
	uint64_t first_ns, last_ns;
	uint64_t now_ns;	    /* the iteration under way began; 0: it waits */
	uint64_t max_ns, max_at_ns; /* the longest iteration, and when it began */
	/* 128: waits with a time limit that was reached: how late they came back */
	uint64_t delays, delay_ns, delay_max_ns;
	uint64_t stalls, stall_ns; /* iterations of header.stall_ns and more */
	uint64_t blocked_ns;	   /* of busy_ns, in calls that may block */
	uint64_t slept;		   /* iterations that left the CPU; see VPROF_LAYER_PAGE */
	uint64_t limit_ns;	   /* iterations as long as this are stalls; 0: header.stall_ns */
	uint64_t reserved[8];
	/* 256 */
	uint64_t histogram[VPROF_LOOP_BUCKETS];
	uint64_t delay[VPROF_DELAY_BUCKETS];
};
_Static_assert(sizeof(struct vprof_loop) == 256 + 4096 + 1024, "vprof_loop");

/* STALLS: iterations, and waits for locks, that took too long, the helper looking on. */
#define VPROF_STALL_LIVE     1u	 /* looked at before it was over */
#define VPROF_STALL_HANG     2u	 /* longer than header.hang_ns */
#define VPROF_STALL_DEADLOCK 4u	 /* the thread waits for itself, in the end */
#define VPROF_STALL_FROZEN   8u	 /* the process was stopped, or the whole machine: no stall */
#define VPROF_STALL_LATE     16u /* the first look came late */
#define VPROF_STALL_GUESSED  32u /* a frame pointer was guessed: the outer frames may be wrong */
#define VPROF_STALL_OVER     64u /* it has ended; else duration_ns is how long so far */
struct vprof_stall {
	uint64_t begin_ns, duration_ns;
	uint32_t thread;
	uint32_t loop;	 /* row in LOOPS; VPROF_NONE: of no loop */
	uint32_t class;	 /* enum vprof_class: what most of it was */
	uint32_t flags;	 /* VPROF_STALL_* */
	uint32_t node;	 /* its stack when it was looked at; of the cause */
	uint32_t call;	 /* string id: the function, or the system call, it was in; VPROF_NONE */
	uint32_t target; /* string id: what that waited for; VPROF_NONE */
	uint32_t wchan;	 /* string id: where in the kernel; VPROF_NONE */
	uint64_t object; /* a lock's address, a descriptor */
	uint32_t holder; /* row in THREADS: who had the lock; VPROF_NONE */
	uint32_t holder_node, holder_call, holder_target; /* what that one did */
	uint64_t first_look_ns; /* when it was first looked at; 0: never */
	uint32_t looks;
	uint32_t label;			/* of the iteration, as in LABELS; 0: none, or not over */
	uint64_t ns[VPROF_CLASS_COUNT]; /* of its time, as far as is known */
	/* 152: of the time it was runnable, at most: its control group was kept from running,
	 * other guests had the CPU; and what is in no class, for all stood still */
	uint64_t throttled_ns, stolen_ns, frozen_ns;
	uint64_t reserved[10];
};
_Static_assert(sizeof(struct vprof_stall) == 256, "vprof_stall");

/* DUMPS: what every thread did at one moment: asked for, or because something hung. */
enum vprof_dump_why { VPROF_DUMP_ASKED = 1, VPROF_DUMP_HANG = 2 };
enum vprof_dump_state {
	VPROF_DUMP_UNKNOWN = 0,
	VPROF_DUMP_RUNNING = 1, /* on a CPU, or ready for one */
	VPROF_DUMP_CALL = 2,	/* in a call that the library sees */
	VPROF_DUMP_SYSCALL = 3, /* in a system call of its own, by the kernel's word */
	VPROF_DUMP_FAULT = 4	/* waits for a page */
};
#define VPROF_DUMP_IN_CYCLE 1u /* of threads that wait for each other */
#define VPROF_DUMP_GUESSED  2u /* as VPROF_STALL_GUESSED */
#define VPROF_DUMP_IDLE	    4u /* in the wait of its own loop */
#define VPROF_DUMP_STOPPED  8u /* by a signal, or by a debugger */
#define VPROF_DUMP_HELD	    4u
struct vprof_dump {
	uint32_t number; /* of the dump, from 1; 0: void */
	uint32_t why;	 /* enum vprof_dump_why */
	uint64_t t_ns;
	uint32_t thread; /* row in THREADS */
	uint32_t node;
	uint32_t state; /* enum vprof_dump_state */
	uint32_t flags;
	uint32_t call, target, wchan; /* as in vprof_stall */
	uint32_t waits_for;	      /* row in THREADS; VPROF_NONE */
	uint64_t object;
	uint64_t since_ns;		/* it is in that call since; 0: not known */
	uint64_t held[VPROF_DUMP_HELD]; /* addresses of locks it has, as far as is known */
	uint32_t class;			/* enum vprof_class of what it waits in */
	uint32_t span;			/* row in SPANS of the innermost it is in; 0: in none */
	uint64_t span_since_ns;		/* that began; 0: there is none */
	uint64_t reserved[2];
};
_Static_assert(sizeof(struct vprof_dump) == 128, "vprof_dump");

#endif
