#include "track/account_owner.h"
#include "base/glibc.h"
#include "base/own.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "thread/threads.h"
#include "track/live.h"
#include "track/map_books.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#define PAGE	   VP_MAP_PAGE
#define WINDOW	   256u /* ranges of the program's at a time */
#define GUARD_MOST (64u << 10)

static struct vp_ranges own, stacks; /* of the helper's alone */
static uint32_t own_seen;	     /* entries of the log */

/* The program's ranges, as far as they were copied. */
static struct {
	struct vp_range *range;
	uint32_t count, at;
	int more;
} window;

/* The mapping before. */
static struct {
	uint64_t hi;
	int guards; /* no access, and small */
	int data;   /* written data of a file: what follows is its .bss */
	char path[256];
} before;

static void set(struct vp_ranges *ranges, uint64_t lo, uint64_t hi, int on)
{
	const struct vp_range range = {.lo = lo, .hi = hi};

	if (lo >= hi || !vp_ranges_reserve(ranges, 3))
		return;
	vp_ranges_recycle(ranges, vp_ranges_take(ranges, lo, hi));
	if (on)
		vp_ranges_put(ranges, &range);
}

/* What we have mapped since the last time; the ranges themselves need room, too. */
static void follow_own(void)
{
	const struct vp_own_op *ops;
	uint32_t missed;

	for (; own_seen < vp_own_log(&ops, &missed); own_seen++) {
		uint64_t hi = __atomic_load_n(&ops[own_seen].hi, __ATOMIC_ACQUIRE);
		uint64_t lo = ops[own_seen].lo;

		if (!hi)
			return; /* not written yet */
		set(&own, lo & ~1ull, (hi + PAGE - 1) & ~(uint64_t)(PAGE - 1), lo & 1);
	}
}

/* Whole pages; above what the thread's functions use lies its descriptor. */
static void add_stack(const struct vp_thread *thread)
{
	uint64_t hi = thread->stack.hi + vp_glibc.descriptor_bytes;

	set(&stacks, thread->stack.lo & ~(uint64_t)(PAGE - 1),
	    (hi + PAGE - 1) & ~(uint64_t)(PAGE - 1), 1);
}

static void find_stacks(void)
{
	vp_ranges_recycle(&stacks, vp_ranges_take(&stacks, 0, UINT64_MAX));
	vp_threads_each(add_stack);
}

/* Our own objects: code, data, .bss. */
static int is_our_object(uint64_t address, const char *path)
{
	const void *start = (const void *)(uintptr_t)address; /* NOLINT */
	struct dl_find_object us;

	return (_dl_find_object(&own, &us) == 0 && start >= us.dlfo_map_start &&
		start < us.dlfo_map_end) ||
	       strstr(path, "/libunwind-x86_64.so") != NULL;
}

/* The program's range that ends behind the address; asked for in their order. */
static const struct vp_range *range_from(uint64_t address)
{
	for (;;) {
		while (window.at < window.count && window.range[window.at].hi <= address)
			window.at++;
		if (window.at < window.count)
			return &window.range[window.at];
		if (!window.more)
			return NULL;
		window.count = vp_map_books_copy(address, window.range, WINDOW);
		window.at = 0;
		window.more = window.count == WINDOW;
	}
}

static int starts(const char *path, const char *with)
{
	return strncmp(path, with, strlen(with)) == 0;
}

static int is_shared_memory(const char *path)
{
	return starts(path, "/dev/shm/") || starts(path, "/memfd:") || starts(path, "/SYSV") ||
	       starts(path, "/dev/zero") || starts(path, "/anon_hugepage");
}

static int is_anonymous(const char *path)
{
	return !*path || starts(path, "[anon");
}

/* Of memory that the program mapped. */
static void claim(const struct vp_mapping *mapping, const struct vp_range *range,
		  struct vp_account_piece *piece)
{
	const struct vprof_map *row = vp_table_row(VPROF_SEC_MAPS, vp_map_books_row(range));

	piece->node = row->flags & VPROF_MAP_INHERITED ? VPROF_NODE_ROOT : row->node;
	if (range->flags & VPROF_MAP_ALLOCATOR)
		piece->kind = VPROF_RESIDENT_MALLOC;
	else if (range->flags & VPROF_MAP_SEGMENT || is_shared_memory(mapping->path) ||
		 (range->flags & VPROF_MAP_ANON && range->flags & VPROF_MAP_SHARED))
		piece->kind = VPROF_RESIDENT_SHARED;
	else if (range->flags & VPROF_MAP_FILE)
		piece->kind = VPROF_RESIDENT_FILES;
	else
		piece->kind = VPROF_RESIDENT_MMAP;
	piece->path = *mapping->path == '/' ? mapping->path : "";
}

/* Did a block ever begin there? */
static int holds_blocks(uint64_t lo, uint64_t hi)
{
	for (uint32_t older = 0; vp_live_table(older); older++) {
		uint64_t page = lo / PAGE;

		while ((page = vp_live_next(older, page)) < hi / PAGE) {
			if (__atomic_load_n(vp_live_descriptor(older, page), __ATOMIC_RELAXED))
				return 1;
			page++;
		}
	}
	return 0;
}

