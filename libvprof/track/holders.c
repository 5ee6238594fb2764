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

/* What every wait and every unlock looks at is one line of memory, which the processors of the
 * two hand to each other while the lock is held; what is the same from wait to wait is another. */
struct vp_holder {
	struct vp_lock guard; /* of the bucket: that of its first way */
	uint32_t waiters;
	uint32_t fresh;	  /* of them, those that came after the last settling ... */
	uint32_t stored;  /* ... and whose times are in base; of one more it is what is left */
	uint64_t address; /* of the lock; of the last one, where nobody waits and nothing is owed */
	uint64_t sum_ns;  /* of the times since which they are charged to nobody; modulo 2^64 */
	uint64_t settled_ns; /* the last settling ... */
	uint64_t busy_ns;    /* somebody waits since, and has not been counted for it */
	uint32_t settled; /* ... and how many there were, and how many by those who gave it back */
	uint32_t gives;
	uint32_t owes; /* 1: owed_ns is not 0 */
	/* the second line */
	uint32_t reader __attribute__((aligned(64))); /* it is owed by readers, of whom this is one;
						       * 0: it is not */
	struct vp_lock_place lock;
	struct vp_bucket *bucket;
	uint64_t owed_ns, owed_span_ns;
	uint64_t latest_ns; /* where more than one is not in base: the latest of those */
	uint64_t base[VP_HOLDER_BASES] __attribute__((aligned(64)));
};

struct vp_bucket {
	struct vp_holder way[WAYS];
};

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
	return vp_lock_take_within(&bucket->way[0].guard, HELD_NS);
}

static void drop(struct vp_bucket *bucket)
{
	vp_lock_drop(&bucket->way[0].guard);
}

static int is_known(const struct vp_holder *slot)
{
	return slot->waiters || slot->owes;
}

static struct vp_holder *find(struct vp_bucket *bucket, uint64_t lock)
{
	for (uint32_t i = 0; i < WAYS; i++)
		if (bucket->way[i].address == lock)
			return &bucket->way[i];
	return NULL;
}

static struct vp_holder *find_known(struct vp_bucket *bucket, uint64_t lock)
{
	struct vp_holder *slot = find(bucket, lock);

	return slot && is_known(slot) ? slot : NULL;
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
	struct vp_holder *slot = NULL;

	for (uint32_t i = 0; i < WAYS; i++) {
		struct vp_holder *way = &bucket->way[i];

		if (!way->waiters && (!slot || (is_known(slot) && !is_known(way))))
			slot = way;
	}
	if (slot && is_known(slot)) {
		slot->owed_ns = slot->owed_span_ns = slot->owes = slot->reader = 0;
		count_one(bucket, -1u);
	}
	return slot;
}

/* The place of a lock that nobody has waited for lately.  Where it is the last one's, which it
 * mostly is, its second line is not written to. */
static struct vp_holder *begin(struct vp_bucket *bucket, const struct vp_lock_place *lock)
{
	struct vp_holder *slot = find(bucket, lock->address);

	if (slot && is_known(slot))
		return slot;
	if (!slot)
		slot = find_free(bucket);
	if (!slot)
		return NULL;
	if (slot->lock.address != lock->address || slot->lock.offset != lock->offset ||
	    slot->lock.site != lock->site || slot->lock.place != lock->place)
		slot->lock = *lock;
	if (slot->bucket != bucket)
		slot->bucket = bucket;
	__atomic_store_n(&slot->address, lock->address, __ATOMIC_RELAXED);
	count_one(bucket, 1);
	return slot;
}

static void owe(struct vp_holder *slot, uint64_t ns, uint64_t span_ns)
{
	slot->owed_ns += ns;
	slot->owed_span_ns += span_ns;
	slot->owes = slot->owed_ns != 0;
}

static void owes_nothing(struct vp_holder *slot)
{
	slot->owed_ns = slot->owed_span_ns = 0;
	slot->owes = slot->reader = 0;
}

static void leave_if_done(struct vp_holder *slot)
{
	if (is_known(slot))
		return;
	if (slot->owed_span_ns || slot->reader)
		owes_nothing(slot);
	count_one(slot->bucket, -1u);
}

/* Of the fresh waiters, the sum of those that are not in base. */
static uint64_t rest_of(const struct vp_holder *slot)
{
	uint64_t rest = slot->sum_ns - (slot->waiters - slot->fresh) * slot->settled_ns;

	for (uint32_t i = 0; i < slot->stored; i++)
		rest -= slot->base[i];
	return rest;
}

