#include "track/wakers.h"
#include "base/clock.h"
#include "base/state.h"
#include "base/sys.h"
#include "stack/capture.h"
#include "thread/threads.h"

#include <string.h>
#include <sys/mman.h>

/* As in holders.c: one that is held longer was left by a jump out of a handler. */
#define HELD_NS 1000000000u
/* Wakers of one condition whose waiters have not all gone on. */
#define WAKERS 8u

struct entry {
	struct vp_waker waker;
	uint32_t left;	 /* so many may still have been woken by it; 0: free */
	uint64_t number; /* of the last that waited then */
};

struct vp_sleepers {
	uint64_t *address; /* in its bucket; 0: free */
	struct vp_lock *guard;
	uint32_t sleepers;
	uint32_t entries; /* so far, modulo 2^32 */
	uint64_t numbers; /* of sleepers so far */
	uint64_t missing; /* wakers of those up to here found no room */
	struct entry entry[WAKERS];
	/* of a barrier: the round that ended last is of the sleepers (begin, end] */
	uint64_t begin, end;
	struct vp_waker last;	 /* how 0: not known yet ... */
	struct vp_passed passed; /* ... and to be counted by it */
};

struct vp_wake_bucket *vp_wake_buckets;
#define BYTES                                                                                      \
	(VP_WAKE_BUCKETS *                                                                         \
	 (sizeof(struct vp_wake_bucket) + VP_WAKE_WAYS * sizeof(struct vp_sleepers)))

static struct vp_sleepers *slots_of(struct vp_wake_bucket *all, uint32_t bucket)
{
	return (struct vp_sleepers *)(all + VP_WAKE_BUCKETS) + (size_t)bucket * VP_WAKE_WAYS;
}

void vp_wakers_init(void)
{
	if (vp_wake_buckets && vp_sys(SYS_madvise, vp_wake_buckets, BYTES, MADV_DONTNEED))
		vp_wake_buckets = NULL;
}

static struct vp_wake_bucket *all_buckets(void)
{
	struct vp_wake_bucket *all = __atomic_load_n(&vp_wake_buckets, __ATOMIC_ACQUIRE);
	struct vp_wake_bucket *none = NULL;

