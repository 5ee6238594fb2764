#include "base/clock.h"
#include "base/sys.h"
#include "ring/events.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "thread/kin.h"
#include "thread/threads.h"
#include "track/wait_state.h"

#include <errno.h>
#include <string.h>
#include <threads.h>

/* `kind` of a note that somebody is taking away; it is free next. */
#define TAKEN UINT16_MAX

static struct vp_waits *states;
/* Of the process that forked us: taken before new ones are mapped.  Only taken from,
 * so that a head that is still the head has the same successor. */
static struct vp_waits *inherited;
static uint32_t finished;
static uint32_t life; /* number of the process since the one that began: a child has another */

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
	vp_holders_init();
	vp_wakers_init();
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
	vp_wait_rows_begin(waits);
	waits->next = __atomic_load_n(&states, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&states, &waits->next, waits, 1, __ATOMIC_RELEASE,
					    __ATOMIC_RELAXED))
		;
	return waits;
}

struct vp_waits *vp_waits_of(struct vp_thread *thread)
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

static void put(struct vp_wait_note *to, const struct vp_wait_note *note)
{
	to->address = note->address;
	to->since_ns = note->since_ns;
	to->wait_ns = note->wait_ns;
	to->offset = note->offset;
	to->node = note->node;
	to->site = note->site;
	to->label = note->label;
	to->nobody_ns = note->nobody_ns;
	to->nobody_span_ns = note->nobody_span_ns;
	to->readers = note->readers;
	to->waker = note->waker;
	to->woken = note->woken;
	to->again = note->again;
	to->unknown = note->unknown;
	to->timeout = note->timeout;
	to->got = note->got;
	to->place = note->place;
	/* Pairs with take(). */
	__atomic_store_n(&to->kind, note->kind, __ATOMIC_RELEASE);
}

