/* The memory outside of blocks that is searched: all that can be read and
 * is not left out. */
#include "base/early.h"
#include "base/glibc.h"
#include "base/own.h"
#include "base/sys.h"
#include "leak/internal.h"
#include "ring/file.h"
#include "thread/spawn.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#define OUT_MOST    (1u << 18)
#define STARTS_MOST 65536u

struct range {
	uint64_t lo, hi;
};

static struct vp_leak_map *maps;
static uint32_t map_count;
static struct range *out; /* left out */
static uint32_t out_count;
static uint64_t *starts; /* arguments of threads that have not begun */
static uint32_t start_count;

void vp_leak_leave_out(uint64_t lo, uint64_t hi)
{
	if (lo < hi && out_count < OUT_MOST)
		out[out_count++] = (struct range){lo, hi};
}

/* Cuts a range out of those from `first` on. */
static void take_back(uint32_t first, uint64_t lo, uint64_t hi)
{
	for (uint32_t i = first; i < out_count; i++) {
		uint64_t end = out[i].hi;

		if (out[i].lo >= hi || end <= lo)
			continue;
		if (out[i].lo < lo && end > hi)
			vp_leak_leave_out(hi, end);
		if (out[i].lo < lo)
			out[i].hi = lo;
		else if (end > hi)
			out[i].lo = hi;
		else
			out[i--] = out[--out_count];
	}
}

/* Where vp_tls stands among our thread-local variables. */
__asm__(".pushsection .rodata\n\t"
	".balign 8\n"
	"vp_leak_tls_offset:\n\t"
	".quad vp_tls@dtpoff\n\t"
	".popsection");
extern const uint64_t vp_leak_tls_offset __attribute__((visibility("hidden")));

/* Those of our allocator hold addresses rounded down, which may lie in a block. */
static void leave_out_own_tls(const ElfW(Ehdr) * file)
{
	const ElfW(Phdr) *phdr = (const void *)((const char *)file + file->e_phoff);
	uint64_t bytes = 0;

	for (int i = 0; i < file->e_phnum; i++) {
		if (phdr[i].p_type == PT_TLS)
			bytes = phdr[i].p_memsz;
	}
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		uint64_t lo = vp_leak_thread[i].own_tls - vp_leak_tls_offset;

		if (vp_leak_thread[i].own_tls)
			vp_leak_leave_out(lo, lo + bytes);
	}
}

/* Returns -1 when it is not known what is ours: a mapping of the host's may lie where
 * one of ours was. */
static int leave_out_own(void)
{
	const struct vp_own_op *ops;
	struct dl_find_object us;
	uint32_t missed, count = vp_own_log(&ops, &missed), first = out_count;

	if (missed)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		if (!ops[i].hi)
			continue;
		if (ops[i].lo & 1)
			vp_leak_leave_out(ops[i].lo & ~1ull, ops[i].hi);
		else
			take_back(first, ops[i].lo, ops[i].hi);
	}
	if (_dl_find_object((void *)(uintptr_t)&vp_leak_roots_init, &us) != 0)
		return -1;
	vp_leak_leave_out((uint64_t)(uintptr_t)us.dlfo_map_start,
			  (uint64_t)(uintptr_t)us.dlfo_map_end);
	leave_out_own_tls(us.dlfo_map_start);
	return 0;
}

static void sort_out(void)
{
	for (uint32_t gap = out_count / 2; gap; gap /= 2) {
		for (uint32_t i = gap; i < out_count; i++) {
			struct range one = out[i];
			uint32_t at = i;

			for (; at >= gap && out[at - gap].lo > one.lo; at -= gap)
				out[at] = out[at - gap];
			out[at] = one;
		}
	}
}

static void note_start(void *argument)
{
	if (start_count < STARTS_MOST)
		starts[start_count++] = (uint64_t)(uintptr_t)argument;
}

const char *vp_leak_roots_init(void)
{
	out = vp_sys_map(OUT_MOST * sizeof(*out));
	starts = vp_sys_map(STARTS_MOST * sizeof(*starts));
	if (!out || !starts)
		return "no memory for the search";
	maps = vp_leak_maps(&map_count);
	if (!maps)
		return "/proc/self/maps cannot be read";
	if (leave_out_own() < 0)
		return "the library lost track of its own memory";
	vp_leak_arenas(maps, map_count);
	vp_leak_stacks(maps, map_count);
	sort_out();
	vp_spawn_each_pending(note_start);
	return NULL;
}

void vp_leak_roots_each(int runtime_only, void (*each)(uint64_t lo, uint64_t hi, uint32_t kind))
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < map_count; i++) {
		uint64_t at = maps[i].lo;

		while (next < out_count && out[next].hi <= at)
			next++;
		/* Ranges left out may overlap: `next` may not be the last to end. */
		for (uint32_t k = next; at < maps[i].hi; k++) {
			uint64_t end =
			    k < out_count && out[k].lo < maps[i].hi ? out[k].lo : maps[i].hi;

			if (at < end && (!runtime_only || maps[i].kind & VP_MAP_LIBC))
				each(at, end, maps[i].kind);
			if (end == maps[i].hi)
				break;
			if (out[k].hi > at)
				at = out[k].hi;
		}
	}
}

/* Whether the parent's blocks are in use is the parent's affair: here they are
 * taken for it. */
void vp_leak_roots_inherited(void (*each)(uint64_t lo, uint64_t hi, uint32_t kind))
{
	static struct vp_live_view view[512];

	for (uint32_t back = 1; vp_live_table(back); back++) {
		uint64_t page = 0;

		while ((page = vp_live_next(back, page)) != VP_LIVE_END) {
			uint64_t address = page++ << 12;
			uint32_t count = vp_live_read_page(back, address, view);

			for (uint32_t k = 0; k < count; k++) {
				uint64_t lo = address + view[k].unit * 8ull;

				each(lo, lo + view[k].bytes, 0);
			}
		}
	}
}

/* What libc keeps for a thread: its keys' second level among it. */
void vp_leak_roots_descriptors(void (*each)(uint64_t lo, uint64_t hi, uint32_t kind))
{
	for (uint32_t i = 0; i < vp_leak_threads; i++) {
		uint64_t descriptor = vp_leak_thread[i].descriptor;

		if (descriptor && vp_leak_thread[i].seen != VP_SEEN_OURS)
			each(descriptor, descriptor + vp_glibc.descriptor_bytes, 0);
	}
}

void vp_leak_roots_words(void (*each)(uint64_t lo, uint64_t hi))
{
	uint64_t lo, hi;

	for (uint32_t i = 0; i < vp_leak_threads; i++)
		vp_leak_registers(&vp_leak_thread[i], each);
	lo = (uint64_t)(uintptr_t)starts;
	each(lo, lo + start_count * 8ull);
	vp_early_range(&lo, &hi);
	each(lo, hi);
}
