/* Memory that the program maps itself, past malloc: mmap and its like.
 *
 * All roads lead here as the system call that they end in.  Before the real call what it will
 * unmap is taken out of the books (track/map_books.h), because the addresses may be another
 * thread's right after; where the call failed, that is put back.  What it mapped is entered
 * after it.
 *
 * An allocator calls mmap in the middle of malloc, with locks of its own held.  So nothing
 * here starts the library, makes a thread known to it or waits for the service. */
#ifndef VP_TRACK_MAPS_H
#define VP_TRACK_MAPS_H

#include "base/state.h"
#include "stack/regs.h"
#include "track/ranges.h"

#include <stdint.h>

/* A call under way. */
struct vp_map_op {
	struct vp_range *taken; /* what it unmaps, if it succeeds */
	uint64_t old_break;	/* at the end of a page */
	uint32_t on;		/* 0: it is not recorded */
};

/* Around the real call.
 *   call   number of the system call and its first five arguments
 *   ret    what the call returned, as libc has it: -1 where it failed
 * errno is kept.  Context: any thread, signal handlers too; in between nothing is held. */
void vp_maps_before(struct vp_map_op *op, const long call[6]);
void vp_maps_after(struct vp_map_op *op, const long call[6], long ret,
		   const struct vp_regs *caller);

/* 1: a system call with this number is one of these. */
int vp_maps_covers(long number);

int vp_maps_init(void); /* 0, or -1 where the file has no room */

#endif
