/* The rows of LOCKS: which one a wait is counted in. */
#include "base/service.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/modules.h"
#include "track/live.h"
#include "track/wait_state.h"

#include <string.h>

#define EVENT_MIN_NS 1000u

void vp_wait_rows_begin(struct vp_waits *waits)
{
	waits->slot = waits->first;
	waits->mask = VP_WAIT_FIRST_SLOTS - 1;
	vp_blames_begin(&waits->blames);
}

void vp_wait_rows_drop(struct vp_waits *waits)
{
	if (waits->slot != waits->first)
		vp_sys_unmap(waits->slot, (waits->mask + 1) * sizeof(*waits->slot));
	waits->slot = waits->first;
	waits->mask = VP_WAIT_FIRST_SLOTS - 1;
	waits->used = 0;
	memset(waits->first, 0, sizeof(waits->first));
}

static uint32_t *place(uint32_t *slot, uint32_t mask, const struct vprof_lock *key)
{
	uint64_t h = key->address ^ (uint64_t)key->node << 32 ^ (uint64_t)key->kind << 60;

	h = (h ^ (uint64_t)key->label << 40) * 0x9e3779b97f4a7c15u >> 32;
	for (;; h++) {
		const struct vprof_lock *row;

		if (!slot[h & mask])
			return &slot[h & mask];
		row = vp_table_row(VPROF_SEC_LOCKS, slot[h & mask]);
		if (row->address == key->address && row->node == key->node &&
		    row->kind == key->kind && row->site == key->site && row->label == key->label)
			return &slot[h & mask];
	}
}

static void grow(struct vp_waits *waits)
{
	uint32_t mask = waits->mask * 2 + 1, used = waits->used;
	uint32_t *more = vp_sys_map((mask + 1) * sizeof(*more));

	if (!more)
		return;
	for (uint32_t i = 0; i <= waits->mask; i++) {
		if (waits->slot[i])
			*place(more, mask, vp_table_row(VPROF_SEC_LOCKS, waits->slot[i])) =
			    waits->slot[i];
	}
	vp_wait_rows_drop(waits);
	waits->slot = more;
	waits->mask = mask;
	waits->used = used;
}

void vp_wait_find_place(struct vp_wait_note *note)
{
	struct vp_block block;

	if (note->kind == VPROF_LOCK_JOIN || vp_control.heap == VPROF_HEAP_OFF)
		return;
	note->place = VPROF_LOCK_ELSEWHERE;
	if (vp_live_find(0, note->address, &block, &note->offset)) {
		const struct vprof_site *site = vp_table_row(VPROF_SEC_SITES, block.site);

		note->place = VPROF_LOCK_IN_BLOCK;
		note->site = site->node;
		return;
	}
	for (uint32_t older = 1; vp_live_table(older); older++) {
		if (vp_live_find(older, note->address, &block, &note->offset))
			note->place = VPROF_LOCK_INHERITED;
	}
	note->offset = 0;
}

/* So that a lock in static data has its module in the file. */
static void know_module(void *address)
{
	vp_module_find(*(const uint64_t *)address);
}

static uint32_t new_row(const struct vprof_lock *key, uint32_t thread)
{
	uint64_t address = key->address;
	struct vprof_lock *row;
	uint32_t id;

	if (key->place != VPROF_LOCK_IN_BLOCK && key->kind != VPROF_LOCK_JOIN)
		vp_service(know_module, &address);
	row = vp_table_add(VPROF_SEC_LOCKS, &id);
	if (!row) {
		vp_lost(VPROF_LOST_LOCK_ROWS, 1);
		return 0;
	}
	row->address = key->address;
	row->node = key->node;
	row->thread = thread;
	row->first_ns = key->first_ns;
	row->place = key->place;
	row->site = key->site;
	row->label = key->label;
	row->offset = key->offset;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->kind, key->kind, __ATOMIC_RELEASE);
	return id;
}

/* `own`: the calling thread's state; another thread's index is not touched, and
 * its wait gets a row of its own. */
static uint32_t row_of(struct vp_waits *waits, const struct vprof_lock *key, int own)
{
	uint32_t *slot;

	if (!own)
		return new_row(key, waits->row_id);
	if (waits->used * 4 > (waits->mask + 1) * 3)
		grow(waits);
	slot = place(waits->slot, waits->mask, key);
	if (!*slot && waits->used < waits->mask) {
		*slot = new_row(key, waits->row_id);
		waits->used += *slot != 0;
	}
	return *slot;
}