	if (all)
		return all;
	all = vp_sys_map(BYTES);
	if (!all || __atomic_compare_exchange_n(&vp_wake_buckets, &none, all, 0, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
		return all;
	vp_sys_unmap(all, BYTES);
	return none;
}

static int hold(struct vp_lock *guard)
{
	return vp_lock_take_within(guard, HELD_NS);
}

/* The way of the address in its bucket; of 0: a free one. */
static uint32_t way_of(const struct vp_wake_bucket *bucket, uint64_t address)
{
	uint32_t way = 0;

	while (way < VP_WAKE_WAYS && bucket->address[way] != address)
		way++;
	return way;
}

void vp_wakers_sleep(struct vp_sleeper *sleeper, uint64_t address)
{
	struct vp_wake_bucket *all = all_buckets(), *bucket;
	uint32_t number = vp_wake_bucket_of(address), way;
	struct vp_sleepers *slot;

	*sleeper = (struct vp_sleeper){0};
	if (!all || !hold(&all[number].guard))
		return;
	bucket = &all[number];
	way = way_of(bucket, address);
	if (way == VP_WAKE_WAYS) {
		way = way_of(bucket, 0);
		if (way < VP_WAKE_WAYS) {
			slot = &slots_of(all, number)[way];
			memset(slot, 0, sizeof(*slot));
			slot->address = &bucket->address[way];
			slot->guard = &bucket->guard;
			__atomic_store_n(slot->address, address, __ATOMIC_RELAXED);
		}
	}
	if (way < VP_WAKE_WAYS) {
		slot = &slots_of(all, number)[way];
		slot->sleepers++;
		*sleeper = (struct vp_sleeper){slot, ++slot->numbers};
	}
	vp_lock_drop(&bucket->guard);
}

static int may_have(const struct entry *entry, uint64_t number)
{
	return entry->left && entry->number >= number;
}

static int same(const struct vp_waker *a, const struct vp_waker *b)
{
	return a->thread == b->thread && a->node == b->node && a->how == b->how;
}

/* By the oldest of those that may have; where another one may have as well, that is all that
 * is known. */
static void claim(struct vp_sleepers *slot, uint64_t number, struct vp_waker *waker)
{
	struct entry *oldest = NULL;
	int several = slot->missing >= number;

	for (uint32_t i = 0; i < WAKERS; i++) {
		struct entry *entry = &slot->entry[(slot->entries + i) % WAKERS];

		if (!may_have(entry, number))
			continue;
		several |= oldest && !same(&oldest->waker, &entry->waker);
		oldest = oldest ? oldest : entry;
	}
	if (!oldest && !several)
		return;
	if (oldest) {
		*waker = oldest->waker;
		oldest->waker.wakes = 0;
		oldest->left--;
	}
	if (several)
		*waker = (struct vp_waker){
		    .thread = VPROF_NONE, .how = VPROF_WAKE_SEVERAL, .wakes = waker->wakes};
}

static void go(struct vp_sleepers *slot)
{
	if (!--slot->sleepers)
		__atomic_store_n(slot->address, 0, __ATOMIC_RELAXED);
}

void vp_wakers_leave(const struct vp_sleeper *sleeper, struct vp_waker *waker)
{
	struct vp_sleepers *slot = sleeper->slot;

	if (waker)
		*waker = (struct vp_waker){.thread = VPROF_NONE};
	if (!slot || !hold(slot->guard))
		return;
	if (waker)
		claim(slot, sleeper->number, waker);
	go(slot);
	vp_lock_drop(slot->guard);
}

/* The first of a round that goes on: none of the next one has come yet, as that has to be one
 * that went on. */
static void begin_round(struct vp_sleepers *slot, struct vp_passed *left)
{
	*left = slot->passed;
	slot->begin = slot->end;
	slot->end = slot->numbers;
	slot->last = (struct vp_waker){0};
	slot->passed = (struct vp_passed){0};
}

static void pass(struct vp_sleepers *slot, uint64_t since_ns, uint64_t now_ns,
		 struct vp_waker *waker)
{
	uint64_t ns = now_ns - since_ns;

	*waker = slot->last;
	slot->last.wakes = 0;
	if (waker->how)
		return;
	slot->passed.times++;
	slot->passed.ns += ns;
	slot->passed.ends_ns += now_ns;
	slot->passed.max_ns = slot->passed.max_ns > ns ? slot->passed.max_ns : ns;
}

void vp_wakers_pass(const struct vp_sleeper *sleeper, const struct vp_waker *self,
		    uint64_t since_ns, uint64_t now_ns, struct vp_waker *waker,
		    struct vp_passed *passed)
{
	struct vp_sleepers *slot = sleeper->slot;

	*passed = (struct vp_passed){0};
	*waker = (struct vp_waker){.thread = VPROF_NONE};
	if (!slot || !hold(slot->guard))
		return;
	if (sleeper->number > slot->end)
		begin_round(slot, passed);
	if (sleeper->number > slot->begin && self) {
		*passed = slot->passed;
		slot->passed = (struct vp_passed){0};
		slot->last = *self;
		slot->last.wakes = !passed->times;
	} else if (sleeper->number > slot->begin) {
		pass(slot, since_ns, now_ns, waker);
	}
	go(slot);
	vp_lock_drop(slot->guard);
}

static void enter(struct vp_sleepers *slot, const struct vp_waker *waker)
{
	struct entry *entry = &slot->entry[(slot->entries - 1) % WAKERS];
	int all = waker->how == VPROF_WAKE_BROADCAST;

	if (!slot->entries || !same(&entry->waker, waker)) {
		entry = &slot->entry[slot->entries++ % WAKERS];
		if (entry->left)
			slot->missing = entry->number;
		*entry = (struct entry){0};
	}
	if (!entry->left) {
		uint32_t wakes = entry->waker.wakes;

		entry->waker = *waker;
		entry->waker.wakes = wakes;
	}
	entry->waker.wakes++;
	entry->number = slot->numbers;
	entry->left = all || entry->left >= slot->sleepers ? slot->sleepers : entry->left + 1;
}

void vp_wakers_wake(uint64_t address, const struct vp_waker *waker)
{
	struct vp_wake_bucket *all = __atomic_load_n(&vp_wake_buckets, __ATOMIC_ACQUIRE), *bucket;
	uint32_t number = vp_wake_bucket_of(address), way;

	if (!all || !hold(&all[number].guard))
		return;
	bucket = &all[number];
	way = way_of(bucket, address);
	if (way < VP_WAKE_WAYS)
		enter(&slots_of(all, number)[way], waker);
	vp_lock_drop(&bucket->guard);
}

void vp_wake(uint64_t address, uint32_t how, const struct vp_regs *caller)
{
	struct vp_waker waker = {.thread = VPROF_NONE};
	struct vp_thread *thread;
	struct vp_inside inside;

	if (!vp_control.lock_kinds || !vp_inside_try(&inside))
		return;
	thread = vp_thread_self();
	if (thread && thread->row_id && !vp_control.paused)
		waker = (struct vp_waker){.thread = thread->row_id,
					  .node = vp_capture_stack(&thread->stack, caller),
					  .how = (uint16_t)how};
	waker.at_ns = vp_clock_now();
	vp_wakers_wake(address, &waker);
	vp_inside_end(inside);
}