/* Of two that try, one gets it.  Returns its kind, or 0. */
static uint16_t claim(struct vp_wait_note *from)
{
	uint16_t kind = __atomic_load_n(&from->kind, __ATOMIC_RELAXED);

	if (!kind || kind == TAKEN ||
	    !__atomic_compare_exchange_n(&from->kind, &kind, TAKEN, 0, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return 0;
	return kind;
}

/* Takes away what is claimed. */
static void take_claimed(struct vp_wait_note *from, uint16_t kind, struct vp_wait_note *out)
{
	*out = *from;
	out->kind = kind;
	/* Pairs with keep(), which looks for a free note. */
	__atomic_store_n(&from->kind, 0, __ATOMIC_RELEASE);
}

static int take(struct vp_wait_note *from, struct vp_wait_note *out)
{
	uint16_t kind = claim(from);

	if (kind)
		take_claimed(from, kind, out);
	return kind != 0;
}

static void record_notes(struct vp_waits *waits, struct vp_event_writer *writer)
{
	struct vp_wait_note note;

	for (uint32_t i = 0; i < VP_WAIT_NOTES; i++) {
		if (take(&waits->note[i], &note))
			vp_wait_record(waits, &note, writer);
	}
}

/* Context: the thread holds the lock it waited for. */
static void keep(struct vp_waits *waits, const struct vp_wait_note *note)
{
	vp_tls.waits_noted = 1;
	for (uint32_t i = 0; i < VP_WAIT_NOTES; i++) {
		if (__atomic_load_n(&waits->note[i].kind, __ATOMIC_ACQUIRE) == 0) {
			put(&waits->note[i], note);
			return;
		}
	}
	record_notes(waits, &waits->writer);
	put(&waits->note[0], note);
}

static struct vp_lock_place place_of(const struct vp_wait_note *note)
{
	return (struct vp_lock_place){note->address, note->offset, note->site, note->place};
}

static void hold(struct vp_waits *waits, const struct vp_wait_note *note)
{
	struct vp_lock_place place = place_of(note);

	vp_hold_begin(&waits->blames, &place, note->since_ns + note->wait_ns, 0);
}

/* Whether that can wait until the lock is given back: nobody else can have it before. */
static int can_tell_later(const struct vp_wait *wait, int ret)
{
	const struct vp_wait_note *mine = &wait->note, *shown = &wait->waits->under_way;

	return vp_lock_is_held(mine->kind) && mine->kind != VPROF_LOCK_RDLOCK &&
	       (ret == 0 || ret == EOWNERDEAD) && wait->number && vp_control.lock_kinds &&
	       shown->kind == mine->kind && shown->since_ns == mine->since_ns;
}

/* What the wait came to is told when the lock is given back: the time that it takes to tell
 * would be waited for by others (docs/decisions/mutex.md). */
static void tell_later(struct vp_wait *wait, int ret, uint64_t now)
{
	struct vp_waits *waits = wait->waits;
	struct vp_wait_note *note = &waits->under_way;

	note->wait_ns = wait->note.wait_ns = now - wait->note.since_ns;
	note->unknown = ret == EOWNERDEAD; /* its holder ended with it */
	/* Pairs with take(). */
	__atomic_store_n(&note->got, 1, __ATOMIC_RELEASE);
	waits->got_entry = wait->entry;
	waits->got = wait->number;
	vp_tls.waits_noted = 1;
}

/* The end of the process may come between: who has claimed the note tells of the wait. */
static int take_got(struct vp_waits *waits, struct vp_got *got)
{
	struct vp_wait_note *note = &waits->under_way;
	uint64_t number = waits->got;

	waits->got = 0;
	got->kind = claim(note);
	if (!got->kind)
		return 0;
	got->now_ns = note->since_ns + note->wait_ns;
	if (vp_waiting_take(waits, waits->got_entry, number, &got->waiting))
		return 1;
	take_claimed(note, got->kind, &(struct vp_wait_note){0});
	return 0;
}

static void told(struct vp_waits *waits, const struct vp_got *got, struct vp_wait_note *note)
{
	take_claimed(&waits->under_way, got->kind, note);
	vp_waiting_told(note, got);
	note->got = 0;
}

/* The thread holds the lock still, and does something else that is told. */
static void tell_now(struct vp_waits *waits)
{
	struct vp_wait_note note;
	struct vp_got got;

	if (!waits->got || !take_got(waits, &got))
		return;
	vp_holders_end(&got.waiting, VP_WAITING_GOT, got.now_ns, &got.share, &got.readers);
	told(waits, &got, &note);
	hold(waits, &note);
	keep(waits, &note);
}

int vp_wait_got(struct vp_waits *waits, uint64_t lock, struct vp_got *got)
{
	if (waits->got && waits->under_way.address == lock)
		return take_got(waits, got);
	tell_now(waits);
	return 0;
}

void vp_wait_given(struct vp_waits *waits, const struct vp_thread *thread, const struct vp_got *got,
		   uint32_t kind, uint64_t now_ns)
{
	struct vp_wait_note note;

	told(waits, got, &note);
	vp_hold_was(
	    &waits->blames, thread,
	    &(struct vp_hold){.lock = place_of(&note), .since_ns = note.since_ns + note.wait_ns},
	    kind, now_ns);
	vp_wait_record(waits, &note, &waits->writer);
}

static const uint8_t call_kind[] = {
    [VPROF_LOCK_MUTEX] = VP_CALL_MUTEX,	  [VPROF_LOCK_RDLOCK] = VP_CALL_RDLOCK,
    [VPROF_LOCK_WRLOCK] = VP_CALL_WRLOCK, [VPROF_LOCK_COND] = VP_CALL_COND,
    [VPROF_LOCK_JOIN] = VP_CALL_JOIN,	  [VPROF_LOCK_SPIN] = VP_CALL_pthread_spin_lock,
};
_Static_assert(VP_CALL_KINDS <= 255, "a byte holds a kind");

/* The condition's mutex is given back in libc, past our hooks. */
static void give_mutex(struct vp_waits *waits, struct vp_thread *thread, uint64_t mutex,
		       uint32_t node)
{
	struct vp_share share;

	if (vp_holders_knows(mutex) &&
	    vp_holders_give(mutex, VP_GIVING_ALONE, thread->row_id, NULL, &share))
		vp_blame_charge(&waits->blames, thread, &share, VPROF_LOCK_MUTEX, node);
	if (!vp_hold_end(&waits->blames, thread, mutex, VPROF_LOCK_MUTEX, vp_clock_now()))
		vp_tls.waits_noted = 0;
	vp_waits_record(waits);
}

/* A wake-up for this condition that is noted still: the thread has not let its mutex go since. */
#define AGAIN_NS 1000000u
static void note_again(struct vp_waits *waits, uint64_t cond, uint64_t now_ns)
{
	for (uint32_t i = 0; i < VP_WAIT_NOTES; i++) {
		struct vp_wait_note *note = &waits->note[i];

		if (note->kind == VPROF_LOCK_COND && note->address == cond && note->woken &&
		    now_ns - note->since_ns - note->wait_ns < AGAIN_NS)
			note->again = 1;
	}
}

/* What the thread does meanwhile, for others to see. */
static void enter(struct vp_wait *wait, struct vp_thread *thread, uint64_t gives,
		  const struct vp_regs *caller)
{
	struct vp_wait_note *note = &wait->note;

	if (!vp_lock_is_call(note->kind))
		vp_call_enter(&wait->call, thread, call_kind[note->kind], note->address, caller,
			      note->since_ns);
	if (note->kind == VPROF_LOCK_JOIN)
		note->waker.thread = vp_kin_row(note->address);
	if (note->kind == VPROF_LOCK_COND)
		note_again(wait->waits, note->address, note->since_ns);
	if (gives)
		give_mutex(wait->waits, thread, gives, note->node);
	vp_waiting_enter(wait->waits, wait, caller->sp);
}

/* A wait that is not recorded, for which the lock may be given back in libc. */
static void begin_unrecorded(void)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_waits *waits = thread > VP_TLS_ENDED ? thread->slot[VP_SLOT_WAITS] : NULL;
	struct vp_inside inside;

	if (!waits || !waits->got || !vp_inside_try(&inside))
		return;
	tell_now(waits);
	vp_inside_end(inside);
}

void vp_wait_begin(struct vp_wait *wait, uint64_t lock, enum vprof_lock_kind kind, uint64_t gives,
		   const struct vp_regs *caller)
{
	struct vp_thread *thread;
	struct vp_inside inside;

	wait->waits = NULL;
	wait->life = life;
	if (!vp_control.lock_kinds || vp_control.paused) {
		begin_unrecorded();
		return;
	}
	if (!vp_inside_try(&inside))
		return;
	thread = vp_thread_self();
	wait->waits = thread ? vp_waits_of(thread) : NULL;
	if (wait->waits) {
		tell_now(wait->waits);
		/* From here on, not from after the capture: without us the
		 * thread would be waiting by now. */
		wait->note = (struct vp_wait_note){.address = lock,
						   .kind = (uint16_t)kind,
						   .label = thread->label,
						   .since_ns = vp_clock_now()};
		wait->note.node = vp_capture_stack(&thread->stack, caller);
		vp_wait_find_place(&wait->note);
		put(&wait->waits->under_way, &wait->note);
		enter(wait, thread, gives, caller);
	}
	vp_inside_end(inside);
}

/* What a wait came to, by what the call returned. */
static enum vp_waiting_end outcome_of(const struct vp_wait_note *note, int ret)
{
	if (ret == 0 || ret == EOWNERDEAD)
		return VP_WAITING_GOT;
	return note->timeout ? VP_WAITING_GAVE_UP : VP_WAITING_ABANDONED;
}

static void end(struct vp_wait *wait, int ret)
{
	struct vp_waits *waits = wait->waits;
	struct vp_wait_note *note = &wait->note;
	enum vp_waiting_end how = outcome_of(note, ret);

	if (ret == EOWNERDEAD)
		note->unknown = 1; /* it ended with it */
	if (how == VP_WAITING_ABANDONED)
		return;
	if (note->kind == VPROF_LOCK_JOIN || vp_lock_is_call(note->kind) ||
	    (how == VP_WAITING_GAVE_UP && note->kind != VPROF_LOCK_COND)) {
		vp_wait_record(waits, note, &waits->writer); /* it holds nothing */
		return;
	}
	if (vp_lock_is_held(note->kind))
		hold(waits, note);
	keep(waits, note);
}

/* Returns 0 where the end of the process has counted the wait. */
static int leave(struct vp_wait *wait, int ret, uint64_t now)
{
	struct vp_wait_note mine;

	if (!take(&wait->waits->under_way, &mine) && finished)
		return 0;
	wait->note.timeout = ret == ETIMEDOUT || ret == thrd_timedout;
	wait->note.wait_ns = now - wait->note.since_ns;
	if (vp_lock_is_held(wait->note.kind))
		vp_waiting_leave(wait->waits, wait, outcome_of(&wait->note, ret), now);
	else
		vp_sleeping_leave(wait->waits, wait, outcome_of(&wait->note, ret) == VP_WAITING_GOT,
				  ret == VP_WAIT_LAST);
	return 1;
}

void vp_wait_end(struct vp_wait *wait, int ret)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_inside inside;
	uint64_t now;
	int due, later, ours;

	/* A child forked in a signal handler comes back to a wait of its parent. */
	if (!wait->waits || wait->life != life || thread <= VP_TLS_ENDED ||
	    thread->slot[VP_SLOT_WAITS] != wait->waits || !vp_inside_try(&inside))
		return;
	now = vp_clock_now();
	if (now < wait->note.since_ns) /* the clock was aligned meanwhile */
		now = wait->note.since_ns;
	later = can_tell_later(wait, ret);
	if (later)
		tell_later(wait, ret, now);
	ours = !later && leave(wait, ret, now);
	now = wait->note.since_ns + wait->note.wait_ns;
	if (!vp_lock_is_call(wait->note.kind)) {
		due = vp_call_leave(&wait->call, now);
		vp_call_lasted(&wait->call, wait->note.node, now);
		if (due)
			vp_call_settle(&wait->call);
	}
	/* else: locks=off was set meanwhile, or recording ended: the thread does not wait */
	if (ours && vp_control.lock_kinds)
		end(wait, ret);
	vp_inside_end(inside);
}

void vp_waits_record(struct vp_waits *waits)
{
	if (vp_control.lock_kinds)
		record_notes(waits, &waits->writer);
}

void vp_waits_thread_end(struct vp_thread *thread)
{
	struct vp_waits *waits = thread->slot[VP_SLOT_WAITS];
	struct vp_wait_note cancelled;

	vp_tls.waits_noted = 0;
	if (!waits)
		return;
	thread->slot[VP_SLOT_WAITS] = NULL;
	tell_now(waits);
	if (vp_control.lock_kinds)
		record_notes(waits, &waits->writer);
	take(&waits->under_way, &cancelled);
	vp_waiting_abandon(waits, UINT64_MAX, &waits->blames);
	vp_wait_rows_drop(waits);
	vp_blames_end(&waits->blames);
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
		if (!ending)
			continue;
		if (take(&waits->under_way, &note)) {
			if (!note.got)
				note.wait_ns = now > note.since_ns ? now - note.since_ns : 0;
			vp_waiting_finish(waits, &note);
			vp_wait_record(waits, &note, &writer);
		}
		vp_waiting_abandon(waits, UINT64_MAX, NULL);
	}
}
