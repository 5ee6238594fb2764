/* The allocator's own memory: what is free in it still holds the pointers
 * of former owners, and its lists point to the ends of blocks.
 *
 * libc's: the data segment's heap, arenas of threads (found by their headers,
 * at multiples of 64 MiB) and the main arena in libc's data (found by its bins:
 * an empty bin points to itself).  Blocks with a mapping of their own need
 * nothing.  Of another allocator: whole mappings in which blocks lie, and its
 * module's data. */
#include "base/glibc.h"
#include "base/real.h"
#include "base/sys.h"
#include "leak/internal.h"
#include "ring/file.h"
#include "track/heap.h"

#include <dlfcn.h>
#include <link.h>

static uint64_t top; /* the main arena's last chunk; 0: not found */

/* { arena, previous heap, size, writable size } */
static void heap_header(uint64_t base)
{
	uint64_t arena = vp_leak_load(base), prev = vp_leak_load(base + 8);
	uint64_t size = vp_leak_load(base + 16), writable = vp_leak_load(base + 24);
	int first = arena - base >= 0x20 && arena - base <= 0x50;

	if (!size || size % 4096 || size > VP_ARENA_ALIGN || writable < size ||
	    writable > VP_ARENA_ALIGN || writable % 4096)
		return;
	if (first ? prev != 0 : (!prev || prev % VP_ARENA_ALIGN || arena < 4096))
		return;
	vp_leak_leave_out(base, base + writable);
}

static void thread_arenas(uint64_t lo, uint64_t hi)
{
	uint64_t base = (lo + VP_ARENA_ALIGN - 1) & ~(VP_ARENA_ALIGN - 1);

	for (; base < hi && hi - base >= 4096; base += VP_ARENA_ALIGN)
		heap_header(base);
}

static int is_empty_bin(uint64_t at)
{
	return vp_leak_load(at) == at - 16 && vp_leak_load(at + 8) == at - 16;
}

/* The bins of large sizes, the last ones, are nearly always empty: the last
 * pair that points to itself is taken for the last bin if most of those that
 * would lie before it are empty too. */
static void main_arena(const struct vp_leak_map *map)
{
	uint64_t span = VP_ARENA_BINS * 16u, arena;
	uint32_t empty = 0;

	for (uint64_t last = map->hi - 16; last >= map->lo + span; last -= 8) {
		if (!is_empty_bin(last))
			continue;
		for (uint64_t at = last; at > last - span; at -= 16)
			empty += (uint32_t)is_empty_bin(at);
		if (empty < VP_ARENA_BINS / 4)
			return;
		arena = last + 16 - span - VP_ARENA_BINS_OFFSET;
		top = vp_leak_load(arena + VP_ARENA_TOP_OFFSET);
		vp_leak_leave_out(arena, arena + VP_ARENA_BYTES);
		return;
	}
}

static int holds_blocks(const struct vp_leak_map *map)
{
	struct vp_leak_ref ref;

	return vp_leak_next_block(map->lo, map->hi, &ref);
}

static int libc_allocates(void)
{
	struct dl_find_object found;
	const struct link_map *module;

	if (_dl_find_object((void *)(uintptr_t)vp_real.malloc, &found) != 0)
		return 0;
	module = found.dlfo_link_map;
	return module->l_name && vp_leak_kind_of_module(module->l_name) == VP_MODULE_RUNTIME;
}

/* Where blocks were not recorded (a pause, no memory, an object that goes another
 * way to an allocator), what looks free may be one of them: better a leak not seen
 * than one that is none. */
static int knows_all(void)
{
	const struct vprof_header *header = vp_file.header;

	return !header->pauses && !header->lost[VPROF_LOST_BLOCKS] && !header->second_roads &&
	       !vp_heap_has_unseen_blocks;
}

void vp_leak_arenas(const struct vp_leak_map *maps, uint32_t count)
{
	uint64_t heap_lo = 0, heap_hi = 0;
	int libc = libc_allocates();

	if (!knows_all())
		return;

	for (uint32_t i = 0; i < count; i++) {
		const struct vp_leak_map *map = &maps[i];
		int plain = map->kind & VP_MAP_ANON && map->kind & VP_MAP_WRITE &&
			    !(map->kind & (VP_MAP_LIBC | VP_MAP_STACK | VP_MAP_MALLOC));

		if (map->kind & VP_MAP_HEAP) {
			heap_lo = heap_hi ? heap_lo : map->lo;
			heap_hi = map->hi;
		} else if (plain)
			vp_leak_present(map->lo, map->hi, map->kind, thread_arenas);
		else if (map->kind & VP_MAP_LIBC && map->kind & VP_MAP_WRITE)
			main_arena(map);
		if (!libc && (map->kind & VP_MAP_MALLOC || (plain && holds_blocks(map))))
			vp_leak_leave_out(map->lo, map->hi);
	}
	if (libc)
		vp_leak_brk(heap_lo, heap_hi, top);
}
