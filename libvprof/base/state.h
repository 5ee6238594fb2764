/* What is being recorded, and the guard around our own work: all that a hook looks at
 * before it does anything.
 *
 * The static TLS block holds what must be there before a thread has a state of its own
 * (struct vp_thread, thread/threads.h); everything else is in private memory.  `busy` is non-zero
 * while the thread runs our code: hooks entered then pass straight through, so that nothing we call
 * is ever recorded and nothing recurses. */
#ifndef VP_BASE_STATE_H
#define VP_BASE_STATE_H

#include "base/hooked.h"
#include "vprof_format.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

struct vp_thread;

/* A lock that a thread has, with where it was taken and the stack pointer there. */
struct vp_held {
	uint64_t entry; /* 0: none */
	uint64_t pc, sp;
};

struct vp_tls {
	struct vp_thread *self; /* NULL before the first event, VP_TLS_ENDED after */
	uint32_t busy;
	uint32_t ends_left; /* rounds of thread-specific destructors to wait for */
	union {
		struct {
			uint32_t waits_noted; /* 1: waits, or a hold, to be recorded after the
					       * next unlock */
			uint32_t older_count; /* locks in `older` */
		};
		uint64_t unlock_looks; /* one of the two is not 0 */
	};
	/* Bytes that hooks let pass before they look closer (hooks/gate.h): to the next
	 * sample point, without end where the heap is never recorded, else 0. */
	uint64_t heap_left;
	/* Locks that it has taken and not given back (base/held.h): the newest, and those
	 * before it, of which the last lies in older[(older_top - 1) % VP_HELD]. */
	struct vp_held newest;
	uint32_t older_top;
#define VP_HELD 8u
	uint64_t hooked[VP_HOOKED_COUNT]; /* calls, outside of pauses (track/hooked.c) */
	struct vp_held older[VP_HELD];
} __attribute__((aligned(64)));
/* A lock that is free writes to two lines: stores to the same one go together. */
_Static_assert(offsetof(struct vp_tls, hooked) == 64, "what a lock writes");

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
	uint32_t paused;     /* 1: nothing new is recorded (helper/pause.c) */
	uint32_t maps;	     /* 1: mappings of the program are recorded */
	uint32_t calls;	     /* 1: calls that may block are recorded */
	uint32_t loops;	     /* 1: loops are looked for among them */
	uint32_t pauses;     /* times that calls, or loops, began to go unrecorded */
	uint32_t counts;     /* 1: calls of the program's own functions are counted */
	/* thread/stall.h, here for the sake of the cache: each turn of a loop looks at both */
	uint32_t
	    stall_asleep;   /* 1: the helper sleeps until it is woken, or something else is due */
	uint64_t stall_ns;  /* an iteration as long as this is a stall; VP_STALL_NEVER */
	uint32_t stall_new; /* 1: there is a loop that the helper has not seen yet */
	uint8_t pad[4096 - 68];
};
_Static_assert(sizeof(struct vp_control) == 4096, "one page");
/* Declared hidden, or every look at it would go by way of an address in the GOT. */
extern struct vp_control vp_control __attribute__((visibility("hidden")));

/* vp_control.paused, for vprof.h. */
extern uint32_t vprof_v1_paused __attribute__((visibility("default")));

static inline void vp_set_paused(uint32_t on)
{
	vp_control.paused = on;
	vprof_v1_paused = on;
}

/* 1: the library has started, or has been told not to (hooks/entry.c). */
extern uint32_t vp_started;

/* At the begin of a hook: it was called.  What libc calls amid our own work is not the
 * program's.  One instruction adds, which no handler of a signal can come between. */
static inline void vp_hooked_called(enum vp_hooked which)
{
	if (__builtin_expect(!vp_control.paused && !vp_tls.busy, 1))
		__asm__("incq %0" : "+m"(vp_tls.hooked[which]));
}

/* 1: it is the first call of that function by the thread, or `every` calls later, and so on.
 * While nothing is counted it may always be so. */
static inline int vp_hooked_turn(enum vp_hooked which, uint32_t every)
{
	return (uint32_t)vp_tls.hooked[which] % every == 1;
}

static inline int vp_busy_enter(void)
{
	if (vp_tls.busy)
		return 0;
	vp_tls.busy = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return 1;
}

/* Where it is known that it is not held. */
static inline void vp_busy_set(void)
{
	vp_tls.busy = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline void vp_busy_leave(void)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	vp_tls.busy = 0;
}

/* Work of ours amid the host's: what it calls is not recorded, and errno is the host's
 * again afterwards. */
struct vp_inside {
	int errno_before;
	int entered; /* 0: the thread was in our code already, as beneath a signal handler */
};

static inline struct vp_inside vp_inside_begin(void)
{
	return (struct vp_inside){errno, vp_busy_enter()};
}

/* The same, where there is nothing to do beneath other work of ours: returns 0 then, and
 * vp_inside_end() is not to follow. */
static inline int vp_inside_try(struct vp_inside *inside)
{
	*inside = vp_inside_begin();
	return inside->entered;
}

static inline void vp_inside_end(struct vp_inside inside)
{
	if (inside.entered)
		vp_busy_leave();
	errno = inside.errno_before;
}

#endif
