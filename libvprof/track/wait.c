#include "track/wait.h"
#include "base/clock.h"
#include "base/service.h"
#include "base/sys.h"
#include "ring/events.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "stack/modules.h"
#include "thread/threads.h"
#include "track/live.h"

#include <errno.h>
#include <string.h>
#include <threads.h>

/* Locks a thread may hold at once whose waits are not recorded yet. */
#define NOTES	     8u
#define FIRST_SLOTS  512u /* power of two */
#define EVENT_MIN_NS 1000u

/* `kind` of a note that somebody is taking away; it is free next. */
#define TAKEN UINT16_MAX

/* The waits of one thread.  States are never given back but to later threads,
 * so that whoever ends the process may walk them without a lock. */
struct vp_waits {
	struct vp_waits *next;
	uint32_t owned;	 /* 1: by a live thread */
	uint32_t row_id; /* in THREADS */
	struct vprof_thread *row;
	struct vp_wait_note under_way, note[NOTES];
	struct vp_event_writer writer;
	/* (lock, kind, node) -> row of LOCKS; open addressing, 0 is empty */
	uint32_t mask, used;
	uint32_t *slot;
	uint32_t first[FIRST_SLOTS];
};

static struct vp_waits *states;
/* Of the process that forked us: taken before new ones are mapped.  Only taken from,
 * so that a head that is still the head has the same successor. */
static struct vp_waits *inherited;
static uint32_t finished;
static uint32_t life; /* number of the process since the one that began: a child has another */

static void drop_slots(struct vp_waits *waits)
{
	if (waits->slot != waits->first)
		vp_sys_unmap(waits->slot, (waits->mask + 1) * sizeof(*waits->slot));
	waits->slot = waits->first;
	waits->mask = FIRST_SLOTS - 1;
	waits->used = 0;
	memset(waits->first, 0, sizeof(waits->first));
}

int vp_waits_init(void)
{
	struct vprof_lock *overflow;
	struct vp_waits **end;
	uint32_t id;

	/* Not given back: each lies between stacks, and the kernel needs longer to cut a
	 * thousand of them out of a child than for the fork.  The larger tables of some
	 * are left: a thread may have been changing its own when we were forked. */
	for (end = &states; *end; end = &(*end)->next)
		;
	*end = inherited;
	inherited = states;
	states = NULL;
	finished = 0;
	life++;
	vp_tls.waits_noted = 0;
	overflow = vp_table_add(VPROF_SEC_LOCKS, &id);
	if (!overflow)
		return -ENOMEM;
	overflow->node = VPROF_NODE_OVERFLOW;
	return 0;
}

/* One of the parent's, as new; NULL when there is none. */
static struct vp_waits *take_inherited(void)
{
	struct vp_waits *waits = __atomic_load_n(&inherited, __ATOMIC_ACQUIRE);

