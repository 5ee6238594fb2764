/* Host threads: their rows in the file, their stacks, their shards. */
#ifndef VP_THREAD_THREADS_H
#define VP_THREAD_THREADS_H

#include "base/state.h"
#include "ring/events.h"
#include "stack/capture.h"
#include "thread/kin.h"
#include "thread/line.h"
#include "thread/loop.h"
#include "thread/orders.h"
#include "thread/page.h"
#include "thread/stall.h"
#include "thread/under.h"
#include "vprof_format.h"

#include <stddef.h>
#include <stdint.h>

/* What this thread may allocate before the process can reach a new peak
 * (track/peak.c). */
struct vp_peak_budget {
	int64_t bytes;
	uint64_t round;	 /* the share belongs to; in any other it is void */
	int64_t pending; /* bytes of the allocation under way */
	/* written by whoever deals, under the registry's lock */
	int64_t dealt;
	uint64_t dealt_round;
};

/* Trackers that keep something of each thread; the pointers are theirs. */
enum vp_thread_slot {
	VP_SLOT_LABELS, /* NULL: it never had one */
	VP_SLOT_WAITS,	/* NULL: it never waited */
	VP_SLOT_SPANS,	/* NULL: it began none */
	VP_SLOT_COUNTS, /* NULL: no call of it was counted */
	VP_SLOT_HOOKED, /* NULL: none of its calls is in the file yet */
	VP_SLOT_COUNT
};

/* Call sites of a thread, and the rows of CALLS that their calls are counted in. */
#define VP_CALL_SITES 128u /* power of two */
struct vp_call_site {
	uint64_t pc, sp;
	struct vprof_call *row;
	union {
		uint64_t what; /* vp_call_site_what() of the three */
		struct {
			uint32_t label; /* in force then */
			uint16_t kind;
			uint16_t quick; /* calls since one that slept, or may have */
		};
	};
};
struct vp_calls {
	struct vp_call_site site[VP_CALL_SITES] __attribute__((aligned(64)));
	/* (kind, node, label) -> row of CALLS; open addressing, 0 is empty, else row + 1 */
	uint32_t mask, used;
	struct vp_call_index *index;
	struct vp_event_writer writer;
};

/* What the library knows of one thread of the host. */
struct vp_thread {
	struct vprof_thread *row; /* in the file; row 0 when the table is full */
	uint32_t row_id;
	int tid;
	uint64_t routine;     /* it was started with; 0: main, or not known */
	const uint32_t *busy; /* vp_tls.busy of the thread */
	struct vp_shard *shard;
	void *last_alloc;	       /* to tell temporary allocations */
	uint32_t generation;	       /* process generation (forks) this belongs to */
	int timer_id;		       /* timer engine, -1 when none */
	uint32_t span_now;	       /* row in SPANS of the innermost that is open; 0 */
	struct vp_thread *next, *prev; /* registry, under its lock */
	uint32_t site_node, site_row;  /* the site used last ... */
	struct vprof_site *site;       /* ... NULL: none yet, or under another label */
	uint32_t label_number;	       /* of `label`, among those of the process; 0: none */
	struct vp_peak_budget peak;
	void *slot[VP_SLOT_COUNT];
	const void *trampoline; /* what libc started it with; NULL: not by our hook */
	uint64_t now_ns;	/* when this thread last looked at the clock */
	uint32_t now_tick;	/* ... during this tick of the helper */
	uint64_t random;	/* xorshift state, 0 before the first use */
	/* What each call looks at lies together, as after a system call little of it is in the
	 * cache: the line, and in the next 64 bytes the page, the label and what comes first in
	 * the loops. */
	struct vp_call_line line __attribute__((aligned(128)));
	struct vp_page page;
	uint32_t label; /* in force, a string id; 0: none (track/label.c) */
	struct vp_loops loops;
	struct vp_calls calls;
	struct vp_stalls stalls __attribute__((aligned(64)));
	struct vp_under under;
	struct vp_orders orders;
	/* From here on it need not be zeroed for a new thread: */
	struct vp_stack stack;
	struct vp_lasted lasted; /* but for its beginning */
};

/* How a thread was started. */
struct vp_thread_start {
	uint64_t routine, stack_bytes; /* 0: not known */
	const void *trampoline;	       /* of ours, that libc was given; NULL */
	uint64_t argument;	       /* of the routine */
	struct vp_kin_creator creator;
};

/* The calling thread's state, made at its first event.  NULL after the thread
 * has ended, or without memory.  Context: any thread, busy guard held. */
static inline struct vp_thread *vp_thread_self(void);
struct vp_thread *vp_thread_join(const struct vp_thread_start *start); /* NULL: not known */

/* 1 from just before the second thread of the process starts: until then
 * nothing of ours needs a lock. */
extern uint32_t vp_threads_many;

/* Library start (or child of a fork): forgets all threads; row 0 is written. */
int vp_threads_init(void);

/* In a forked child, before the thread that forked is forgotten: it is the main one now,
 * and what it was started with remains. */
void vp_threads_fork_child(void);

/* The thread's last words: CPU time, name, end.  Called by the destructor of
 * a thread-specific key, when nothing of the host's runs any more. */
void vp_thread_end(struct vp_thread *thread);

/* Live threads of the host that are known to the library. */
uint32_t vp_threads_live(void);

/* Row of the thread that had this tid at time t_ns; rows are made for threads
 * that never called a hook.  Context: helper thread. */
uint32_t vp_threads_row_of_tid(int tid, uint64_t t_ns);

/* The heap counters of all threads, ended ones included. */
struct vp_thread_sums {
	uint64_t allocs, frees, alloc_bytes, freed_bytes;
};

/* For track/peak.c, between lock and unlock: the sums, and the number of live
 * threads; and a share for each of them. */
void vp_threads_lock(void);
void vp_threads_unlock(void);
uint32_t vp_threads_sum_live(struct vp_thread_sums *out);
void vp_threads_deal(uint64_t round, int64_t share);

void vp_threads_sum(struct vp_thread_sums *out); /* takes the lock itself */

/* For a search of the heap: calls each() for the live threads; is this one in our
 * code just now; is it the helper?  Take the registry's lock. */
void vp_threads_each(void (*each)(const struct vp_thread *thread));
int vp_threads_is_busy(int tid);
/* 1: ends of threads are not noticed any more: what is kept of each may be of one that ended. */
int vp_threads_unwatched(void);
int vp_threads_is_helper(int tid);
/* The bounds of a live thread's own stack.  Returns 0 where they are not known.
 * Takes the registry's lock. */
int vp_threads_stack_of(int tid, uint64_t *lo, uint64_t *hi);
/* The host has used up the keys of pthread_key_create: it gets ours.  Returns whether
 * there was one. */
int vp_threads_give_key(void);

/* Registers the helper itself, so that its CPU time is told apart. */
void vp_threads_add_helper(int tid);

static inline struct vp_thread *vp_thread_self(void)
{
	struct vp_thread *self = vp_tls.self;

	if (__builtin_expect(self > VP_TLS_ENDED, 1))
		return self;
	return self == VP_TLS_ENDED ? NULL : vp_thread_join(NULL);
}

#endif
