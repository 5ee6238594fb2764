/* The library's private heap: jemalloc under names of our own, with
 * one arena.  Never the host's allocator, never the host's settings.
 *
 * Context: service (base/service.h) or helper thread only. */
#ifndef VP_BASE_PRIVATE_HEAP_H
#define VP_BASE_PRIVATE_HEAP_H

#include <stddef.h>
#include <stdint.h>

int vp_private_heap_init(void);	    /* 0 or -ENOMEM */
void *vp_private_get(size_t bytes); /* zeroed, 16-byte aligned; NULL when refused */
void vp_private_put(void *ptr);
/* The calling thread may end without a word: after jemalloc was called by itself, at fork. */
void vp_private_heap_thread_done(void);
/* Bytes handed out and bytes resident. */
void vp_private_heap_stats(uint64_t *allocated, uint64_t *resident);

#endif