	while (waits && !__atomic_compare_exchange_n(&inherited, &waits, waits->next, 1,
						     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		;
	if (waits)
		memset(waits, 0, sizeof(*waits));
	return waits;
}

/* A state for a thread's first wait: one that a thread has left, or a new one. */
static struct vp_waits *take_state(void)
{
	struct vp_waits *waits = __atomic_load_n(&states, __ATOMIC_ACQUIRE);

	for (; waits; waits = waits->next) {
		uint32_t free = 0;

		if (!__atomic_load_n(&waits->owned, __ATOMIC_RELAXED) &&
		    __atomic_compare_exchange_n(&waits->owned, &free, 1, 0, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return waits;
	}
	waits = take_inherited();
	if (!waits)
		waits = vp_sys_map(sizeof(*waits));
	if (!waits)
		return NULL;
	waits->owned = 1;
	waits->slot = waits->first;
	waits->mask = FIRST_SLOTS - 1;
	waits->next = __atomic_load_n(&states, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&states, &waits->next, waits, 1, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return waits;
}

static struct vp_waits *state_of(struct vp_thread *thread)
{
	struct vp_waits *waits = thread->slot[VP_SLOT_WAITS];

	if (waits)
		return waits;
	waits = take_state();
	if (waits) {
		waits->row_id = thread->row_id;
		waits->row = thread->row;
		thread->slot[VP_SLOT_WAITS] = waits;
	}
	return waits;
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
	drop_slots(waits);
	waits->slot = more;
	waits->mask = mask;
	waits->used = used;
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

/* Row 0 has many writers, and a thread's row two at the end of the process;
 * the others have one, for whom the atomic operations are cheap. */
static void record(struct vp_waits *waits, const struct vp_wait_note *note,
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
	if (note->kind <= VPROF_LOCK_WRLOCK) {
		add(&waits->row->lock_waits, 1);
		add(&waits->row->lock_wait_ns, note->wait_ns);
	}
	if (note->wait_ns >= EVENT_MIN_NS)
		vp_event_put(writer, &event);
}

static void put(struct vp_wait_note *to, const struct vp_wait_note *note)
{
	to->address = note->address;
	to->since_ns = note->since_ns;
	to->wait_ns = note->wait_ns;
	to->offset = note->offset;
	to->node = note->node;
	to->site = note->site;
	to->label = note->label;
	to->timeout = note->timeout;
	to->place = note->place;
	/* Pairs with take(). */
	__atomic_store_n(&to->kind, note->kind, __ATOMIC_RELEASE);
}

/* Takes a note away; of two that try, one gets it. */
static int take(struct vp_wait_note *from, struct vp_wait_note *out)
{
	uint16_t kind = __atomic_load_n(&from->kind, __ATOMIC_RELAXED);

	if (!kind || kind == TAKEN ||
	    !__atomic_compare_exchange_n(&from->kind, &kind, TAKEN, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return 0;
	*out = *from;
	out->kind = kind;
	/* Pairs with keep(), which looks for a free note. */
	__atomic_store_n(&from->kind, 0, __ATOMIC_RELEASE);
	return 1;
}

static void record_notes(struct vp_waits *waits, struct vp_event_writer *writer)
{
	struct vp_wait_note note;

	for (uint32_t i = 0; i < NOTES; i++) {
		if (take(&waits->note[i], &note))
			record(waits, &note, writer);
	}
}

/* Context: the thread holds the lock it waited for. */
static void keep(struct vp_waits *waits, const struct vp_wait_note *note)
{
	vp_tls.waits_noted = 1;
	for (uint32_t i = 0; i < NOTES; i++) {
		if (__atomic_load_n(&waits->note[i].kind, __ATOMIC_ACQUIRE) == 0) {
			put(&waits->note[i], note);
			return;
		}
	}
	record_notes(waits, &waits->writer);
	put(&waits->note[0], note);
}

/* Before the wait, while the lock is there for sure: whoever has it may free it as soon as
 * we let it go. */
static void find_place(struct vp_wait_note *note)
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

static const uint8_t call_kind[] = {
    [VPROF_LOCK_MUTEX] = VP_CALL_MUTEX,	  [VPROF_LOCK_RDLOCK] = VP_CALL_RDLOCK,
    [VPROF_LOCK_WRLOCK] = VP_CALL_WRLOCK, [VPROF_LOCK_COND] = VP_CALL_COND,
    [VPROF_LOCK_JOIN] = VP_CALL_JOIN,
};
_Static_assert(VP_CALL_KINDS <= 255, "a byte holds a kind");

void vp_wait_begin(struct vp_wait *wait, uint64_t lock, enum vprof_lock_kind kind,
		   const struct vp_regs *caller)
{
	struct vp_thread *thread;
	struct vp_inside inside;

	wait->waits = NULL;
	wait->life = life;
	if (!vp_control.lock_kinds || vp_control.paused || !vp_inside_try(&inside))
		return;
	thread = vp_thread_self();
	wait->waits = thread ? state_of(thread) : NULL;
	if (wait->waits) {
		/* From here on, not from after the capture: without us the
		 * thread would be waiting by now. */
		wait->note = (struct vp_wait_note){.address = lock,
						   .kind = (uint16_t)kind,
						   .label = thread->label,
						   .since_ns = vp_clock_now()};
		wait->note.node = vp_capture_stack(&thread->stack, caller);
		find_place(&wait->note);
		put(&wait->waits->under_way, &wait->note);
		vp_call_enter(&wait->call, thread, call_kind[kind], lock, caller,
			      wait->note.since_ns);
	}
	vp_inside_end(inside);
}

static void end(struct vp_waits *waits, struct vp_wait_note *note, int ret)
{
	struct vp_wait_note mine;

	/* The end of the process has counted it. */
	if (!take(&waits->under_way, &mine) && finished)
		return;
	note->timeout = ret == ETIMEDOUT || ret == thrd_timedout;
	if (ret && ret != EOWNERDEAD && !note->timeout)
		return;
	if (note->kind == VPROF_LOCK_JOIN || (note->timeout && note->kind != VPROF_LOCK_COND))
		record(waits, note, &waits->writer); /* it holds nothing */
	else
		keep(waits, note);
}

void vp_wait_end(struct vp_wait *wait, int ret)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_inside inside;
	uint64_t now;
	int due;

	/* A child forked in a signal handler comes back to a wait of its parent. */
	if (!wait->waits || wait->life != life || thread <= VP_TLS_ENDED ||
	    thread->slot[VP_SLOT_WAITS] != wait->waits)
		return;
	now = vp_clock_now();
	if (now < wait->note.since_ns) /* the clock was aligned meanwhile */
		now = wait->note.since_ns;
	wait->note.wait_ns = now - wait->note.since_ns;
	due = vp_call_leave(&wait->call, now);
	if (!vp_inside_try(&inside))
		return;
	vp_call_lasted(&wait->call, wait->note.node, now);
	if (due)
		vp_call_settle(&wait->call);
	if (vp_control.lock_kinds)
		end(wait->waits, &wait->note, ret);
	else /* locks=off was set meanwhile, or recording ended: the thread does not wait */
		take(&wait->waits->under_way, &(struct vp_wait_note){0});
	vp_inside_end(inside);
}

void vp_waits_record(void)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_inside inside;

	if (!vp_inside_try(&inside))
		return;
	vp_tls.waits_noted = 0;
	if (vp_control.lock_kinds && thread > VP_TLS_ENDED && thread->slot[VP_SLOT_WAITS]) {
		struct vp_waits *waits = thread->slot[VP_SLOT_WAITS];

		record_notes(waits, &waits->writer);
	}
	vp_inside_end(inside);
}

void vp_waits_thread_end(struct vp_thread *thread)
{
	struct vp_waits *waits = thread->slot[VP_SLOT_WAITS];
	struct vp_wait_note cancelled;

	vp_tls.waits_noted = 0;
	if (!waits)
		return;
	thread->slot[VP_SLOT_WAITS] = NULL;
	if (vp_control.lock_kinds)
		record_notes(waits, &waits->writer);
	take(&waits->under_way, &cancelled);
	drop_slots(waits);
	/* Pairs with take_state(). */
	__atomic_store_n(&waits->owned, 0, __ATOMIC_RELEASE);
}

void vp_waits_finish(int ending)
{
	struct vp_waits *waits = __atomic_load_n(&states, __ATOMIC_ACQUIRE);
	struct vp_event_writer writer = {NULL, 0, 0};
	struct vp_wait_note note;
	uint64_t now = vp_clock_now();

	if (!vp_control.lock_kinds)
		return;
	finished = ending != 0;
	for (; waits; waits = waits->next) {
		record_notes(waits, &writer);
		if (!ending || !take(&waits->under_way, &note))
			continue;
		note.wait_ns = now > note.since_ns ? now - note.since_ns : 0;
		record(waits, &note, &writer);
	}
}
