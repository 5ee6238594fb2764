#include "track/blame.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "track/call_rows.h"

#include <string.h>

/* A hold that outlasts so many unlocks is not of this thread any more. */
#define PASSED_MOST 256u

void vp_blames_begin(struct vp_blames *blames)
{
	blames->slot = blames->first;
	blames->mask = VP_BLAME_FIRST - 1;
}

void vp_blames_end(struct vp_blames *blames)
{
	if (blames->slot != blames->first)
		vp_sys_unmap(blames->slot, (blames->mask + 1) * sizeof(*blames->slot));
	memset(blames, 0, sizeof(*blames));
	vp_blames_begin(blames);
}

static int is_of(const struct vprof_blame *row, const struct vp_blame_key *key)
{
	return row->address == key->lock.address && row->node == key->node &&
	       row->what == key->what && row->kind == key->kind && row->thread == key->thread &&
	       row->how == key->how && row->site == key->lock.site && row->cause == key->cause &&
	       row->cause_node == key->cause_node;
}

static uint64_t hash_of(uint64_t address, uint32_t node, uint32_t what, uint32_t cause_node)
{
	uint64_t h =
	    address ^ (uint64_t)node << 32 ^ (uint64_t)what << 60 ^ (uint64_t)cause_node << 16;

	return h * 0x9e3779b97f4a7c15u >> 32;
}

static uint32_t *place(uint32_t *slot, uint32_t mask, const struct vp_blame_key *key)
{
	uint64_t h = hash_of(key->lock.address, key->node, key->what, key->cause_node);

	while (slot[h & mask] && !is_of(vp_table_row(VPROF_SEC_BLAME, slot[h & mask] - 1), key))
		h++;
	return &slot[h & mask];
}

static void grow(struct vp_blames *blames)
{
	uint32_t room = (blames->mask + 1) * 2;
	uint32_t *more = vp_sys_map(room * sizeof(*more));

	if (!more)
		return;
	for (uint32_t i = 0; i <= blames->mask; i++) {
		const struct vprof_blame *row;
		uint64_t h;

		if (!blames->slot[i])
			continue;
		row = vp_table_row(VPROF_SEC_BLAME, blames->slot[i] - 1);
		h = hash_of(row->address, row->node, row->what, row->cause_node);
		while (more[h & (room - 1)])
			h++;
		more[h & (room - 1)] = blames->slot[i];
	}
	if (blames->slot != blames->first)
		vp_sys_unmap(blames->slot, (blames->mask + 1) * sizeof(*more));
	blames->slot = more;
	blames->mask = room - 1;
}

static struct vprof_blame *new_row(const struct vp_blame_key *key, uint64_t now_ns, uint32_t *id)
{
	struct vprof_blame *row = vp_table_add(VPROF_SEC_BLAME, id);

	if (!row) {
		vp_lost(VPROF_LOST_BLAME, 1);
		return NULL;
	}
	row->address = key->lock.address;
	row->offset = key->lock.offset;
	row->site = key->lock.site;
	row->place = key->lock.place;
	row->node = key->node;
	row->thread = key->thread;
	row->kind = key->kind;
	row->how = key->how;
	row->cause = key->cause;
	row->cause_node = key->cause_node;
	row->cause_object = key->cause_object;
	row->first_ns = now_ns;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&row->what, key->what, __ATOMIC_RELEASE);
	return row;
}

static struct vprof_blame *row_of(struct vp_blames *blames, const struct vp_blame_key *key,
				  uint64_t now_ns)
{
	struct vprof_blame *row;
	uint32_t *slot, id;

	if (!blames)
		return new_row(key, now_ns, &id);
	if (blames->used * 4 > (blames->mask + 1) * 3)
		grow(blames);
	slot = place(blames->slot, blames->mask, key);
	if (*slot)
		return vp_table_row(VPROF_SEC_BLAME, *slot - 1);
	row = new_row(key, now_ns, &id);
	if (row && blames->used < blames->mask) {
		*slot = id + 1;
		blames->used++;
	}
	return row;
}

struct vprof_blame *vp_blame_add(struct vp_blames *blames, const struct vp_blame_key *key,
				 uint64_t times, uint64_t ns, uint64_t span_ns, uint64_t now_ns)
{
	struct vprof_blame *row = row_of(blames, key, now_ns);

	if (!row)
		return NULL;
	row->times += times;
	row->ns += ns;
	row->span_ns += span_ns;
	row->max_ns = row->max_ns > ns ? row->max_ns : ns;
	row->last_ns = now_ns;
	return row;
}

static struct vp_lock_place *known(struct vp_blames *blames, uint64_t lock)
{
	return &blames->lock[(lock >> 2) * 0x9e3779b97f4a7c15u >> 60];
}
_Static_assert(VP_BLAME_LOCKS == 16, "4 bits of a hash");

