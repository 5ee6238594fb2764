#include "track/holders.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/sys.h"

#include <string.h>
#include <sys/mman.h>

#define BUCKETS VP_HOLDER_BUCKETS
#define WAYS	4u
/* A bucket is held for some tens of nanoseconds.  One that is held longer was left by a jump
 * out of a handler: it is not used any more. */
#define HELD_NS 1000000000u
/* A lock that is given back and taken without anybody seeing it is not idle for longer. */
#define UNSEEN_NS 50000u

struct vp_holder {
	struct vp_lock_place lock; /* address 0: free */
	struct vp_bucket *bucket;
	uint32_t waiters;
	uint32_t fresh;	     /* of them, those that came after the last settling ... */
	uint32_t stored;     /* ... and whose times are in base */
	uint32_t reader;     /* owed_ns is owed by readers, of whom this is one; 0: it is not */
	uint64_t sum_ns;     /* of the times since which they are charged to nobody; modulo 2^64 */
	uint64_t settled_ns; /* the last settling ... */
	uint64_t settled; /* ... and how many there were, and how many by those who gave it back */
	uint64_t gives;
	uint64_t last_ns; /* nothing is settled before */
	uint64_t busy_ns; /* somebody waits since, and has not been counted for it */
	uint64_t owed_ns, owed_span_ns;
	uint64_t base[VP_HOLDER_BASES];
};

struct vp_bucket {
	struct vp_lock guard;
	struct vp_holder way[WAYS];
} __attribute__((aligned(64)));

static struct vp_bucket *buckets;
uint32_t vp_holders_in[VP_HOLDER_BUCKETS];

void vp_holders_init(void)
{
	if (!buckets)
		return;
	memset(vp_holders_in, 0, sizeof(vp_holders_in));
	if (vp_sys(SYS_madvise, buckets, BUCKETS * sizeof(*buckets), MADV_DONTNEED))
		buckets = NULL;
}

static struct vp_bucket *bucket_of(struct vp_bucket *all, uint64_t lock)
{
	return &all[vp_holders_bucket(lock)];
}

static struct vp_bucket *all_buckets(void)
{
	struct vp_bucket *all = __atomic_load_n(&buckets, __ATOMIC_ACQUIRE), *none = NULL;

