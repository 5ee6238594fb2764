#include "ring/tables.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/lock.h"
#include "base/tracker.h"
#include "ring/file.h"

#include <string.h>

struct vp_table vp_table[VPROF_SEC_END];

static struct vp_lock grow_lock;
static struct vp_lock string_lock;
static int frozen, held;
static uint32_t file_extents; /* in use, that of the header among them */
static uint64_t reserved_bytes;

#define RESERVE_FIRST 4096u
#define RESERVE_MOST  (1u << 20)
static int frozen;
static uint32_t kept; /* extents for the result of the search, which comes last */

static void lay_out(const struct vp_tracker_section *wanted, uint32_t all)
{
	struct vp_table *table = &vp_table[wanted->kind];
	uint32_t rows = vp_file.extent_bytes / wanted->row_bytes;
	uint32_t most = all * wanted->sixteenths / 16;

	most = most ? most : 1;
	if (wanted->extents_most && most > wanted->extents_most)
		most = wanted->extents_most;
	/* Not the extents, of which `extents` says how many there are: a page each. */
	memset(&table->row_bytes, 0, sizeof(*table) - offsetof(struct vp_table, row_bytes));
	table->row_bytes = wanted->row_bytes;
	table->shift = 31u - (uint32_t)__builtin_clz(rows);
	table->extents_max = most;
	table->section = VPROF_HEADER_SECTION(vp_file.header, wanted->kind);
	table->section->row_bytes = wanted->row_bytes;
	table->section->rows_per_extent = 1u << table->shift;
}

void vp_tables_init(void)
{
	uint32_t all = vp_file.extent_count, count;
	const struct vp_tracker *tracker = vp_trackers(&count);

	frozen = held = 0;
	file_extents = 1;
	reserved_bytes = 0;
	kept =
	    vp_config.heap == VPROF_HEAP_EXACT && vp_config.leakscan ? all / 64 + !(all / 64) : 0;
	for (; count; count--, tracker++) {
		for (int i = 0; i < VP_TRACKER_SECTIONS && tracker->section[i].row_bytes; i++)
			lay_out(&tracker->section[i], all);
	}
}

uint32_t vp_tables_freeze(void)
{
	uint32_t used;

	vp_lock_take(&grow_lock);
	frozen = 1;
	used = file_extents;
	vp_lock_drop(&grow_lock);
	return used;
}

void vp_tables_thaw(void)
{
	frozen = 0;
}

void vp_tables_hold(int on)
{
	__atomic_store_n(&held, on, __ATOMIC_RELAXED);
}

void vp_tables_fork_child(void)
{
	grow_lock.word = 0;
	string_lock.word = 0;
}

uint64_t vp_tables_reserved_bytes(void)
{
	return __atomic_load_n(&reserved_bytes, __ATOMIC_RELAXED);
}

uint64_t vp_tables_file_bytes(void)
{
	return frozen ? (uint64_t)file_extents * vp_file.extent_bytes : vp_file.bytes;
}

/* How many extents a section may let the file have. */
static uint32_t extents_for(enum vprof_section_kind kind)
{
	uint32_t have = vp_table[VPROF_SEC_LEAKS].extents, count = vp_file.extent_count;

	return kind == VPROF_SEC_LEAKS || have >= kept ? count : count - (kept - have);
}

/* Context of the following: grow_lock held. */
static void note_no_room(void)
{
	__atomic_fetch_or(&vp_file.header->flags, VPROF_F_NO_ROOM, __ATOMIC_RELAXED);
	vp_file.header->room_ns = vp_clock_now();
}

static int add_extent(struct vp_table *table, enum vprof_section_kind kind)
{
	struct vprof_header *header = vp_file.header;
	uint32_t index = table->extents, at = file_extents;
	uint8_t *start;

	if (frozen || index >= table->extents_max || at >= extents_for(kind))
		return 0;
	start = vp_file_extent(at);
	if (!start) {
		note_no_room();
		return 0;
	}
	table->extent[index] = start;
	table->extents = index + 1;
	table->reserved = 0;
	file_extents = at + 1;
	vp_file.extent[at].index = (uint16_t)index;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&vp_file.extent[at].kind, (uint16_t)kind, __ATOMIC_RELEASE);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->extents_used, at + 1, __ATOMIC_RELEASE);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&table->section->extents_used, index + 1, __ATOMIC_RELEASE);
	return 1;
}

static uint32_t at_least(uint32_t bytes, uint32_t least)
{
	return ((bytes > least ? bytes : least) + RESERVE_FIRST - 1) & ~(RESERVE_FIRST - 1);
}

/* Room for rows of the last extent: as much again as the section has, so that a
 * small one takes little and a large one seldom asks. */
