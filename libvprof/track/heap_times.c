#include "track/heap_times.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/private_heap.h"
#include "ring/tables.h"

#include <string.h>

#define COST_SHARE 1000u /* readings may take this part of the time */
#define HEAD	   0u
#define NAMELESS   0u /* the site without a stack */

/* The counters of a site as of the last reading. */
struct seen {
	uint64_t allocs, alloc_bytes, frees, freed_bytes, temporary;
	uint32_t row; /* its last one; HEAD: it has none */
};

static struct seen *seen; /* by row of SITES */
static uint32_t seen_room;
/* What the head has copies of: nothing that we go by is read from the file. */
static uint32_t used, room; /* rows, and those that were handed out */
static uint64_t step_ns, until_ns, next_ns;

int vp_heap_times_init(void)
{
	/* A forked child may find these half changed: they are left alone. */
	seen = NULL;
	seen_room = 0;
	room = vp_table_add(VPROF_SEC_HEAP_TIMES, &used) ? 1 : 0;
	used = 1;
	step_ns = vp_config.tick_ms * 1000000ull;
	until_ns = next_ns = 0;
	return 0;
}

static struct vprof_heap_time *row_at(uint32_t row)
{
	return vp_table_row(VPROF_SEC_HEAP_TIMES, row);
}

static struct vprof_heap_times_head *head(void)
{
	return vp_table_row(VPROF_SEC_HEAP_TIMES, HEAD);
}

static int widen(uint32_t least)
{
	uint32_t wanted = seen_room ? seen_room : 1024;
	struct seen *more;

	while (wanted < least)
		wanted *= 2;
	more = vp_private_get(wanted * sizeof(*more));
	if (!more)
		return 0;
	if (seen)
		memcpy(more, seen, seen_room * sizeof(*more));
	vp_private_put(seen);
	seen = more;
	seen_room = wanted;
	return 1;
}

static void add(struct vprof_heap_time *to, const struct vprof_heap_time *from)
{
	to->allocs += from->allocs;
	to->alloc_bytes += from->alloc_bytes;
	to->frees += from->frees;
	to->freed_bytes += from->freed_bytes;
	to->temporary += from->temporary;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&to->to_ns, from->to_ns, __ATOMIC_RELEASE);
}

static uint64_t step_of(uint64_t to_ns)
{
	return to_ns / step_ns;
}

/* The site's row in the step of this time, or NULL. */
static struct vprof_heap_time *row_in_step(uint32_t site, uint64_t to_ns)
{
	struct vprof_heap_time *row = seen[site].row ? row_at(seen[site].row) : NULL;

	return row && step_of(row->to_ns) == step_of(to_ns) ? row : NULL;
}

static void sequence_step(void)
{
	__atomic_store_n(&head()->sequence, head()->sequence + 1, __ATOMIC_SEQ_CST);
}

/* Rows that now end in the same step become one. */
static void merge(void)
{
	uint32_t kept = 1;

	sequence_step();
	step_ns *= 2;
	for (uint32_t i = 0; i < seen_room; i++)
		seen[i].row = HEAD;
	for (uint32_t i = 1; i < used; i++) {
		const struct vprof_heap_time from = *row_at(i);
		struct vprof_heap_time *row;

		if (from.site >= seen_room)
			continue; /* somebody wrote into the file */
		row = row_in_step(from.site, from.to_ns);
		if (row) {
			add(row, &from);
			continue;
		}
		*row_at(kept) = from;
		seen[from.site].row = kept++;
	}
	for (uint32_t i = kept; i < used; i++)
		memset(row_at(i), 0, sizeof(struct vprof_heap_time));
	used = kept;
	head()->step_ns = step_ns;
	head()->rows = used;
	head()->merges++;
	sequence_step();
}

/* A fresh row, or NULL: there is room for no more, however much is merged. */
static struct vprof_heap_time *new_row(uint64_t now)
{
	uint32_t id;

	while (used >= room) {
		if (vp_table_add(VPROF_SEC_HEAP_TIMES, &id)) {
			room = id + 1;
			break;
		}
		if (room < 2 || step_ns > 2 * now)
			return NULL;
		merge();
		/* Half of it is to stay free, or it would merge at each reading. */
		while (used > room / 2 && step_ns <= now)
			merge();
	}
	return row_at(used);
}

static void note(uint32_t site, const struct vprof_heap_time *change)
{
	struct vprof_heap_time *row = row_in_step(site, change->to_ns);

	if (row) {
		add(row, change);
		return;
	}
	row = new_row(change->to_ns);
	if (!row && site == NAMELESS)
		return;
	if (!row) {
		head()->nameless += change->allocs;
		note(NAMELESS, change);
		return;
	}
	row->from_ns = change->from_ns;
	row->site = site;
	seen[site].row = used++;
	add(row, change);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&head()->rows, used, __ATOMIC_RELEASE);
}

/* Frees are read before allocations, so that what lives is never less than nothing. */
static void read_site(uint32_t id, uint64_t now)
{
	const struct vprof_site *site = vp_table_row(VPROF_SEC_SITES, id);
	struct seen *last = &seen[id];
	struct vprof_heap_time change = {.from_ns = until_ns, .to_ns = now, .site = id};
	uint64_t temporary = __atomic_load_n(&site->temporary, __ATOMIC_ACQUIRE);
	uint64_t frees = __atomic_load_n(&site->frees, __ATOMIC_ACQUIRE);
	uint64_t freed_bytes = __atomic_load_n(&site->freed_bytes, __ATOMIC_ACQUIRE);
	uint64_t allocs = __atomic_load_n(&site->allocs, __ATOMIC_ACQUIRE);
	uint64_t alloc_bytes = __atomic_load_n(&site->alloc_bytes, __ATOMIC_RELAXED);

	if (allocs == last->allocs && frees == last->frees && alloc_bytes == last->alloc_bytes &&
	    freed_bytes == last->freed_bytes && temporary == last->temporary)
		return;
	change.allocs = allocs - last->allocs;
	change.alloc_bytes = alloc_bytes - last->alloc_bytes;
	change.frees = frees - last->frees;
	change.freed_bytes = freed_bytes - last->freed_bytes;
	change.temporary = temporary - last->temporary;
	last->allocs = allocs;
	last->alloc_bytes = alloc_bytes;
	last->frees = frees;
	last->freed_bytes = freed_bytes;
	last->temporary = temporary;
	note(id, &change);
}

void vp_heap_times_tick(int last)
{
	uint32_t sites = vp_table_used(VPROF_SEC_SITES);
	uint64_t now = vp_clock_now(), took;

	if (!vp_config.heap || !room || (!last && now < next_ns))
		return;
	if (sites > seen_room && !widen(sites))
		sites = seen_room;
	head()->step_ns = step_ns;
	for (uint32_t i = 0; i < sites; i++)
		read_site(i, now);
	until_ns = now;
	head()->until_ns = now;
	head()->readings++;
	took = vp_clock_now() - now;
	head()->cost_ns += took;
	next_ns = now + took * COST_SHARE;
}
