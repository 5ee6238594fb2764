/* A ring file whose sites say when they allocated. */
#ifndef MKHEAPTIMES_H
#define MKHEAPTIMES_H

#include "mkwaits.h"

/* What a site did in a second. */
static inline void mk_heap_time(struct mkprof *mk, uint32_t site, uint64_t from_ms, uint64_t allocs,
				uint64_t bytes, uint64_t frees)
{
	struct vprof_heap_time *row =
	    mk_some_row(mk, VPROF_SEC_HEAP_TIMES, sizeof(struct vprof_heap_time), NULL);

	*row = (struct vprof_heap_time){
	    .from_ns = from_ms * MK_MS,
	    .to_ns = (from_ms + 1000) * MK_MS,
	    .site = site,
	    .allocs = allocs,
	    .alloc_bytes = bytes,
	    .frees = frees,
	    .freed_bytes = frees ? bytes / 2 : 0,
	};
}

/* "normal": of its first sites a part of what they allocated, in the first second and the next. */
static inline struct mkprof mk_heap_times(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_heap_times_head *head = (void *)mk_some_row(
	    &mk, VPROF_SEC_HEAP_TIMES, sizeof(struct vprof_heap_times_head), NULL);

	mk_heap_time(&mk, 1, 0, 2, 64, 1);
	mk_heap_time(&mk, 1, 1000, 1, 32, 0);
	mk_heap_time(&mk, 2, 1000, 1, 16, 0);
	*head = (struct vprof_heap_times_head){.step_ns = 1000 * MK_MS,
					       .until_ns = 2000 * MK_MS,
					       .rows = 4,
					       .readings = 2,
					       .cost_ns = 1000};
	return mk;
}

#endif
