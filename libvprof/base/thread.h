/* L0  The state of one host thread, and the guard around our own work.
 *
 * The static TLS block holds one pointer and one counter only; everything else
 * is in private memory.  `busy` is non-zero while the thread runs our code:
 * hooks entered then pass straight through, so that nothing we call is ever
 * recorded and nothing recurses. */
#ifndef VP_THREAD_H
#define VP_THREAD_H

#include "vprof_format.h"

#include <stdint.h>

#define VP_STACK_DEPTH_MAX 256u /* frames kept of one stack, innermost first */

struct vp_shard;
struct vp_capture;
struct vp_waits;
struct vp_labels;

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

struct vp_thread {
	struct vprof_thread *row; /* in the file; row 0 when the table is full */
	uint32_t row_id;
	int tid;
	const uint32_t *busy;	     /* vp_tls.busy of the thread */
	uint64_t stack_lo, stack_hi; /* readable: [stack pointer, stack_hi) */
	struct vp_shard *shard;
	void *last_alloc;	       /* to tell temporary allocations */
	uint32_t generation;	       /* process generation (forks) this belongs to */
	int timer_id;		       /* timer engine, -1 when none */
	struct vp_thread *next, *prev; /* registry, under its lock */
	uint32_t site_node, site_row;  /* the site used last ... */
	struct vprof_site *site;       /* ... NULL: none yet */
	struct vp_peak_budget peak;
	struct vp_waits *waits;		   /* track/lock.c; NULL: never waited for a lock */
	struct vp_labels *labels;	   /* track/label.c; NULL: never had one */
	uint64_t now_ns;		   /* when this thread last looked at the clock */
	uint32_t now_tick;		   /* ... during this tick of the helper */
	uint64_t random;		   /* xorshift state, 0 before the first use */
	struct vp_capture *capture;	   /* the stack captured last, stack/capture.h */
	uint64_t walk[VP_STACK_DEPTH_MAX]; /* scratch of a walk under way */
	uint8_t foreign[16384];		   /* copy of a stack that is not the thread's own */
};

struct vp_tls {
	struct vp_thread *self; /* NULL before the first event, VP_TLS_ENDED after */
	uint32_t busy;
	uint32_t ends_left;   /* rounds of thread-specific destructors to wait for */
	uint32_t waits_noted; /* 1: waits to be recorded after the next unlock */
	/* Bytes that hooks let pass before they look closer (track/heap.h): to the next
	 * sample point, without end where the heap is never recorded, else 0. */
	uint64_t heap_left;
};

#define VP_TLS_ENDED ((struct vp_thread *)1)

extern __thread struct vp_tls vp_tls __attribute__((tls_model("initial-exec")));

/* What is being recorded.  The page is wiped in every forked child, however it
 * was forked: a child is silent until the fork handler has given it a file of
 * its own. */
struct vp_control {
	uint32_t heap; /* VPROF_HEAP_*: what hooks record */
	uint32_t threads;
	uint32_t cpu_timer;
	uint32_t alive; /* 1: this process owns the mapped file */
	int pid;
	uint32_t quiet;	     /* the host restricted its system calls: make none */
	uint32_t lock_kinds; /* VP_LOCK_KINDS: waits for locks are recorded; or 0 */
	uint32_t paused;     /* 1: nothing new is recorded (sample/pause.c) */
	uint8_t pad[4096 - 32];
};
_Static_assert(sizeof(struct vp_control) == 4096, "one page");
/* Declared hidden, or every look at it would go by way of an address in the GOT. */
extern struct vp_control vp_control __attribute__((visibility("hidden")));

/* Starts the library if it has not been: the first hook of a process may run
 * in another object's constructor, before ours.  In control/init.c. */
extern uint32_t vp_started;
void vp_wake(void);

static inline int vp_busy_enter(void)
{
	if (vp_tls.busy)
		return 0;
	vp_tls.busy = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 1;
}

static inline void vp_busy_leave(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	vp_tls.busy = 0;
}

#endif