/* By the looks of it: an arena of libc's, { arena, previous, size, writable }, or a block
 * with a mapping of its own, { 0, size | 2 }. */
static int looks_like_libc(uint64_t lo, uint64_t hi)
{
	uint64_t word[4] = {0};

	if (vp_sys_peek(word, lo, sizeof(word)) != sizeof(word))
		return 0;
	if (lo % VP_ARENA_ALIGN == 0)
		return word[0] && word[2] && word[2] % PAGE == 0 && word[2] <= VP_ARENA_ALIGN &&
		       word[3] >= word[2] && word[3] <= VP_ARENA_ALIGN;
	return !word[0] && (word[1] & 7) == 2 && (word[1] & ~7ull) >= PAGE &&
	       (word[1] & ~7ull) <= hi - lo && word[1] % PAGE == 2;
}

/* Of memory of no file that nobody claims. */
static void judge_anonymous(const struct vp_mapping *mapping, uint64_t lo, uint64_t hi,
			    struct vp_account_piece *piece)
{
	int closed = starts(mapping->perms, "---");

	/* What an arena may still grow into is closed up to its end. */
	if (closed ? hi % VP_ARENA_ALIGN == 0
		   : starts(mapping->path, "[heap]") || holds_blocks(lo, hi) ||
			 looks_like_libc(lo, hi)) {
		piece->kind = VPROF_RESIDENT_MALLOC;
	} else if (starts(mapping->path, "[stack") || (before.hi == mapping->lo && before.guards)) {
		piece->kind = VPROF_RESIDENT_STACKS;
	} else if (before.hi == mapping->lo && before.data && lo == mapping->lo) {
		piece->kind = VPROF_RESIDENT_DATA;
		piece->path = before.path;
	}
}

static void judge(const struct vp_mapping *mapping, uint64_t lo, uint64_t hi,
		  struct vp_account_piece *piece)
{
	*piece = (struct vp_account_piece){.kind = VPROF_RESIDENT_OTHER, .path = ""};
	if (is_our_object(lo, mapping->path) || starts(mapping->path, "anon_inode:[perf_event]")) {
		piece->kind = VPROF_RESIDENT_PROFILER;
	} else if (is_shared_memory(mapping->path)) {
		piece->kind = VPROF_RESIDENT_SHARED;
		piece->path = mapping->path;
	} else if (*mapping->path == '/') {
		piece->kind = VPROF_RESIDENT_CODE;
		piece->path = mapping->path;
	} else if (is_anonymous(mapping->path) || *mapping->path == '[') {
		judge_anonymous(mapping, lo, hi, piece);
	}
}

uint64_t vp_owner_piece(const struct vp_mapping *mapping, uint64_t at,
			struct vp_account_piece *piece)
{
	const struct vp_range *ours = vp_ranges_from(&own, at);
	const struct vp_range *stack = vp_ranges_from(&stacks, at);
	const struct vp_range *theirs = range_from(at);
	const struct vp_range *const in[] = {ours, stack, theirs};
	uint64_t hi = mapping->hi;

	for (int i = 0; i < 3; i++) {
		uint64_t edge = !in[i] ? hi : in[i]->lo > at ? in[i]->lo : in[i]->hi;

		hi = edge < hi ? edge : hi;
	}
	if (ours && ours->lo <= at) {
		*piece = (struct vp_account_piece){.kind = VPROF_RESIDENT_PROFILER, .path = ""};
	} else if (stack && stack->lo <= at) {
		*piece = (struct vp_account_piece){.kind = VPROF_RESIDENT_STACKS, .path = ""};
	} else if (theirs && theirs->lo <= at) {
		*piece = (struct vp_account_piece){.path = ""};
		claim(mapping, theirs, piece);
	} else {
		judge(mapping, at, hi, piece);
	}
	piece->mapped = hi - at;
	return hi;
}

void vp_owner_passed(const struct vp_mapping *mapping)
{
	int file = *mapping->path == '/';

	before.data = file && mapping->perms[1] == 'w' && mapping->perms[3] == 'p';
	before.guards = !*mapping->path && starts(mapping->perms, "---") &&
			mapping->hi - mapping->lo <= GUARD_MOST;
	if (before.data)
		memcpy(before.path, mapping->path, sizeof(before.path));
	before.hi = mapping->hi;
}

int vp_owner_begin(void)
{
	if (!window.range)
		window.range = vp_sys_map(WINDOW * sizeof(*window.range));
	if (!window.range)
		return 0;
	memset(&before, 0, sizeof(before));
	window.count = window.at = 0;
	window.more = 1;
	find_stacks();
	follow_own();
	return 1;
}

/* The parent's helper may have been at its ranges. */
void vp_owner_fork_child(void)
{
	own = stacks = (struct vp_ranges){.count = 0};
	own_seen = 0;
}
