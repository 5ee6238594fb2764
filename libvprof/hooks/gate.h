/* What a heap hook asks before it does anything: is this call to be recorded at all?
 *
 * With heap=off none is and with heap=sample few are, so these few loads are all that
 * most calls pay. */
#ifndef VP_HOOKS_GATE_H
#define VP_HOOKS_GATE_H

#include "base/state.h"
#include "hooks/entry.h"
#include "track/heap.h"
#include "track/live.h"

static inline int vp_heap_recording(void)
{
	if (__builtin_expect(!vp_started, 0))
		vp_entry_start();
	return vp_control.heap && !vp_tls.busy;
}

/* All allocations are, or those that a sample point falls into. */
static inline int vp_heap_should_record_alloc(size_t bytes)
{
	if (vp_heap_recording())
		return vp_control.heap == VPROF_HEAP_EXACT || !vp_heap_skip(bytes);
	if (vp_heap_never)
		vp_tls.heap_left = ~0ull;
	return 0;
}

/* The free, or the realloc, of this block. */
static inline int vp_heap_should_record_free(const void *ptr)
{
	return __builtin_expect(vp_control.heap != VPROF_HEAP_OFF, 0) &&
	       (vp_control.heap == VPROF_HEAP_EXACT || vp_live_page_used((uintptr_t)ptr));
}

/* After a real allocation by that function (enum vprof_alloc); NULL (it failed) is not counted. */
#define vp_heap_alloc_by(ptr, bytes, function)                                                     \
	do {                                                                                       \
		if ((ptr) && vp_heap_should_record_alloc(bytes)) {                                 \
			struct vp_regs regs_ = VP_CALLER_REGS();                                   \
			vp_heap_alloc_slow(ptr, bytes, function, &regs_);                          \
		}                                                                                  \
	} while (0)
#define vp_heap_alloc(ptr, bytes, name) vp_heap_alloc_by(ptr, bytes, VPROF_ALLOC_##name)

/* Before a real free. */
static inline void vp_heap_free(void *ptr)
{
	if (ptr && vp_heap_should_record_free(ptr))
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

#endif
