#include "base/clock.h"
#include "ring/tables.h"
#include "thread/kin.h"
#include "track/wait_state.h"

/* Of two that end the same wait, one does. */
static int take(struct vp_waiting_entry *entry, uint64_t number, struct vp_waiting *out,
		struct vp_sleeper *sleeper)
{
	*out = entry->waiting;
	*sleeper = entry->sleeper;
	return __atomic_compare_exchange_n(&entry->number, &number, 0, 0, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

void vp_waiting_abandon(struct vp_waits *waits, uint64_t below_sp, struct vp_blames *blames)
{
	for (uint32_t i = 0; i < VP_WAITINGS; i++) {
		struct vp_waiting_entry *entry = &waits->waiting[i];
		uint64_t number = __atomic_load_n(&entry->number, __ATOMIC_ACQUIRE);
		struct vp_blame_key key = {.lock = entry->lock,
					   .thread = waits->row_id,
					   .what = VPROF_BLAME_ABANDONED,
					   .cause = VPROF_NONE};
		struct vp_waiting waiting;
		struct vp_sleeper sleeper;
		struct vp_readers readers;
		struct vp_share share;

		if (!number || entry->sp > below_sp || !take(entry, number, &waiting, &sleeper))
			continue;
		if (sleeper.slot) {
			vp_wakers_leave(&sleeper, NULL);
			continue;
		}
		vp_holders_end(&waiting, VP_WAITING_ABANDONED, vp_clock_now(), &share, &readers);
		if (share.ns && vp_control.lock_kinds)
			vp_blame_add(blames, &key, 1, share.ns, 0, share.now_ns);
	}
}

void vp_waiting_enter(struct vp_waits *waits, struct vp_wait *wait, uint64_t sp)
{
	const struct vp_wait_note *note = &wait->note;
	struct vp_waiting_entry *entry = NULL;

	wait->number = 0;
	vp_waiting_abandon(waits, sp, &waits->blames);
	if (note->kind == VPROF_LOCK_JOIN)
		return;
	for (uint32_t i = 0; i < VP_WAITINGS && !entry; i++) {
		entry = waits->waiting[i].number ? NULL : &waits->waiting[i];
		wait->entry = i;
	}
	if (!entry)
		return;
	entry->sp = sp;
	entry->lock = (struct vp_lock_place){.address = note->address,
					     .offset = note->offset,
					     .site = note->site,
					     .place = note->place};
	entry->sleeper = (struct vp_sleeper){0};
	if (vp_lock_is_held(note->kind))
		vp_holders_wait(&entry->waiting, &entry->lock, note->since_ns);
	else
		vp_wakers_sleep(&entry->sleeper, note->address);
	wait->number = ++waits->numbers;
	/* Pairs with take(). */
	__atomic_store_n(&entry->number, wait->number, __ATOMIC_RELEASE);
}

static void note_share(struct vp_wait_note *note, const struct vp_share *share,
		       const struct vp_readers *readers)
{
	note->wait_ns = share->now_ns - note->since_ns;
	note->nobody_ns = share->ns;
	note->nobody_span_ns = share->span_ns;
	note->unknown = share->unseen != 0;
	note->readers = *readers;
}

void vp_waiting_leave(struct vp_waits *waits, struct vp_wait *wait, enum vp_waiting_end how,
		      uint64_t now_ns)
{
	struct vp_waiting_entry *entry = &waits->waiting[wait->entry];
	struct vp_waiting waiting = {.since_ns = wait->note.since_ns};
	struct vp_sleeper none;
	struct vp_share share;
	struct vp_readers readers;

	/* One that was taken for abandoned is nobody's doing now. */
	if (!wait->number || !take(entry, wait->number, &waiting, &none))
		waiting.slot = NULL;
	vp_holders_end(&waiting, how, now_ns, &share, &readers);
	note_share(&wait->note, &share, &readers);
	if (how != VP_WAITING_ABANDONED || !share.ns || !vp_control.lock_kinds)
		return;
	vp_blame_add(&waits->blames,
		     &(struct vp_blame_key){.lock = entry->lock,
					    .thread = waits->row_id,
					    .what = VPROF_BLAME_ABANDONED,
					    .cause = VPROF_NONE},
		     1, share.ns, 0, share.now_ns);
}

int vp_waiting_take(struct vp_waits *waits, uint32_t entry, uint64_t number, struct vp_waiting *out)
{
	struct vp_sleeper none;

	return take(&waits->waiting[entry], number, out, &none);
}

void vp_waiting_told(struct vp_wait_note *note, const struct vp_got *got)
{
	uint16_t unknown = note->unknown;

	note_share(note, &got->share, &got->readers);
	note->unknown |= unknown;
}

static void add_passed(struct vp_waits *waits, struct vp_wait *wait, const struct vp_waker *waker,
		       const struct vp_passed *passed, uint64_t now)
{
	const struct vp_wait_note *note = &wait->note;
	struct vp_blame_key key = {.lock = waits->waiting[wait->entry].lock,
				   .node = waker->node,
				   .thread = waker->thread,
				   .kind = note->kind,
				   .what = VPROF_BLAME_WOKEN,
				   .how = waker->how,
				   .cause = VPROF_NONE};
	struct vprof_blame *row;

	if (!passed->times || !vp_control.lock_kinds)
		return;
	row = vp_blame_add(&waits->blames, &key, passed->times, passed->ns,
			   waker->how ? passed->ends_ns - passed->times * waker->at_ns : 0, now);
	if (!row)
		return;
	row->wakes += waker->how != 0;
	row->max_ns = passed->max_ns;
}

static void pass_barrier(struct vp_waits *waits, struct vp_wait *wait,
			 const struct vp_sleeper *sleeper, int last)
{
	struct vp_wait_note *note = &wait->note;
	const struct vp_waker self = {note->since_ns, waits->row_id, note->node, 0,
				      VPROF_WAKE_LAST};
	const struct vp_waker nobody = {.thread = VPROF_NONE};
	uint64_t now = note->since_ns + note->wait_ns;
	struct vp_passed passed;

	vp_wakers_pass(sleeper, last ? &self : NULL, note->since_ns, now, &note->waker, &passed);
	note->woken = !last && (note->waker.how || note->waker.thread == VPROF_NONE);
	add_passed(waits, wait, last ? &self : &nobody, &passed, now);
}

/* The thread that it waited for ended, and is known by its number. */
static void join(struct vp_wait_note *note)
{
	const struct vprof_thread *row;

	note->woken = 1;
	/* It had not begun when it was waited for. */
	if (!note->waker.thread)
		note->waker.thread = vp_kin_row(note->address);
	row = note->waker.thread ? vp_table_row(VPROF_SEC_THREADS, note->waker.thread) : NULL;
	if (!row || !row->end_ns) {
		note->waker.thread = VPROF_NONE;
		return;
	}
	note->waker.how = VPROF_WAKE_END;
	note->waker.wakes = 1;
	note->waker.at_ns = row->end_ns;
}

void vp_sleeping_leave(struct vp_waits *waits, struct vp_wait *wait, int woken, int last)
{
	struct vp_wait_note *note = &wait->note;
	struct vp_waiting unused;
	struct vp_sleeper sleeper;

	if (note->kind == VPROF_LOCK_JOIN) {
		if (woken)
			join(note);
		return;
	}
	note->waker = (struct vp_waker){.thread = VPROF_NONE};
	note->woken = (uint16_t)woken;
	if (!wait->number || !take(&waits->waiting[wait->entry], wait->number, &unused, &sleeper))
		return;
	if (note->kind == VPROF_LOCK_BARRIER && (woken || last))
		pass_barrier(waits, wait, &sleeper, last);
	else
		vp_wakers_leave(&sleeper, woken ? &note->waker : NULL);
}

void vp_waiting_finish(struct vp_waits *waits, struct vp_wait_note *note)
{
	struct vp_waiting waiting = {.since_ns = note->since_ns};
	struct vp_sleeper none;
	struct vp_share share;
	struct vp_readers readers;

	if (!vp_lock_is_held(note->kind))
		return;
	for (uint32_t i = 0; i < VP_WAITINGS; i++) {
		struct vp_waiting_entry *entry = &waits->waiting[i];
		uint64_t number = __atomic_load_n(&entry->number, __ATOMIC_ACQUIRE);

		if (number && entry->waiting.since_ns == note->since_ns &&
		    take(entry, number, &waiting, &none))
			break;
		waiting = (struct vp_waiting){.since_ns = note->since_ns};
	}
	vp_holders_end(&waiting, note->got ? VP_WAITING_GOT : VP_WAITING_ENDED,
		       note->since_ns + note->wait_ns, &share, &readers);
	note_share(note, &share, &readers);
	note->unknown |= !note->got;
}
