/* The live stack of a hook to a trie node, by verified reuse.
 *
 * The stack captured last is kept frame by frame, with every word of memory
 * that led from one frame to the next.  A walk is a function of the registers
 * it starts from and of the words it reads: it goes outwards only until it
 * comes to a frame of the last stack in the same state (sp, pc and, where the way
 * out depends on it, rbp), and if the words noted from there on are unchanged,
 * so is the rest of the stack.  That is one load and one compare a word, one or
 * two words a frame.  Nothing is patched, so exceptions, longjmp, coroutines
 * and shadow stacks do not notice. */
#ifndef VP_STACK_CAPTURE_H
#define VP_STACK_CAPTURE_H

#include "stack/depth.h"
#include "stack/regs.h"

#include <stdint.h>

/* One or two words a frame, up to nine for one that needed a full step. */
#define VP_CAPTURE_WORDS (3 * VP_STACK_DEPTH_MAX)

#define VP_CAPTURE_FULL 1u /* no address of a word */

struct vp_capture_word {
	uint64_t address, value;
};

struct vp_capture_frame {
	uint64_t sp, pc, bp; /* on entry; pc with VPROF_WHERE_EXACT when it is */
	uint64_t hash;	     /* with node: the place in the trie */
	uint32_t node;
	uint16_t words_end; /* words of this frame and all outer ones */
	uint8_t needs_bp;   /* the way out depends on bp */
};

/* A frame found on the way out, before it is known how many old ones are still valid. */
struct vp_capture_fresh {
	uint64_t sp, pc, bp; /* as above */
	uint64_t rule;	     /* of the step out of here, or one with the same effect on bp */
	uint64_t bp_from;    /* the step that led here read bp there; 0: it did not ... */
	uint8_t words;	     /* ... VP_CAPTURE_FULL: it was a full one, and read these words */
	uint16_t first_word; /* they lie in `spare` from here on */
};

/* Frames are numbered from the outermost, 1, inwards; number 0 stands for what
 * lies beyond it. */
struct vp_capture {
	uint32_t depth;
	uint32_t generation; /* of the unwind rows, 0: of none */
	int unloading;	     /* something was being unloaded */
	int cut;	     /* why the outermost frame is the last that can be seen */
	uint32_t spare_used;
	struct vp_capture_frame frame[VP_STACK_DEPTH_MAX + 1];
	struct vp_capture_word word[VP_CAPTURE_WORDS];
	struct vp_capture_word spare[VP_STACK_DEPTH_MAX];
	struct vp_capture_fresh fresh[VP_STACK_DEPTH_MAX];
};

/* No stack is known: frame 0 lies above all. */
static inline void vp_capture_forget(struct vp_capture *last)
{
	last->depth = 0;
	last->frame[0] = (struct vp_capture_frame){.sp = UINT64_MAX};
}

/* The stack of a thread: where it lies, what was captured of it last, and room for the
 * walks of that thread. */
struct vp_stack {
	uint64_t lo, hi; /* readable: [stack pointer, hi) */
	struct vp_capture capture;
	uint64_t walk[VP_STACK_DEPTH_MAX]; /* scratch of a walk under way */
	uint8_t foreign[16384];		   /* copy of a stack that is not the thread's own */
};

/* The node of the calling thread's stack, from its hook's caller outwards.
 * Context: the thread itself, busy guard held. */
uint32_t vp_capture_stack(struct vp_stack *stack, const struct vp_regs *caller);

#endif
