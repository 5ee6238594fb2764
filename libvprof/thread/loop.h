/* What is known of the loops of one thread: see track/loop.h. */
#ifndef VP_THREAD_LOOP_H
#define VP_THREAD_LOOP_H

#include "thread/stall.h"
#include "vprof_format.h"

#include <stdint.h>

#define VP_LOOP_FIRST  16u /* returns that make a site the wait of a loop */
#define VP_LOOP_SITES  6u  /* that may be, or become, one */
#define VP_LOOP_AROUND 24u

/* How sure it is that a wait is one for whatever comes next; of waits in the same frame,
 * the one with the higher rank is the loop's. */
enum vp_loop_rank {
	VP_LOOP_NEVER = 0, /* no loop waits in it: a lock, a write, fsync */
	VP_LOOP_PACED = 1, /* for time to pass */
	VP_LOOP_SLEPT = 2, /* in recv, accept, a condition, ..., where it slept */
	VP_LOOP_MULTI = 3  /* for one of many: epoll, poll, select, io_uring */
};

/* A wait as it is told apart from others. */
struct vp_loop_at {
	uint64_t pc, sp; /* of the caller: return address, stack pointer */
	uint64_t object; /* descriptor or address; 0: none */
	enum vp_loop_rank rank;
};

/* What a site has been through before it was found to be a loop. */
struct vp_loop_past {
	uint64_t first_ns; /* the first wait began; 0: no past */
	uint64_t last_ns;
	uint64_t events, bytes;
	uint64_t idle_ns, spin_ns, spins;
	uint64_t waits_ns[VP_LOOP_FIRST]; /* before each iteration, at once with something */
	uint64_t begin_ns[VP_LOOP_FIRST], end_ns[VP_LOOP_FIRST];
	uint32_t iterations;
	/* the waits, which were taken for something else than a loop's; and of them, those
	 * within an iteration of another loop */
	uint32_t waits, slept, inside;
	uint32_t label[VP_LOOP_FIRST];
	uint64_t waited_ns, inside_ns;
	/* ... and before it came back alone, which were calls within that loop's iterations
	 * unless it turns out to be the outer one */
	uint32_t waits_before, inside_before;
	uint64_t waited_before_ns, inside_before_ns;
};

/* The frames around that of a wait, innermost first. */
struct vp_loop_frame {
	uint64_t sp, pc;
};
struct vp_loop_around {
	uint32_t count;
	struct vp_loop_frame frame[VP_LOOP_AROUND];
};

struct vp_loop {
	/* what each turn looks at: 64 bytes */
	uint64_t pc, sp;	/* pc 0: free; sp 0: waits on stacks of their own, fibers */
	struct vprof_loop *row; /* NULL: not yet a loop */
	uint64_t wait_ns;	/* the last wait began; 0: it came back */
	uint64_t back_ns;	/* the iteration under way began; 0: none is */
	uint64_t lasted_ns;	/* the last wait */
	uint64_t blocked_ns;	/* of the iteration under way, in calls */
	uint8_t rank;
	uint8_t nothing; /* the last wait brought nothing */
	uint8_t slept;	 /* it slept */
	uint8_t looked;	 /* it could not have slept */
	uint8_t outside; /* it gave its place to one inside of its iteration */
	uint8_t inside;	 /* the wait under way is within an iteration of another */
	uint8_t refused; /* there was no room for its row */
	uint8_t skip;	 /* so many turns to come need not be timed (track/turns.h) ... */
	/* 64 */
	uint64_t object;
	uint64_t seen;	     /* vp_loops.turns at its last return ... */
	uint64_t seen_first; /* ... and at the first of `returns` */
	uint32_t returns;    /* that count towards VP_LOOP_FIRST ... */
	uint32_t alone;	     /* ... and of them, the last without the loop's wait in between */
	uint32_t quick;	     /* those that do not count, as they did not sleep */
	uint32_t row_id;
	uint32_t usual_ns; /* ... as they take so long ... */
	uint16_t usual_bucket;
	uint8_t untimed; /* ... and so many were not, since the last that was */
	uint8_t calm;	 /* short ones in a row, up to VP_TURNS_CALM */
	/* vp_loops.label_sets and label_firsts when its last turn began; what was counted last */
	uint32_t label_sets, label_firsts;
	uint32_t label;
	struct vprof_label_loop *label_row; /* of `label`; NULL */
	struct vprof_loop *void_row;	    /* it was taken for one: row_id is free; NULL */
	struct vp_loop_around around;	    /* of a loop */
	struct vp_loop_past past;
} __attribute__((aligned(64)));

/* The longest call within the iteration under way. */
struct vp_loop_worst {
	uint64_t begin_ns, ns;
	uint64_t object;
	uint32_t node;
	uint16_t kind; /* of the call, as in its line */
	uint16_t class;
};

/* So far it did not. */
static inline void vp_loop_past_not_alone(struct vp_loop_past *past)
{
	past->waits_before = past->waits;
	past->inside_before = past->inside;
	past->waited_before_ns = past->waited_ns;
	past->inside_before_ns = past->inside_ns;
}

/* Leaves what it waited since. */
static inline void vp_loop_past_alone(struct vp_loop_past *past)
{
	past->waits -= past->waits_before;
	past->inside -= past->inside_before;
	past->waited_ns -= past->waited_before_ns;
	past->inside_ns -= past->inside_before_ns;
}

struct vp_loops {
	struct vp_loop *now; /* the thread's loop; NULL: none so far */
	uint32_t pauses;     /* vp_loop_pauses when that was last looked at */
	uint32_t row_id;     /* its row: valid while an iteration is under way */
	uint64_t turns;	     /* returns to the wait of `now` */
	uint32_t lock;	     /* of the thread's user page, at the last of them ... */
	uint16_t left;	     /* ... and 1: the thread has left the CPU since */
	uint16_t has_worst;  /* 1: worst.ns is not 0 */
	/* of labels that the thread has begun or been given, of which 0: none yet; the last one */
	uint32_t label_sets, label;
	uint32_t label_firsts;	/* of them, those that were not begun within the last one */
	uint32_t label_several; /* 1: there was more than one of these in the turn just over */
	uint64_t stack_lo, stack_hi;
	/* waits of 16 each that were taken for calls that block, and were idle time: what
	 * vp_lasted says of them is to be corrected by as much */
	uint64_t moved, moved_ns;
	struct vp_loop_worst worst;
	struct vp_stalls *stalls; /* of the thread; NULL: nobody looks for them */
	struct vp_loop site[VP_LOOP_SITES];
};

#endif