/* One more.  The newest is not stored: it is what is left of the sum, and where it is the only
 * one, base is not touched. */
static void add_waiter(struct vp_holder *slot, uint64_t since_ns)
{
	uint32_t others = slot->fresh - slot->stored;

	if (others == 1 && slot->stored < VP_HOLDER_BASES) {
		slot->base[slot->stored] = rest_of(slot);
		slot->stored++;
	} else if (others) {
		uint64_t latest = others == 1 ? rest_of(slot) : slot->latest_ns;

		slot->latest_ns = latest > since_ns ? latest : since_ns;
	}
	if (!slot->waiters)
		slot->busy_ns = since_ns > slot->settled_ns ? since_ns : slot->settled_ns;
	slot->waiters++;
	slot->fresh++;
	slot->sum_ns += since_ns;
}

void vp_holders_wait(struct vp_waiting *waiting, const struct vp_lock_place *lock,
		     uint64_t since_ns)
{
	struct vp_bucket *all = all_buckets(), *bucket = all ? bucket_of(all, lock->address) : NULL;
	struct vp_holder *slot;

	*waiting = (struct vp_waiting){.since_ns = since_ns};
	if (!bucket || !hold(bucket))
		return;
	slot = begin(bucket, lock);
	if (slot) {
		add_waiter(slot, since_ns);
		waiting->settled = slot->settled;
		waiting->gives = slot->gives;
	}
	waiting->slot = slot;
	drop(bucket);
}

/* Those that came after now_ns stay as they are: where they are kept, and their sum. */
static uint64_t keep_newer(struct vp_holder *slot, uint64_t now_ns, struct vp_share *share)
{
	uint64_t newer = 0, last = rest_of(slot);
	uint32_t stored = 0, others = slot->fresh - slot->stored;

	share->fresh = slot->fresh;
	for (uint32_t i = 0; i < slot->stored; i++) {
		if (slot->base[i] <= now_ns) {
			share->base[share->stored++] = slot->base[i];
			continue;
		}
		newer += slot->base[i];
		slot->base[stored++] = slot->base[i];
	}
	slot->fresh = slot->stored = stored;
	if (others == 1 && last > now_ns) {
		newer += last;
		slot->fresh++;
	}
	share->fresh -= slot->fresh;
	return newer;
}

/* Everybody is charged up to now_ns, or to what was charged last. */
static void settle(struct vp_holder *slot, uint64_t now_ns, struct vp_share *share)
{
	uint64_t now = now_ns > slot->settled_ns ? now_ns : slot->settled_ns, newer;

	/* They cannot be told apart. */
	if (slot->fresh - slot->stored > 1 && now < slot->latest_ns)
		now = slot->latest_ns;
	*share =
	    (struct vp_share){.lock = slot->lock, .now_ns = now, .settled_ns = slot->settled_ns};
	newer = keep_newer(slot, now, share);
	share->waiters = slot->waiters - slot->fresh;
	share->sum_ns = slot->sum_ns - newer;
	share->ns = share->waiters * now - share->sum_ns;
	slot->sum_ns = share->waiters * now + newer;
	slot->settled_ns = now;
	slot->settled++;
	if (!share->waiters)
		return;
	share->span_ns = now > slot->busy_ns ? now - slot->busy_ns : 0;
	slot->busy_ns = now;
}

/* Only such are left as came after the last settling: since when. */
static uint64_t earliest(const struct vp_holder *slot)
{
	uint64_t earliest = slot->fresh - slot->stored == 1 ? rest_of(slot) : UINT64_MAX;

	for (uint32_t i = 0; i < slot->stored; i++)
		if (slot->base[i] < earliest)
			earliest = slot->base[i];
	return earliest == UINT64_MAX ? slot->settled_ns : earliest;
}