static void add(uint64_t *counter, uint64_t value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

static void raise_to(uint64_t *most, uint64_t value)
{
	uint64_t now = __atomic_load_n(most, __ATOMIC_RELAXED);

	while (now < value && !__atomic_compare_exchange_n(most, &now, value, 1, __ATOMIC_RELAXED,
							   __ATOMIC_RELAXED))
		;
}

/* What went by without a holder, or with one that is not known. */
static void blame(struct vp_blames *blames, const struct vp_wait_note *note, uint32_t thread,
		  uint64_t end_ns)
{
	struct vp_blame_key key = {.lock = {.address = note->address,
					    .offset = note->offset,
					    .site = note->site,
					    .place = note->place},
				   .thread = note->unknown ? VPROF_NONE : thread,
				   .what =
				       note->unknown ? VPROF_BLAME_UNKNOWN : VPROF_BLAME_HANDOFF,
				   .cause = VPROF_NONE};

	if (note->nobody_ns)
		vp_blame_add(blames, &key, 1, note->nobody_ns, note->nobody_span_ns, end_ns);
	if (!note->readers.ns)
		return;
	key.thread = note->readers.thread;
	key.kind = VPROF_LOCK_RDLOCK;
	key.what = VPROF_BLAME_HELD;
	vp_blame_add(blames, &key, 1, note->readers.ns, note->readers.span_ns, end_ns);
}

/* By whom it was ended, and how long after that the thread went on. */
static void woken(struct vp_blames *blames, const struct vp_wait_note *note, uint64_t end_ns)
{
	const struct vp_waker *waker = &note->waker;
	int timed = waker->at_ns > note->since_ns && waker->at_ns < end_ns;
	struct vp_blame_key key = {.lock = {.address = note->address,
					    .offset = note->offset,
					    .site = note->site,
					    .place = note->place},
				   .node = waker->node,
				   .thread = waker->thread,
				   .kind = note->kind,
				   .what = VPROF_BLAME_WOKEN,
				   .how = waker->how,
				   .cause = VPROF_NONE};
	struct vprof_blame *row =
	    vp_blame_add(blames, &key, 1, note->wait_ns, timed ? end_ns - waker->at_ns : 0, end_ns);

	if (!row)
		return;
	row->again += note->again;
	row->wakes += waker->wakes;
}

/* Row 0 has many writers, and a thread's row two at the end of the process;
 * the others have one, for whom the atomic operations are cheap. */
void vp_wait_record(struct vp_waits *waits, const struct vp_wait_note *note,
		    struct vp_event_writer *writer)
{
	uint64_t end_ns = note->since_ns + note->wait_ns;
	struct vprof_lock key = {.address = note->address,
				 .node = note->node,
				 .kind = note->kind,
				 .place = note->place,
				 .site = note->site,
				 .label = note->label,
				 .offset = note->offset,
				 .first_ns = note->since_ns};
	uint32_t id = row_of(waits, &key, writer == &waits->writer);
	struct vprof_lock *row = vp_table_row(VPROF_SEC_LOCKS, id);
	struct vprof_event event = {.t_ns = end_ns,
				    .node = note->node,
				    .thread = waits->row_id,
				    .value = note->wait_ns,
				    .kind = VPROF_EV_WAIT,
				    .arg = id,
				    .flags = note->timeout ? VPROF_WAIT_TIMEOUT : 0};

	add(&row->waits, 1);
	add(&row->timeouts, note->timeout);
	add(&row->wait_ns, note->wait_ns);
	raise_to(&row->max_ns, note->wait_ns);
	raise_to(&row->last_ns, end_ns);
	if (vp_lock_is_held(note->kind)) {
		add(&waits->row->lock_waits, 1);
		add(&waits->row->lock_wait_ns, note->wait_ns);
		blame(writer == &waits->writer ? &waits->blames : NULL, note, waits->row_id,
		      end_ns);
	}
	if (note->woken)
		woken(writer == &waits->writer ? &waits->blames : NULL, note, end_ns);
	if (note->wait_ns >= EVENT_MIN_NS)
		vp_event_put(writer, &event);
}
