#include "base/clock.h"
#include "track/wait_state.h"

/* Of two that end the same wait, one does. */
static int take(struct vp_waiting_entry *entry, uint64_t number, struct vp_waiting *out)
{
	*out = entry->waiting;
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
		struct vp_readers readers;
		struct vp_share share;

		if (!number || entry->sp > below_sp || !take(entry, number, &waiting))
			continue;
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
	if (!vp_lock_is_held(note->kind))
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
	vp_holders_wait(&entry->waiting, &entry->lock, note->since_ns);
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
	struct vp_share share;
	struct vp_readers readers;

	/* One that was taken for abandoned is nobody's doing now. */
	if (!wait->number || !take(entry, wait->number, &waiting))
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

void vp_waiting_finish(struct vp_waits *waits, struct vp_wait_note *note)
{
	struct vp_waiting waiting = {.since_ns = note->since_ns};
	struct vp_share share;
	struct vp_readers readers;

	if (!vp_lock_is_held(note->kind))
		return;
	for (uint32_t i = 0; i < VP_WAITINGS; i++) {
		struct vp_waiting_entry *entry = &waits->waiting[i];
		uint64_t number = __atomic_load_n(&entry->number, __ATOMIC_ACQUIRE);

		if (number && entry->waiting.since_ns == note->since_ns &&
		    take(entry, number, &waiting))
			break;
		waiting = (struct vp_waiting){.since_ns = note->since_ns};
	}
	vp_holders_end(&waiting, VP_WAITING_ENDED, note->since_ns + note->wait_ns, &share,
		       &readers);
	note_share(note, &share, &readers);
	note->unknown = 1;
}
