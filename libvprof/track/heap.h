/* What an allocation means: totals by site, live blocks, the peak.
 *
 * Order matters: a free is recorded before the real free (the address may be
 * handed to another thread at once), an allocation after the real one, and a
 * realloc has both halves. */
#ifndef VP_TRACK_HEAP_H
#define VP_TRACK_HEAP_H

#include "base/state.h"
#include "stack/regs.h"
#include "track/live.h"

#include <stddef.h>

void vp_heap_alloc_slow(void *ptr, size_t bytes, enum vprof_alloc function,
			const struct vp_regs *caller);
void vp_heap_free_slow(void *ptr);
int vp_heap_realloc_begin_slow(void *ptr, struct vp_block *block);
void vp_heap_realloc_done_slow(void *old, void *ptr, size_t bytes, struct vp_block *block);

/* 1: neither this process nor a child of it will record the heap.  Written once,
 * by control/init.c. */
extern uint32_t vp_heap_never;

/* 1: an object has allocated before its calls could be seen: a free of a block that
 * nobody knows is no loss. */
extern uint32_t vp_heap_has_unseen_blocks;

/* Blocks born before may have been freed by a road that was not seen: 0, or a time. */
extern uint64_t vp_heap_frees_unseen_ns;
/* From now on frees are seen again.  Context: any thread of the host. */
void vp_heap_frees_seen(void);

/* May this allocation be skipped?  Consumes `bytes` of the thread's distance to the next
 * sample point, which has no end where the heap is never recorded.  Subtracting before a
 * call that may fail, or is one of our own, is unbiased: the exponential gap to the next
 * sample point has no memory. */
static inline int vp_heap_skip(size_t bytes)
{
	uint64_t left = vp_tls.heap_left;

	bytes += !bytes; /* malloc(0) has its chance, too */
	if (__builtin_expect(bytes > left, 0))
		return 0;
	vp_tls.heap_left = left - bytes;
	return 1;
}

/* The bucket of vprof_site.lifetime for the age of a live block, and in *blocks
 * how many it stands for. */
unsigned vp_heap_age_bucket(const struct vp_block *block, uint64_t now_ns, uint64_t *blocks);

int vp_track_heap_init(void); /* 0 or -ENOMEM */

#endif
