#include "track/map_books.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/state.h"
#include "base/sys.h"
#include "ring/file.h"
#include "ring/tables.h"

#include <stddef.h>
#include <string.h>

#define FIRST_SLOTS 256u
#define SPINS	    100u
#define LOCK_NS	    (500ull * 1000 * 1000)

struct slot {
	uint32_t node, row; /* row 0: empty */
};

static struct vp_lock lock; /* of all that follows */
static struct vp_ranges ranges;
static uint16_t life;	   /* of ranges: those of another one were inherited */
static uint32_t inherited; /* their row; 0: none */
static struct slot first[FIRST_SLOTS], *slots = first;
static uint32_t mask = FIRST_SLOTS - 1, used;
static uint64_t live, peak, epoch; /* as in the header, which others may write to */

/* Held for long by nobody who lives: its holder left our code by a jump, or is frozen. */
static int take_lock(void)
{
	for (uint32_t spin = 0; spin < SPINS; spin++) {
		if (vp_lock_try(&lock))
			return 1;
		__builtin_ia32_pause();
	}
	if (vp_lock_take_within(&lock, LOCK_NS))
		return 1;
	vp_control.maps = 0;
	vp_lost(VPROF_LOST_MAPS, 1);
	return 0;
}

/* --- rows ------------------------------------------------------------------ */
static struct slot *place(struct slot *table, uint32_t table_mask, uint32_t node)
{
	uint32_t at = node * 0x9e3779b1u >> 7;

	while (table[at & table_mask].row && table[at & table_mask].node != node)
		at++;
	return &table[at & table_mask];
}

static void grow(void)
{
	uint32_t more_mask = mask * 2 + 1;
	struct slot *more = vp_sys_map((more_mask + 1) * sizeof(*more));

	if (!more)
		return;
	for (uint32_t i = 0; i <= mask; i++) {
		if (slots[i].row)
			*place(more, more_mask, slots[i].node) = slots[i];
	}
	if (slots != first)
		vp_sys_unmap(slots, (mask + 1) * sizeof(*slots));
	slots = more;
	mask = more_mask;
}

static struct vprof_map *row_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_MAPS, id);
}

/* Row 0 where there is no room. */
static uint32_t row_of(uint32_t node)
{
	struct vprof_map *row;
	struct slot *slot;
	uint32_t id;

	if (used * 4 > mask * 3)
		grow();
	slot = place(slots, mask, node);
	if (slot->row)
		return slot->row;
	row = used < mask ? vp_table_add(VPROF_SEC_MAPS, &id) : NULL;
	if (!row) {
		vp_lost(VPROF_LOST_MAPS, 1);
		return 0;
	}
	row->node = node;
	*slot = (struct slot){node, id};
	used++;
	return id;
}

uint32_t vp_map_books_row(const struct vp_range *range)
{
	return range->life == life ? range->row : inherited;
}

/* --- totals ---------------------------------------------------------------- */
/* Before any change of the row's counters. */
static void note_peak(struct vprof_map *row)
{
	if (row->peak_epoch == epoch)
		return;
	row->peak_bytes = row->mapped_bytes - row->unmapped_bytes;
	row->peak_epoch = epoch;
}

static void count_mapped(uint32_t id, uint64_t bytes, uint32_t flags)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_map *row = row_at(id);

	note_peak(row);
	row->flags |= flags;
	row->maps++;
	row->mapped_bytes += bytes;
	row->last_ns = vp_clock_now();
	if (!row->first_ns)
		row->first_ns = row->last_ns;
	header->map_live_bytes = live += bytes;
	if (live <= peak)
		return;
	header->map_peak_bytes = peak = live;
	header->map_peak_ns = row->last_ns;
	header->map_peak_epoch = ++epoch;
}

/* Returns the bytes. */
static uint64_t count_unmapped(const struct vp_range *list)
{
	uint64_t bytes = 0;

	for (; list; list = list->next[0]) {
		struct vprof_map *row = row_at(vp_map_books_row(list));

		note_peak(row);
		row->unmapped_bytes += list->hi - list->lo;
		bytes += list->hi - list->lo;
	}
	vp_file.header->map_live_bytes = live -= bytes;
	return bytes;
}

/* --- what happens ------------------------------------------------------------ */
struct vp_range *vp_map_books_take(uint64_t lo, uint64_t bytes)
{
	struct vp_range *taken = NULL;

	/* The kernel refuses such calls. */
	if (lo % VP_MAP_PAGE || !bytes || lo + bytes < lo || !take_lock())
		return NULL;
	if (vp_ranges_reserve(&ranges, 2))
		taken = vp_ranges_take(&ranges, lo, lo + bytes);
	else
		vp_lost(VPROF_LOST_MAPS, 1);
	vp_lock_drop(&lock);
	return taken;
}

