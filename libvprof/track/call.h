/* What a call that may block means: how often, how long, how much, at which stack.
 *
 * Two looks at the clock and a few counters are all that a call pays that returns at once.
 * The stack is captured after the call, whose caller's frames still stand, and only if it
 * lasted, or if its call site is new. */
#ifndef VP_TRACK_CALL_H
#define VP_TRACK_CALL_H

#include "base/state.h"
#include "stack/regs.h"
#include "thread/line.h"
#include "thread/threads.h"
#include "track/loop_rows.h"

#include <stdint.h>

/* A call under way, in its hook's frame.  What it found in the thread's line comes back at
 * its end: a signal handler's calls lie within those it interrupts. */
struct vp_call {
	struct vp_thread *thread;     /* NULL: not recorded */
	const struct vp_regs *caller; /* the hook keeps them until the end */
	struct vp_call_site *site;    /* the call's place among the sites of its thread ... */
	struct vprof_call *row;	      /* ... and where it is counted; NULL: not yet known */
	uint64_t object;
	uint64_t since_ns;    /* 0: the clock was not looked at, the user page is */
	uint32_t lock;	      /* of the page */
	uint64_t limit_ns;    /* it may last so long; VP_LOOP_NO_LIMIT */
	struct vp_loop *loop; /* what it is to the loops of its thread; NULL: no wait of one */
	union {
		uint32_t word; /* of base/calls.h: the three below */
		struct {
			uint16_t kind;
			uint8_t rank; /* enum vp_loop_rank */
			uint8_t traits;
		};
	};
	uint16_t where; /* enum vp_loop_where */
	uint16_t outer_kind, outer_flags;
	uint64_t outer_object, outer_since_ns;
	struct vp_regs outer_caller;
};

/* What a call came to. */
struct vp_call_outcome {
	uint64_t amount; /* bytes, or events, by the kind's traits */
	int failed;	 /* VP_CALL_UNREAD: before its arguments were read for sure */
	uint32_t peer_bytes;
	const void *peer; /* an address of a socket; NULL: none */
};
#define VP_CALL_UNREAD 2

/* Around the real call.  In between nothing of ours is held, and neither makes a system call
 * unless the call lasted or its site is new.  errno is kept.
 * Context: any thread that is known, in or out of a signal handler. */
/*   word	 VP_CALL_WORD_*, or vp_call_word()
 *   object	 what it is about: a descriptor, an address, a process
 *   limit_ns	 how long it may last; VP_LOOP_NO_LIMIT
 *   caller	 stays where it is until the end */
void vp_call_begin(struct vp_call *call, uint32_t word, uint64_t object, uint64_t limit_ns,
		   const struct vp_regs *caller);
void vp_call_end(struct vp_call *call, uint64_t amount, int failed);
/* The same, of one that was given an address of a socket. */
void vp_call_end_at(struct vp_call *call, int failed, const void *peer, uint32_t peer_bytes);

/* The same for what has rows of its own (track/wait.c): the line and the span only. */
void vp_call_enter(struct vp_call *call, struct vp_thread *thread, enum vp_call_kind kind,
		   uint64_t object, const struct vp_regs *caller, uint64_t now_ns);
/* Returns 1 where vp_call_settle() is to follow, with the guard held. */
int vp_call_leave(struct vp_call *call, uint64_t now_ns);
void vp_call_settle(struct vp_call *call);
/* The call lasted; its caller's stack is `node`. */
void vp_call_lasted(const struct vp_call *call, uint32_t node, uint64_t now_ns);

int vp_calls_init(void); /* a fresh file */
void vp_calls_thread_end(struct vp_thread *thread);

#endif
