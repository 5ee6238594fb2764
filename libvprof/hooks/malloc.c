/* The allocation functions of libc. */
#include "base/early.h"
#include "base/real.h"
#include "hooks/gate.h"
#include "hooks/hooks.h"

#include <errno.h>

/* A hook that has nothing to do ends in a jump to the real function, and has not
 * touched the stack: what it does otherwise is in a function of its own, which
 * it jumps to, too, so that this one finds the caller's frame above its own. */
#define VP_SEEN static __attribute__((noinline))

VP_SEEN void *malloc_seen(size_t size)
{
	void *ptr = vp_real.malloc(size);

	vp_heap_alloc(ptr, size, MALLOC);
	return ptr;
}

VP_HOOK void *malloc(size_t size)
{
	vp_hooked_called(VP_HOOKED_malloc);
	return vp_heap_skip(size) ? vp_real.malloc(size) : malloc_seen(size);
}

VP_SEEN void *calloc_seen(size_t n, size_t size)
{
	void *ptr = vp_real.calloc(n, size);

	vp_heap_alloc(ptr, n * size, CALLOC); /* cannot overflow: calloc succeeded */
	return ptr;
}

VP_HOOK void *calloc(size_t n, size_t size)
{
	size_t bytes;

	vp_hooked_called(VP_HOOKED_calloc);
	if (!__builtin_mul_overflow(n, size, &bytes) && vp_heap_skip(bytes))
		return vp_real.calloc(n, size);
	return calloc_seen(n, size);
}

VP_SEEN void free_seen(void *ptr)
{
	if (ptr)
		vp_heap_free_slow(ptr); /* before: another thread may get this address at once */
	vp_real.free(ptr);
}

static inline __attribute__((always_inline)) void do_free(void *ptr)
{
	if (__builtin_expect(vp_early_owns(ptr), 0))
		return;
	if (vp_heap_should_record_free(ptr))
		free_seen(ptr);
	else
		vp_real.free(ptr);
}

VP_HOOK void free(void *ptr)
{
	vp_hooked_called(VP_HOOKED_free);
	do_free(ptr);
}

/* Early memory cannot grow in place and is never given back. */
VP_SEEN void *realloc_early(void *ptr, size_t size)
{
	size_t old = vp_early_size(ptr);
	void *fresh = vp_real.malloc(size);

	if (fresh)
		__builtin_memcpy(fresh, ptr, old < size ? old : size);
	return fresh;
}

VP_SEEN void *realloc_seen(void *ptr, size_t size, enum vprof_alloc function)
{
	struct vp_block block;
	void *fresh;
	int known;

	if (ptr && vp_heap_recording()) {
		known = vp_heap_realloc_begin(ptr, &block);
		fresh = vp_real.realloc(ptr, size);
		vp_heap_realloc_done_slow(ptr, fresh, size, known ? &block : NULL);
	} else {
		fresh = vp_real.realloc(ptr, size);
	}
	vp_heap_alloc_by(fresh, size, function);
	return fresh;
}

static inline __attribute__((always_inline)) void *do_realloc(void *ptr, size_t size,
							      enum vprof_alloc function)
{
	if (__builtin_expect(vp_early_owns(ptr), 0))
		return realloc_early(ptr, size);
	if (!vp_heap_should_record_free(ptr) && vp_heap_skip(size))
		return vp_real.realloc(ptr, size);
	return realloc_seen(ptr, size, function);
}

VP_HOOK void *realloc(void *ptr, size_t size)
{
	vp_hooked_called(VP_HOOKED_realloc);
	return do_realloc(ptr, size, VPROF_ALLOC_REALLOC);
}

VP_HOOK void *reallocarray(void *ptr, size_t n, size_t size)
{
	size_t bytes;

	vp_hooked_called(VP_HOOKED_reallocarray);
	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return do_realloc(ptr, bytes, VPROF_ALLOC_REALLOCARRAY);
}

VP_HOOK int posix_memalign(void **out, size_t align, size_t size)
{
	int err = vp_real.posix_memalign(out, align, size);

	vp_hooked_called(VP_HOOKED_posix_memalign);
	if (!err)
		vp_heap_alloc(*out, size, POSIX_MEMALIGN);
	return err;
}

VP_HOOK void *aligned_alloc(size_t align, size_t size)
{
	void *ptr = vp_real.aligned_alloc(align, size);

	vp_hooked_called(VP_HOOKED_aligned_alloc);
	vp_heap_alloc(ptr, size, ALIGNED_ALLOC);
	return ptr;
}

VP_HOOK void *memalign(size_t align, size_t size)
{
	void *ptr = vp_real.memalign(align, size);

	vp_hooked_called(VP_HOOKED_memalign);
	vp_heap_alloc(ptr, size, MEMALIGN);
	return ptr;
}

VP_HOOK void *valloc(size_t size)
{
	void *ptr = vp_real.valloc(size);

	vp_hooked_called(VP_HOOKED_valloc);
	vp_heap_alloc(ptr, size, VALLOC);
	return ptr;
}

VP_HOOK void *pvalloc(size_t size)
{
	void *ptr = vp_real.pvalloc(size);

	vp_hooked_called(VP_HOOKED_pvalloc);
	vp_heap_alloc(ptr, size, PVALLOC);
	return ptr;
}

VP_HOOK size_t malloc_usable_size(void *ptr)
{
	return vp_early_owns(ptr) ? vp_early_size(ptr) : vp_real.malloc_usable_size(ptr);
}

VP_HOOK void free_sized(void *ptr, size_t size)
{
	vp_hooked_called(VP_HOOKED_free);
	(void)size;
	do_free(ptr);
}

VP_HOOK void free_aligned_sized(void *ptr, size_t align, size_t size)
{
	vp_hooked_called(VP_HOOKED_free);
	(void)align, (void)size;
	do_free(ptr);
}