struct vp_range *vp_map_books_take_segment(uint64_t lo)
{
	struct vp_range *taken = NULL;
	const struct vp_range *at;

	if (!take_lock())
		return NULL;
	at = vp_ranges_from(&ranges, lo);
	if (at && at->lo == lo && at->flags & VPROF_MAP_SEGMENT)
		taken = vp_ranges_take(&ranges, lo, at->hi); /* whole: nothing is cut */
	vp_lock_drop(&lock);
	return taken;
}

void vp_map_books_put_back(struct vp_range *taken)
{
	if (!taken || !take_lock())
		return;
	for (const struct vp_range *range = taken; range; range = range->next[0]) {
		if (vp_ranges_reserve(&ranges, 1))
			vp_ranges_put(&ranges, range);
	}
	vp_ranges_recycle(&ranges, taken);
	vp_lock_drop(&lock);
}

void vp_map_books_released(struct vp_range *taken, uint32_t node)
{
	struct vprof_map *row;
	uint64_t bytes;

	if ((!taken && node == VPROF_NONE) || !take_lock())
		return;
	bytes = count_unmapped(taken);
	vp_ranges_recycle(&ranges, taken);
	if (node != VPROF_NONE) {
		row = row_at(row_of(node));
		row->unmaps++;
		row->released_bytes += bytes;
	}
	vp_lock_drop(&lock);
}

static void enter(uint32_t id, uint64_t lo, uint64_t bytes, uint32_t flags)
{
	struct vp_range range = {
	    .lo = lo, .hi = lo + bytes, .row = id, .flags = (uint16_t)flags, .life = life};
	struct vp_range *old;

	if (!bytes || !vp_ranges_reserve(&ranges, 3)) {
		vp_lost(VPROF_LOST_MAPS, 1);
		return;
	}
	old = vp_ranges_take(&ranges, lo, range.hi);
	count_unmapped(old);
	vp_ranges_recycle(&ranges, old);
	vp_ranges_put(&ranges, &range);
	count_mapped(id, bytes, flags);
}

void vp_map_books_mapped(uint32_t node, uint64_t lo, uint64_t bytes, uint32_t flags)
{
	if (!take_lock())
		return;
	enter(row_of(node), lo, bytes, flags);
	vp_lock_drop(&lock);
}

void vp_map_books_advised(uint32_t node, enum vprof_advice advice, uint64_t bytes)
{
	struct vprof_map *row;

	if (!take_lock())
		return;
	row = row_at(row_of(node));
	row->advised[advice]++;
	row->advised_bytes[advice] += bytes;
	vp_lock_drop(&lock);
}

uint32_t vp_map_books_copy(uint64_t address, struct vp_range *out, uint32_t most)
{
	uint32_t count = 0;

	if (!take_lock())
		return 0;
	for (const struct vp_range *at = vp_ranges_from(&ranges, address); at && count < most;
	     at = at->next[0])
		out[count++] = *at;
	vp_lock_drop(&lock);
	return count;
}

/* --- the process ------------------------------------------------------------- */
/* A thread of the parent's was at it when we were forked: what it left is not to be
 * trusted, and what is mapped is not known. */
void vp_map_books_fork_child(void)
{
	if (lock.word)
		ranges = (struct vp_ranges){.count = 0};
	lock.word = 0;
}

static int inherit(void)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_map *row;
	uint64_t bytes = 0;

	for (const struct vp_range *at = ranges.head.next[0]; at; at = at->next[0])
		bytes += at->hi - at->lo;
	if (!bytes)
		return 0;
	row = vp_table_add(VPROF_SEC_MAPS, &inherited);
	if (!row)
		return -1;
	row->flags = VPROF_MAP_INHERITED;
	row->mapped_bytes = row->peak_bytes = bytes;
	row->peak_epoch = 1;
	header->map_live_bytes = header->map_peak_bytes = live = peak = bytes;
	header->map_peak_epoch = epoch = 1;
	return 0;
}

int vp_map_books_init(void)
{
	struct vprof_map *row;
	uint32_t id;

	life++;
	if (slots != first)
		vp_sys_unmap(slots, (mask + 1) * sizeof(*slots));
	memset(first, 0, sizeof(first));
	slots = first;
	mask = FIRST_SLOTS - 1;
	used = inherited = 0;
	live = peak = epoch = 0;
	row = vp_table_add(VPROF_SEC_MAPS, &id);
	if (!row)
		return -1;
	row->node = VPROF_NODE_OVERFLOW;
	return inherit();
}