static int reserve_rows(struct vp_table *table)
{
	uint32_t before = table->extents - 1, rows = 1u << table->shift;
	uint64_t have = (uint64_t)before * vp_file.extent_bytes + table->reserved;
	uint32_t need = at_least(table->row_bytes, RESERVE_FIRST);
	uint32_t bytes = at_least(have < RESERVE_MOST ? (uint32_t)have : RESERVE_MOST, need);
	uint8_t *start = table->extent[before] + table->reserved;
	uint32_t left = vp_file.extent_bytes - table->reserved, ready;

	bytes = bytes < left ? bytes : left;
	need = need < left ? need : left;
	if (vp_file_reserve(start, bytes) != 0) {
		bytes = need;
		if (vp_file_reserve(start, bytes) != 0)
			return 0;
	}
	table->reserved += bytes;
	reserved_bytes += bytes;
	ready = table->reserved / table->row_bytes;
	ready = before * rows + (ready < rows ? ready : rows);
	/* Pairs with vp_table_add(). */
	__atomic_store_n(&table->ready, ready, __ATOMIC_RELEASE);
	return 1;
}

/* The result of the search is small, and without it there is no verdict. */
static int may_grow(enum vprof_section_kind kind)
{
	return kind == VPROF_SEC_LEAKS || !__atomic_load_n(&held, __ATOMIC_RELAXED);
}

/* Makes row `id` ready.  Returns 0 when there is no room for it. */
static int grow(struct vp_table *table, enum vprof_section_kind kind, uint32_t id)
{
	int ok = 1;

	vp_lock_take(&grow_lock);
	while (ok && table->ready <= id) {
		if (table->ready == table->extents << table->shift) {
			ok = add_extent(table, kind);
			continue;
		}
		ok = may_grow(kind) && reserve_rows(table);
		if (!ok)
			note_no_room();
	}
	vp_lock_drop(&grow_lock);
	return ok;
}

void *vp_table_add(enum vprof_section_kind kind, uint32_t *id_out)
{
	struct vp_table *table = &vp_table[kind];
	uint32_t id = __atomic_load_n(&table->used, __ATOMIC_RELAXED);

	do {
		if (id >= __atomic_load_n(&table->ready, __ATOMIC_ACQUIRE) &&
		    !grow(table, kind, id))
			return NULL;
	} while (!__atomic_compare_exchange_n(&table->used, &id, id + 1, 0, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	/* Pairs with a reader of the file. */
	__atomic_fetch_add(&table->section->rows_used, 1, __ATOMIC_RELEASE);
	*id_out = id;
	return vp_table_row(kind, id);
}

uint32_t vp_table_used(enum vprof_section_kind kind)
{
	return __atomic_load_n(&vp_table[kind].used, __ATOMIC_ACQUIRE);
}

void vp_table_shrink(enum vprof_section_kind kind, uint32_t used)
{
	/* Pairs with vp_table_used(). */
	__atomic_store_n(&vp_table[kind].used, used, __ATOMIC_RELEASE);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&vp_table[kind].section->rows_used, used, __ATOMIC_RELEASE);
}

const char *vp_string_at(uint32_t id, size_t *most)
{
	const struct vp_table *table = &vp_table[VPROF_SEC_STRINGS];
	uint32_t per_extent = 1u << table->shift;

	if (id >= vp_table_used(VPROF_SEC_STRINGS))
		return NULL;
	*most = (size_t)(per_extent - (id & (per_extent - 1))) * VPROF_STRING_ROW;
	return vp_table_row(VPROF_SEC_STRINGS, id);
}

uint32_t vp_string_add(const char *str, size_t len)
{
	struct vp_table *table = &vp_table[VPROF_SEC_STRINGS];
	uint32_t per_extent = 1u << table->shift;
	uint32_t rows, first;

	if (len > 4096)
		len = 4096;
	rows = (uint32_t)(len / VPROF_STRING_ROW + 1);
	vp_lock_take(&string_lock);
	first = table->used;
	if ((first & (per_extent - 1)) + rows > per_extent)
		first = (first | (per_extent - 1)) + 1;
	if (first + rows > table->ready && !grow(table, VPROF_SEC_STRINGS, first + rows - 1)) {
		vp_lock_drop(&string_lock);
		vp_lost(VPROF_LOST_STRINGS, 1);
		return VPROF_NONE;
	}
	memcpy(vp_table_row(VPROF_SEC_STRINGS, first), str, len);
	/* Pairs with vp_table_used(). */
	__atomic_store_n(&table->used, first + rows, __ATOMIC_RELEASE);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&table->section->rows_used, first + rows, __ATOMIC_RELEASE);
	vp_lock_drop(&string_lock);
	return first;
}

void vp_lost(enum vprof_lost reason, uint64_t count)
{
	if (vp_file.header)
		__atomic_fetch_add(&vp_file.header->lost[reason], count, __ATOMIC_RELAXED);
}
