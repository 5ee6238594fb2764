/* L3  What an allocation means: totals by site, live blocks, the peak.
 *
 * Order matters: a free is recorded before the real free (the address may be
 * handed to another thread at once), an allocation after the real one, and a
 * realloc has both halves. */
#ifndef VP_TRACK_HEAP_H
#define VP_TRACK_HEAP_H

#include "base/thread.h"
#include "stack/regs.h"
#include "track/live.h"

#include <stddef.h>

void vp_heap_alloc_slow(void *ptr, size_t bytes, const struct vp_regs *caller);
void vp_heap_free_slow(void *ptr);
int vp_heap_realloc_begin_slow(void *ptr, struct vp_block *block);
void vp_heap_realloc_done_slow(void *old, void *ptr, size_t bytes, struct vp_block *block);

static inline int vp_heap_recording(void)
{
	if (__builtin_expect(!vp_started, 0))
		vp_wake();
	return vp_control.heap && !vp_tls.busy;
}

/* 1: neither this process nor a child of it will record the heap.  Written once,
 * by control/init.c. */
extern uint32_t vp_heap_never;

/* 1: an object has allocated before its calls could be seen: a free of a block that
 * nobody knows is no loss. */
extern uint32_t vp_heap_strangers;

/* May a hook go straight on to the real function?  With heap=off all do and with
 * heap=sample most, so this is all that those pay: it asks for neither the mode
 * nor whether we have started.  To take the bytes off before the call, even if
 * it fails or is one of our own, bends nothing: the gap to the next sample point
 * has no memory. */
static inline int vp_heap_passes(size_t bytes)
{
	uint64_t left = vp_tls.heap_left;

	bytes += !bytes; /* malloc(0) has its chance, too */
	if (__builtin_expect(bytes > left, 0))
		return 0;
	vp_tls.heap_left = left - bytes;
	return 1;
}

/* Is this allocation to be recorded?  All are, or those that a sample point
 * falls into. */
static inline int vp_heap_takes(size_t bytes)
{
	if (vp_heap_recording())
		return vp_control.heap == VPROF_HEAP_EXACT || !vp_heap_passes(bytes);
	if (vp_heap_never)
		vp_tls.heap_left = ~0ull;
	return 0;
}

/* Does the free, or realloc, of this block have to be looked at? */
static inline int vp_heap_looks(const void *ptr)
{
	return __builtin_expect(vp_control.heap != VPROF_HEAP_OFF, 0) &&
	       (vp_control.heap == VPROF_HEAP_EXACT || vp_live_page_used((uintptr_t)ptr));
}

/* After a real allocation; NULL (it failed) is not counted. */
#define vp_heap_alloc(ptr, bytes)                                                                  \
	do {                                                                                       \
		if ((ptr) && vp_heap_takes(bytes)) {                                               \
			struct vp_regs regs_ = VP_CALLER_REGS();                                   \
			vp_heap_alloc_slow(ptr, bytes, &regs_);                                    \
		}                                                                                  \
	} while (0)

/* Before a real free. */
static inline void vp_heap_free(void *ptr)
{
	if (ptr && vp_heap_looks(ptr))
		vp_heap_free_slow(ptr);
}

/* Around a real realloc of an old block: takes it out, and afterwards counts it
 * freed or, where the realloc failed, puts it back.  The new block is recorded
 * by vp_heap_alloc.  begin returns whether `block` was known. */
static inline int vp_heap_realloc_begin(void *ptr, struct vp_block *block)
{
	if (vp_control.heap != VPROF_HEAP_EXACT && !vp_live_page_used((uintptr_t)ptr))
		return 0;
	return vp_heap_realloc_begin_slow(ptr, block);
}

/* The bucket of vprof_site.lifetime for the age of a live block, and in *blocks
 * how many it stands for. */
unsigned vp_heap_age_bucket(const struct vp_block *block, uint64_t now_ns, uint64_t *blocks);

int vp_track_heap_init(void); /* 0 or -ENOMEM */

#endif
