#include "track/maps.h"
#include "base/real.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "thread/threads.h"
#include "track/map_books.h"

#include <dlfcn.h>
#include <linux/mman.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define HUGE_PAGE (2ull << 20)

static uint64_t allocator_lo, allocator_hi; /* code of a malloc that is not libc's */

static inline uint64_t page_up(uint64_t value)
{
	return (value + VP_MAP_PAGE - 1) & ~(uint64_t)(VP_MAP_PAGE - 1);
}

/* Threads that the library does not know have no room for a walk; making them known calls
 * libc, which may allocate.  In a pause nobody is charged. */
static uint32_t node_of(const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_tls.self;

	if (vp_control.paused)
		return VPROF_NONE;
	return thread > VP_TLS_ENDED ? vp_capture_stack(&thread->stack, caller) : VPROF_NODE_ROOT;
}

static void mapped(uint64_t lo, uint64_t bytes, uint32_t flags, const struct vp_regs *caller)
{
	uint32_t node = node_of(caller);

	if (caller->pc - allocator_lo < allocator_hi - allocator_lo)
		flags |= VPROF_MAP_ALLOCATOR;
	if (node != VPROF_NONE)
		vp_map_books_mapped(node, lo, bytes, flags);
	else /* what lay there is gone all the same */
		vp_map_books_released(vp_map_books_take(lo, bytes), node);
}

/* --- the calls ----------------------------------------------------------------- */
static uint64_t page_bytes(int flags)
{
	unsigned shift = (unsigned)flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	if (!(flags & MAP_HUGETLB))
		return VP_MAP_PAGE;
	return shift ? 1ull << shift : HUGE_PAGE;
}

static uint32_t flags_of(int flags)
{
	int type = flags & MAP_TYPE;

	return (flags & MAP_ANONYMOUS ? VPROF_MAP_ANON : VPROF_MAP_FILE) |
	       (type == MAP_PRIVATE ? 0 : VPROF_MAP_SHARED) |
	       (flags & MAP_HUGETLB ? VPROF_MAP_HUGE : 0);
}

static void after_mmap(const long call[6], long ret, const struct vp_regs *caller)
{
	uint64_t page = page_bytes((int)call[4]);
	uint64_t bytes = ((uint64_t)call[2] + page - 1) & ~(page - 1);

	mapped((uint64_t)ret, bytes, flags_of((int)call[4]), caller);
}

/* What it is moves along; who mapped it before does not matter any more, as with realloc. */
static void after_mremap(struct vp_map_op *op, const long call[6], long ret,
			 const struct vp_regs *caller)
{
	uint32_t flags = op->taken ? op->taken->flags : VPROF_MAP_ANON;

	vp_map_books_released(op->taken, node_of(caller));
	mapped((uint64_t)ret, page_up((uint64_t)call[3]),
	       (flags & ~(uint32_t)VPROF_MAP_ALLOCATOR) | VPROF_MAP_MOVED, caller);
}

/* 0: not known. */
static uint64_t break_now(void)
{
	long now = vp_sys(SYS_brk, 0, 0, 0);

	return now > 0 ? page_up((uint64_t)now) : 0;
}

static void after_brk(const struct vp_map_op *op, const struct vp_regs *caller)
{
	uint64_t before = op->old_break, now = break_now();

	if (!before || !now)
		vp_lost(VPROF_LOST_MAPS, 1);
	else if (now > before)
		mapped(before, now - before, VPROF_MAP_ANON | VPROF_MAP_BREAK, caller);
	else if (now < before)
		vp_map_books_released(vp_map_books_take(now, before - now), node_of(caller));
}

static void after_shmat(const long call[6], long ret, const struct vp_regs *caller)
{
	struct shmid_ds segment;

	if (vp_sys(SYS_shmctl, call[1], IPC_STAT, &segment) != 0)
		vp_lost(VPROF_LOST_MAPS, 1);
	else
		mapped((uint64_t)ret, page_up(segment.shm_segsz),
		       VPROF_MAP_SHARED | VPROF_MAP_SEGMENT, caller);
}

static void after_madvise(const long call[6], const struct vp_regs *caller)
{
	uint32_t node = node_of(caller);
	enum vprof_advice advice = call[3] == MADV_DONTNEED   ? VPROF_ADVICE_DONTNEED
				   : call[3] == MADV_FREE     ? VPROF_ADVICE_FREE
				   : call[3] == MADV_HUGEPAGE ? VPROF_ADVICE_HUGE
							      : VPROF_ADVICE_OTHER;

	if (node != VPROF_NONE)
		vp_map_books_advised(node, advice, page_up((uint64_t)call[2]));
}

int vp_maps_covers(long number)
{
	switch (number) {
	case SYS_mmap:
	case SYS_munmap:
	case SYS_mremap:
	case SYS_brk:
	case SYS_shmat:
	case SYS_shmdt:
	case SYS_madvise:
		return 1;
	default:
		return 0;
	}
}

void vp_maps_before(struct vp_map_op *op, const long call[6])
{
	struct vp_inside inside;

	*op = (struct vp_map_op){.taken = NULL};
	if (!vp_control.maps || !vp_inside_try(&inside))
		return;
	op->on = 1;
	if (call[0] == SYS_munmap || (call[0] == SYS_mremap && !((int)call[4] & MREMAP_DONTUNMAP)))
		op->taken = vp_map_books_take((uint64_t)call[1], page_up((uint64_t)call[2]));
	else if (call[0] == SYS_shmdt)
		op->taken = vp_map_books_take_segment((uint64_t)call[1]);
	else if (call[0] == SYS_brk)
		op->old_break = break_now();
	vp_inside_end(inside);
}

static void succeeded(struct vp_map_op *op, const long call[6], long ret,
		      const struct vp_regs *caller)
{
	switch (call[0]) {
	case SYS_mmap:
		after_mmap(call, ret, caller);
		break;
	case SYS_munmap:
	case SYS_shmdt:
		vp_map_books_released(op->taken, node_of(caller));
		break;
	case SYS_mremap:
		after_mremap(op, call, ret, caller);
		break;
	case SYS_brk:
		after_brk(op, caller);
		break;
	case SYS_shmat:
		after_shmat(call, ret, caller);
		break;
	case SYS_madvise:
		after_madvise(call, caller);
		break;
	default:
		break;
	}
}

void vp_maps_after(struct vp_map_op *op, const long call[6], long ret, const struct vp_regs *caller)
{
	struct vp_inside inside;

	if (!op->on || !vp_inside_try(&inside))
		return;
	if (ret == -1)
		vp_map_books_put_back(op->taken);
	else
		succeeded(op, call, ret, caller);
	vp_inside_end(inside);
}

/* --- the process ---------------------------------------------------------------- */
static void find_allocator(void)
{
	struct dl_find_object found, libc;

	allocator_lo = allocator_hi = 0;
	if (_dl_find_object((void *)(uintptr_t)vp_real.malloc, &found) != 0 ||
	    _dl_find_object((void *)(uintptr_t)vp_real.exit, &libc) != 0 ||
	    found.dlfo_map_start == libc.dlfo_map_start)
		return;
	allocator_lo = (uint64_t)(uintptr_t)found.dlfo_map_start;
	allocator_hi = (uint64_t)(uintptr_t)found.dlfo_map_end;
}

int vp_maps_init(void)
{
	find_allocator();
	return vp_map_books_init();
}
