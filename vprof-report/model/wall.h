/* Where the time of threads went that they were not on a CPU, by stack: what the wall clock
 * adds to CPU time.
 *
 * Calls that blocked and waits for locks have the stack they were made from, and below it
 * the function of libc that waited.  The books of a thread (vprof_book) are exact, and what
 * the stacks of it say adds up to them: where it is more, calls were on a CPU for a part of
 * their time; what is less has a row of its own below the thread's name, and so has what no
 * call explains: preempted, page faults, unhooked. */
#ifndef VR_WALL_H
#define VR_WALL_H

#include "model/profile.h"

struct vr_wall_row {
	uint32_t node, thread;
	uint32_t class; /* enum vprof_class */
	int kind;	/* enum vr_wall_kind */
	uint64_t ns, times;
};

enum vr_wall_kind {
	VR_WALL_CALL, /* a call that may block, a lock or a thread to join */
	VR_WALL_COND, /* a condition: idle or blocked, as the books say */
	VR_WALL_BOOK  /* of the books alone */
};

struct vr_wall {
	struct vr_wall_row *row;
	size_t rows, room;
	uint64_t ns[VPROF_CLASS_COUNT]; /* what the rows add up to; RUN: of the books */
	uint64_t cut_ns;		/* taken off: the call was on a CPU */
	uint64_t threads;		/* that the selection has */
	int calls_known;		/* calls that may block were recorded */
	int books_known;
};

/* Of the selected threads.  In a window: what is in the ring, cut at its ends, and no books.
 * Adds nodes to the stacks. */
struct vr_wall *vr_wall_new(struct vr_profile *profile);
void vr_wall_free(struct vr_wall *wall); /* NULL is fine */

/* 1 for time that was waited because there was nothing to do: left out unless
 * select.idle. */
int vr_wall_is_idle(uint32_t class);

#endif