/* A waiter that is not charged any more: since when it has not been. */
static uint64_t remove_waiter(struct vp_holder *slot, const struct vp_waiting *waiting)
{
	uint64_t base = slot->settled_ns;

	if (waiting->settled == slot->settled || waiting->since_ns > base) {
		base = waiting->since_ns;
		for (uint32_t i = 0; i < slot->stored; i++) {
			if (slot->base[i] != base)
				continue;
			slot->base[i] = slot->base[--slot->stored];
			break;
		}
		slot->fresh--;
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
	if (slot->waiters && slot->waiters == slot->fresh)
		slot->busy_ns = earliest(slot);
	share->unseen =
	    waiting->gives == slot->gives && share->now_ns - waiting->since_ns >= UNSEEN_NS;
	if (slot->owes && slot->reader) {
		*readers = (struct vp_readers){slot->owed_ns, slot->owed_span_ns, slot->reader};
		owes_nothing(slot);
	}
}

/* It ended without the lock. */
static void gone(struct vp_holder *slot, const struct vp_waiting *waiting, enum vp_waiting_end how,
		 uint64_t now_ns, struct vp_share *share)
{
	uint64_t base = remove_waiter(slot, waiting), span = 0;

	share->lock = slot->lock;
	share->now_ns = now_ns > base ? now_ns : base;
	if (!slot->waiters && share->now_ns > slot->busy_ns)
		span = share->now_ns - slot->busy_ns;
	if (how == VP_WAITING_ABANDONED)
		share->ns = base - waiting->since_ns;
	else if (how == VP_WAITING_ENDED)
		share->ns = share->now_ns - base;
	owe(slot, how == VP_WAITING_GAVE_UP ? share->now_ns - base : 0, span);
}

/* Nothing is known of the lock. */
static void unseen(const struct vp_waiting *waiting, enum vp_waiting_end how, uint64_t now_ns,
		   struct vp_share *share)
{
	share->ns = how == VP_WAITING_ABANDONED ? 0 : now_ns - waiting->since_ns;
	share->unseen = 1;
}

void vp_holders_end(const struct vp_waiting *waiting, enum vp_waiting_end how, uint64_t now_ns,
		    struct vp_share *share, struct vp_readers *readers)
{
	struct vp_holder *slot = waiting->slot;

	*readers = (struct vp_readers){0};
	*share = (struct vp_share){.now_ns = now_ns};
	if (!slot || !hold(slot->bucket)) {
		unseen(waiting, how, now_ns, share);
		return;
	}
	if (how == VP_WAITING_GOT)
		got(slot, waiting, now_ns, share, readers);
	else
		gone(slot, waiting, how, now_ns, share);
	leave_if_done(slot);
	drop(slot->bucket);
}

int vp_holders_look(uint64_t lock)
{
	struct vp_bucket *all = __atomic_load_n(&buckets, __ATOMIC_ACQUIRE);
	const struct vp_bucket *bucket = all ? bucket_of(all, lock) : NULL;

	for (uint32_t i = 0; bucket && i < WAYS; i++) {
		const struct vp_holder *slot = &bucket->way[i];

		if (__atomic_load_n(&slot->address, __ATOMIC_RELAXED) == lock &&
		    (__atomic_load_n(&slot->waiters, __ATOMIC_RELAXED) ||
		     __atomic_load_n(&slot->owes, __ATOMIC_RELAXED)))
			return 1;
	}
	return 0;
}

static void give(struct vp_holder *slot, enum vp_giving how, uint32_t thread,
		 struct vp_share *share)
{
	settle(slot, vp_clock_now(), share);
	slot->gives++;
	if (how == VP_GIVING_SHARED) {
		owe(slot, share->ns, share->span_ns);
		slot->reader = thread;
	} else if (slot->owes) {
		share->owed_ns = slot->owed_ns;
		share->ns += slot->owed_ns;
		share->span_ns += slot->owed_span_ns;
		owes_nothing(slot);
	}
	leave_if_done(slot);
}

int vp_holders_give(uint64_t lock, enum vp_giving how, uint32_t thread, struct vp_got *mine,
		    struct vp_share *share)
{
	struct vp_bucket *bucket = buckets ? bucket_of(buckets, lock) : NULL;
	struct vp_holder *slot = NULL;

	if (mine && !mine->waiting.slot) {
		vp_holders_end(&mine->waiting, VP_WAITING_GOT, mine->now_ns, &mine->share,
			       &mine->readers);
		mine = NULL;
	}
	if (!bucket || !hold(bucket))
		return 0;
	if (mine) {
		mine->readers = (struct vp_readers){0};
		got(mine->waiting.slot, &mine->waiting, mine->now_ns, &mine->share, &mine->readers);
		leave_if_done(mine->waiting.slot);
	}
	slot = find_known(bucket, lock);
	if (slot)
		give(slot, how, thread, share);
	drop(bucket);
	return slot && how == VP_GIVING_ALONE;
}

void vp_holders_keep(const struct vp_share *share)
{
	struct vp_bucket *bucket = bucket_of(buckets, share->lock.address);
	struct vp_holder *slot;

	if (!hold(bucket))
		return;
	slot = begin(bucket, &share->lock);
	if (slot) {
		owe(slot, share->ns, share->span_ns);
		leave_if_done(slot);
	}
	drop(bucket);
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
