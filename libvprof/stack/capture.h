/* L2  The live stack of a hook to a trie node, by verified reuse.
 *
 * The stack captured last is kept frame by frame: stack pointer, code address,
 * and where the caller's rbp was read.  A new walk goes outwards only until it
 * meets a frame of the last stack in the same state (sp, pc and, where the way
 * out depends on it, rbp).  From there on the walk would be a function of the
 * words it reads; they are compared, one or two loads a frame, and if all are
 * the same so is the rest of the stack.  Nothing is patched, so exceptions,
 * longjmp, coroutines and shadow stacks do not notice. */
#ifndef VP_CAPTURE_H
#define VP_CAPTURE_H

#include "base/thread.h"
#include "stack/learn.h"
#include "stack/regs.h"

#include <stdint.h>

#define VP_CAPTURE_POOL 8u

struct vp_capture_frame {
	uint64_t sp, pc; /* on entry to this frame; a return address was read at sp - 8 */
};

/* A frame met on the way out, before it is known how far the old ones hold. */
struct vp_capture_fresh {
	struct vp_capture_frame frame;
	uint64_t bp, bp_from, where;
	uint8_t how, words; /* the step that led to it: VP_CHECK_*, see `pool` */
	uint8_t uses_bp, reloads_bp; /* the step out of it */
	uint8_t hidden;
};

/* Frames are numbered from the outermost, 0, inwards. */
struct vp_capture {
	uint32_t depth;
	uint32_t generation; /* of the unwind rows */
	int cut; /* why the outermost frame is the last that can be seen */
	struct vp_capture_frame frame[VP_STACK_DEPTH_MAX];
	uint64_t bp[VP_STACK_DEPTH_MAX];
	uint64_t bp_from[VP_STACK_DEPTH_MAX]; /* address it was read at, 0: not read */
	uint32_t node[VP_STACK_DEPTH_MAX];
	uint8_t check[VP_STACK_DEPTH_MAX]; /* VP_CHECK_* */
	uint8_t words[VP_STACK_DEPTH_MAX]; /* entry of `pool`, for VP_CHECK_WORDS */
	struct vp_learn_words pool[VP_CAPTURE_POOL];
	struct vp_capture_fresh fresh[VP_STACK_DEPTH_MAX];
};
#define VP_CHECK_BP 1    /* the way out of the frame depends on its bp */
#define VP_CHECK_WORDS 2 /* reached by a full step, from those words */
#define VP_CHECK_NEVER 4 /* reached by one whose words could not be noted */

/* Exact frames (under a signal) differ from return addresses by this bit. */
#define VP_CAPTURE_EXACT (1ull << 63)

/* The node of the calling thread's stack, from its hook's caller outwards.
 * Context: the thread itself, busy guard held. */
uint32_t vp_capture_stack(struct vp_thread *thread, const struct vp_regs *caller);

#endif