/* The share's part in each call that lasted, of which the thread knows its last; the largest
 * part counts as the charge. */
void vp_blame_charge(struct vp_blames *blames, struct vp_thread *thread,
		     const struct vp_share *share, uint32_t kind, uint32_t node)
{
	const struct vp_under *under = &thread->under;
	uint32_t calls = under->count < VP_UNDER_KEPT ? under->count : VP_UNDER_KEPT;
	uint64_t part[VP_UNDER_KEPT], rest = share->ns;
	uint32_t largest = calls;
	struct vp_blame_key key = {.lock = share->lock,
				   .node = node,
				   .thread = thread->row_id,
				   .kind = (uint16_t)kind,
				   .what = VPROF_BLAME_HELD,
				   .cause = VPROF_NONE};

	*known(blames, share->lock.address) = share->lock;
	vp_unit_hold(&thread->stalls.holds,
		     &(struct vp_unit_held){share->now_ns - share->span_ns, share->now_ns,
					    share->lock.address});
	for (uint32_t i = 0; i < calls; i++) {
		const struct vp_under_call *call =
		    &under->call[(under->count - 1 - i) % VP_UNDER_KEPT];

		part[i] = call->end_ns > share->settled_ns
			      ? vp_share_within(share, call->begin_ns, call->end_ns)
			      : 0;
		part[i] = part[i] < rest ? part[i] : rest;
		rest -= part[i];
		if (part[i] && (largest == calls || part[i] > part[largest]))
			largest = i;
	}
	if (largest < calls && rest > part[largest])
		largest = calls;
	if (rest || largest == calls)
		vp_blame_add(blames, &key, largest == calls, rest,
			     largest == calls ? share->span_ns : 0, share->now_ns);
	for (uint32_t i = 0; i < calls; i++) {
		const struct vp_under_call *call =
		    &under->call[(under->count - 1 - i) % VP_UNDER_KEPT];

		if (!part[i])
			continue;
		key.cause = vp_call_name(call->kind);
		key.cause_node = call->node;
		key.cause_object = call->object;
		vp_blame_add(blames, &key, largest == i, part[i], largest == i ? share->span_ns : 0,
			     share->now_ns);
	}
}

void vp_hold_begin(struct vp_blames *blames, const struct vp_lock_place *lock, uint64_t now_ns,
		   int sampled)
{
	struct vp_hold *free = NULL;

	*known(blames, lock->address) = *lock;
	for (uint32_t i = 0; i < VP_HOLDS; i++) {
		if (blames->hold[i].lock.address == lock->address) /* it has it already */
			return;
		if (!blames->hold[i].lock.address)
			free = &blames->hold[i];
	}
	if (!free)
		return;
	*free = (struct vp_hold){*lock, now_ns, (uint32_t)sampled, 0};
	blames->holds++;
}

int vp_hold_sample(struct vp_blames *blames, uint64_t lock, uint64_t now_ns)
{
	const struct vp_lock_place *place = known(blames, lock);

	if (place->address != lock)
		return 0;
	vp_hold_begin(blames, place, now_ns, 1);
	return blames->holds != 0;
}

static void count_hold(struct vp_blames *blames, const struct vp_thread *thread,
		       const struct vp_hold *hold, uint32_t kind, uint64_t now_ns)
{
	uint64_t ns = now_ns > hold->since_ns ? now_ns - hold->since_ns : 0;
	struct vp_blame_key key = {.lock = hold->lock,
				   .thread = thread->row_id,
				   .kind = (uint16_t)kind,
				   .what = hold->sampled ? VPROF_BLAME_SAMPLES : VPROF_BLAME_HOLDS,
				   .cause = VPROF_NONE};
	struct vprof_blame *row = vp_blame_add(blames, &key, 1, ns, 0, now_ns);

	if (row)
		row->histogram[vprof_histogram_bucket(ns, VPROF_HOLD_UNIT_BITS, VPROF_HOLD_SUB_BITS,
						      VPROF_HOLD_BUCKETS)]++;
}

void vp_hold_was(struct vp_blames *blames, const struct vp_thread *thread,
		 const struct vp_hold *hold, uint32_t kind, uint64_t now_ns)
{
	*known(blames, hold->lock.address) = hold->lock;
	count_hold(blames, thread, hold, kind, now_ns);
}

uint32_t vp_hold_end(struct vp_blames *blames, const struct vp_thread *thread, uint64_t lock,
		     uint32_t kind, uint64_t now_ns)
{
	for (uint32_t i = 0; blames->holds && i < VP_HOLDS; i++) {
		struct vp_hold *hold = &blames->hold[i];
		int ours = hold->lock.address == lock;

		if (!hold->lock.address || (!ours && ++hold->passed < PASSED_MOST))
			continue;
		if (ours)
			count_hold(blames, thread, hold, kind, now_ns);
		hold->lock.address = 0;
		blames->holds--;
	}
	return blames->holds;
}
