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
void vp_heap_realloc_done_slow(void *old, void *ptr, size_t bytes, struct vp_block *block,
			       const struct vp_regs *caller);

static inline int vp_heap_recording(void)
{
	if (__builtin_expect(!vp_started, 0))
		vp_wake();
	return __builtin_expect(vp_control.heap, 1) && !vp_tls.busy;
}

/* After a real allocation; NULL (it failed) is not counted. */
#define vp_heap_alloc(ptr, bytes)                                                                  \
	do {                                                                                       \
		if (vp_heap_recording() && (ptr)) {                                                \
			struct vp_regs regs_ = VP_CALLER_REGS();                                   \
			vp_heap_alloc_slow(ptr, bytes, &regs_);                                    \
		}                                                                                  \
	} while (0)

/* Before a real free. */
static inline void vp_heap_free(void *ptr)
{
	if (ptr && vp_heap_recording())
		vp_heap_free_slow(ptr);
}

int vp_track_heap_init(void); /* 0 or -ENOMEM */

#endif
