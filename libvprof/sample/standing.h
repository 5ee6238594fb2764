/* Frames that still stand: how a sample whose copied stack ends amid a large frame gets its
 * outer frames, which are known and not guessed.
 *
 * When a copy ends between a frame and its return address, the helper has the processor
 * watch that word in the thread (a hardware breakpoint that counts and stops nobody), and
 * reads the stack from there outwards.  As long as nobody has written the word, the call
 * that put it there has not been made anew; and while that frame stands, those outside of
 * it do.  A later sample that finds the frame standing has the outer frames as read; where
 * the word was written meanwhile, the stack stays cut.
 *
 * Context of everything here: helper thread only. */
#ifndef VP_SAMPLE_STANDING_H
#define VP_SAMPLE_STANDING_H

#include <stddef.h>
#include <stdint.h>

#include "stack/unwind.h"

/* A sample whose walk was cut. */
struct vp_standing_sample {
	int tid;
	uint64_t mono_ns;
	uint64_t stack_lo, stack_hi; /* the thread's own stack */
	const struct vp_cut *cut;
	size_t depth; /* frames found */
};

/* Finds the outer frames, those of cut->regs first, into where[max].
 * Returns how many, or 0 where they are not known. */
size_t vp_standing_frames(const struct vp_standing_sample *sample, uint64_t *where, size_t max);

/* After the rings were read: watches for the last sample of each thread that was cut. */
void vp_standing_watch(void);

/* When the rings should be read again, lest it begins to watch too late
 * (CLOCK_MONOTONIC); ~0: no hurry. */
uint64_t vp_standing_due(void);

/* How often it looks; forgets all.  Call before the first sample. */
void vp_standing_open(uint64_t period_ns);
void vp_standing_forget(int tid); /* the thread has ended */
void vp_standing_close(void);

#endif