	if (all)
		return all;
	all = vp_sys_map(BUCKETS * sizeof(*all));
	if (!all || __atomic_compare_exchange_n(&buckets, &none, all, 0, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
		return all;
	vp_sys_unmap(all, BUCKETS * sizeof(*all));
	return none;
}

static int hold(struct vp_bucket *bucket)
{
	return vp_lock_take_within(&bucket->guard, HELD_NS);
}

static struct vp_holder *find(struct vp_bucket *bucket, uint64_t lock)
{
	for (uint32_t i = 0; i < WAYS; i++)
		if (bucket->way[i].lock.address == lock)
			return &bucket->way[i];
	return NULL;
}

/* Context: the bucket is held. */
static void count_one(const struct vp_bucket *bucket, uint32_t more)
{
	uint32_t *in = &vp_holders_in[bucket - buckets];

	__atomic_store_n(in, *in + more, __ATOMIC_RELAXED);
}

/* Where nobody waits any more, what is still owed was for a lock that may never be given back:
 * it is the first to go when there is no room. */
static struct vp_holder *find_free(struct vp_bucket *bucket)
{
	struct vp_holder *slot = find(bucket, 0);

	for (uint32_t i = 0; i < WAYS && !slot; i++)
		if (!bucket->way[i].waiters)
			slot = &bucket->way[i];
	if (slot) {
		if (!slot->lock.address)
			count_one(bucket, 1);
		memset(slot, 0, sizeof(*slot));
		slot->bucket = bucket;
	}
	return slot;
}

static void leave_if_done(struct vp_holder *slot)
{
	if (slot->waiters || slot->owed_ns)
		return;
	slot->lock.address = 0;
	count_one(slot->bucket, -1u);
}

void vp_holders_wait(struct vp_waiting *waiting, const struct vp_lock_place *lock,
		     uint64_t since_ns)
{
	struct vp_bucket *all = all_buckets(), *bucket = all ? bucket_of(all, lock->address) : NULL;
	struct vp_holder *slot = NULL;

	*waiting = (struct vp_waiting){.since_ns = since_ns};
	if (!bucket || !hold(bucket))
		return;
	slot = find(bucket, lock->address);
	if (!slot) {
		slot = find_free(bucket);
		if (slot)
			slot->lock = *lock;
	}
	if (slot) {
		if (!slot->waiters++)
			slot->busy_ns = since_ns > slot->last_ns ? since_ns : slot->last_ns;
		slot->fresh++;
		if (slot->stored < VP_HOLDER_BASES)
			slot->base[slot->stored++] = since_ns;
		slot->sum_ns += since_ns;
		slot->last_ns = slot->last_ns > since_ns ? slot->last_ns : since_ns;
		waiting->settled = slot->settled;
		waiting->gives = slot->gives;
	}
	waiting->slot = slot;
	vp_lock_drop(&bucket->guard);
}

/* Everybody is charged up to now_ns, or to what was charged last. */
static void settle(struct vp_holder *slot, uint64_t now_ns, struct vp_share *share)
{
	uint64_t now = now_ns > slot->last_ns ? now_ns : slot->last_ns;

	*share = (struct vp_share){.lock = slot->lock,
				   .ns = slot->waiters * now - slot->sum_ns,
				   .span_ns = slot->waiters ? now - slot->busy_ns : 0,
				   .now_ns = now,
				   .settled_ns = slot->settled_ns,
				   .sum_ns = slot->sum_ns,
				   .waiters = slot->waiters,
				   .fresh = slot->fresh,
				   .stored = slot->stored};
	memcpy(share->base, slot->base, slot->stored * sizeof(slot->base[0]));
	slot->sum_ns = slot->waiters * now;
	slot->settled_ns = slot->last_ns = slot->busy_ns = now;
	slot->settled++;
	slot->fresh = slot->stored = 0;
}

/* A waiter that is not charged any more: since when it has not been. */
static uint64_t remove_waiter(struct vp_holder *slot, const struct vp_waiting *waiting)
{
	uint64_t base = slot->settled_ns;

	if (waiting->settled == slot->settled) {
		base = waiting->since_ns;
		slot->fresh--;
		for (uint32_t i = 0; i < slot->stored; i++) {
			if (slot->base[i] != base)
				continue;
			slot->base[i] = slot->base[--slot->stored];
			break;
		}
	}
	slot->sum_ns -= base;
	slot->waiters--;
	return base;
}

static void got(struct vp_holder *slot, const struct vp_waiting *waiting, uint64_t now_ns,
		struct vp_share *share, struct vp_readers *readers)
{
	settle(slot, now_ns, share);
	remove_waiter(slot, waiting);
	share->unseen =
	    waiting->gives == slot->gives && share->now_ns - waiting->since_ns >= UNSEEN_NS;
	if (slot->reader) {
		*readers = (struct vp_readers){slot->owed_ns, slot->owed_span_ns, slot->reader};
		slot->owed_ns = slot->owed_span_ns = slot->reader = 0;
	}
}

void vp_holders_end(const struct vp_waiting *waiting, enum vp_waiting_end how, uint64_t now_ns,
		    struct vp_share *share, struct vp_readers *readers)
{
	struct vp_holder *slot = waiting->slot;
	uint64_t base;

	*readers = (struct vp_readers){0};
	*share = (struct vp_share){.now_ns = now_ns};
	if (!slot || !hold(slot->bucket)) {
		share->ns = how == VP_WAITING_ABANDONED ? 0 : now_ns - waiting->since_ns;
		share->unseen = 1;
		return;
	}
	if (how == VP_WAITING_GOT) {
		got(slot, waiting, now_ns, share, readers);
	} else {
		base = remove_waiter(slot, waiting);
		share->lock = slot->lock;
		share->now_ns = now_ns > base ? now_ns : base;
		slot->last_ns = slot->last_ns > share->now_ns ? slot->last_ns : share->now_ns;
		if (how == VP_WAITING_ABANDONED)
			share->ns = base - waiting->since_ns;
		else if (how == VP_WAITING_ENDED)
			share->ns = share->now_ns - base;
		else
			slot->owed_ns += share->now_ns - base;
		if (!slot->waiters && share->now_ns > slot->busy_ns)
			slot->owed_span_ns += share->now_ns - slot->busy_ns;
	}
	leave_if_done(slot);
	vp_lock_drop(&slot->bucket->guard);
}

int vp_holders_look(uint64_t lock)
{
	struct vp_bucket *all = __atomic_load_n(&buckets, __ATOMIC_ACQUIRE);
	const struct vp_bucket *bucket = all ? bucket_of(all, lock) : NULL;

	for (uint32_t i = 0; bucket && i < WAYS; i++)
		if (__atomic_load_n(&bucket->way[i].lock.address, __ATOMIC_RELAXED) == lock)
			return 1;
	return 0;
}

int vp_holders_give(uint64_t lock, enum vp_giving how, uint32_t thread, struct vp_share *share)
{
	struct vp_bucket *bucket = buckets ? bucket_of(buckets, lock) : NULL;
	struct vp_holder *slot;

	if (!bucket || !hold(bucket))
		return 0;
	slot = find(bucket, lock);
	if (slot) {
		settle(slot, vp_clock_now(), share);
		slot->gives++;
		slot->owed_ns += share->ns;
		slot->owed_span_ns += share->span_ns;
		slot->reader = thread;
		if (how == VP_GIVING_ALONE) {
			share->owed_ns = slot->owed_ns - share->ns;
			share->ns = slot->owed_ns;
			share->span_ns = slot->owed_span_ns;
			slot->owed_ns = slot->owed_span_ns = slot->reader = 0;
		}
		leave_if_done(slot);
	}
	vp_lock_drop(&bucket->guard);
	return slot && how == VP_GIVING_ALONE;
}

void vp_holders_keep(const struct vp_share *share)
{
	struct vp_bucket *bucket = bucket_of(buckets, share->lock.address);
	struct vp_holder *slot;

	if (!hold(bucket))
		return;
	slot = find(bucket, share->lock.address);
	if (!slot) {
		slot = find_free(bucket);
		if (slot)
			slot->lock = share->lock;
	}
	if (slot) {
		slot->owed_ns += share->ns;
		slot->owed_span_ns += share->span_ns;
	}
	vp_lock_drop(&bucket->guard);
}

static uint64_t overlap(uint64_t from, uint64_t to, uint64_t base)
{
	from = from > base ? from : base;
	return to > from ? to - from : 0;
}

uint64_t vp_share_within(const struct vp_share *share, uint64_t from_ns, uint64_t to_ns)
{
	uint32_t older = share->waiters - share->fresh, others = share->fresh - share->stored;
	uint64_t to = to_ns < share->now_ns ? to_ns : share->now_ns;
	uint64_t rest = share->sum_ns - older * share->settled_ns;
	uint64_t ns = older * overlap(from_ns, to, share->settled_ns);

	for (uint32_t i = 0; i < share->stored; i++) {
		ns += overlap(from_ns, to, share->base[i]);
		rest -= share->base[i];
	}
	if (others)
		ns += others * overlap(from_ns, to, rest / others);
	return ns < share->ns - share->owed_ns ? ns : share->ns - share->owed_ns;
}
