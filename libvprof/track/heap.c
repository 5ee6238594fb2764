/* L3 */
#include "track/heap.h"
#include "base/clock.h"
#include "ring/tables.h"
#include "stack/trie.h"
#include "stack/unwind.h"
#include "track/peak.h"
#include "track/shards.h"
#include "track/threads.h"

/* Counters of a shard have one writer; readers only need whole words. */
static inline void add_own(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, *counter + value, __ATOMIC_RELAXED);
}

static inline void add_shared(uint64_t *counter, uint64_t value)
{
	__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
}

int vp_track_heap_init(void)
{
	vp_shards_init();
	return vp_live_init();
}

/* The site of the caller's stack for this thread. */
static struct vprof_site *site_here(struct vp_thread *thread, const struct vp_regs *caller,
				    uint32_t *row)
{
	size_t depth = vp_unwind_live(thread, caller, 0, thread->walk, VP_STACK_DEPTH_MAX);
	uint32_t node = vp_trie_stack(&thread->last, thread->walk, depth);
	struct vp_site_slot *slot = &thread->site[node & (VP_SITE_CACHE - 1)];

	if (slot->node != node || !slot->site) {
		slot->site = vp_shard_site(thread->shard, node, &slot->row);
		slot->node = node;
	}
	*row = slot->row;
	return slot->site;
}

static void count_alloc(struct vprof_site *site, int shared, uint64_t bytes, uint64_t now)
{
	vp_peak_note(site);
	if (shared) {
		add_shared(&site->allocs, 1);
		add_shared(&site->alloc_bytes, bytes);
	} else {
		add_own(&site->allocs, 1);
		add_own(&site->alloc_bytes, bytes);
	}
	site->last_ns = now;
	vp_peak_grow(bytes);
}

static unsigned lifetime_bucket(uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned bucket = us ? 64u - (unsigned)__builtin_clzll(us) : 0;

	return bucket < VPROF_LIFETIME_BUCKETS ? bucket : VPROF_LIFETIME_BUCKETS - 1;
}

/* Any thread may free what another allocated, so these are always atomic. */
static void count_free(const struct vp_block *block, uint64_t now, int temporary)
{
	struct vprof_site *site = vp_table_row(VPROF_SEC_SITES, block->site);
	uint64_t age = now > block->birth_ns ? now - block->birth_ns : 0;

	vp_peak_note(site);
	add_shared(&site->frees, 1);
	add_shared(&site->freed_bytes, block->bytes);
	add_shared(&site->lifetime[lifetime_bucket(age)], 1);
	if (temporary)
		add_shared(&site->temporary, 1);
	vp_peak_shrink(block->bytes);
}

static void thread_alloc(struct vp_thread *thread, uint64_t bytes)
{
	if (thread->row_id) {
		add_own(&thread->row->allocs, 1);
		add_own(&thread->row->alloc_bytes, bytes);
	} else {
		add_shared(&thread->row->allocs, 1);
		add_shared(&thread->row->alloc_bytes, bytes);
	}
}

static void thread_free(struct vp_thread *thread, uint64_t bytes)
{
	struct vprof_thread *row = thread ? thread->row : vp_table_row(VPROF_SEC_THREADS, 0);

	if (thread && thread->row_id) {
		add_own(&row->frees, 1);
		add_own(&row->freed_bytes, bytes);
	} else {
		add_shared(&row->frees, 1);
		add_shared(&row->freed_bytes, bytes);
	}
}

static void forget_block(struct vp_thread *thread, const struct vp_block *block, uint64_t now,
			 int temporary)
{
	count_free(block, now, temporary);
	thread_free(thread, block->bytes);
}

/* A thread past its end still runs a little of libc: no stack, no state. */
static struct vprof_site *site_of_nobody(uint64_t bytes, uint32_t *row)
{
	struct vprof_thread *others = vp_table_row(VPROF_SEC_THREADS, 0);

	add_shared(&others->allocs, 1);
	add_shared(&others->alloc_bytes, bytes);
	return vp_shard_site(vp_shard_common(), VPROF_NODE_OVERFLOW, row);
}

static void record_alloc(void *ptr, size_t bytes, const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_thread_self();
	struct vp_block block = {.bytes = bytes}, stale;
	struct vprof_site *site;
	uint64_t now = vp_clock_now();
	int stored;

	if (thread) {
		site = site_here(thread, caller, &block.site);
		thread_alloc(thread, bytes);
		thread->last_alloc = ptr;
	} else {
		site = site_of_nobody(bytes, &block.site);
	}
	count_alloc(site, !thread || thread->shard->shared || !block.site, bytes, now);
	block.birth_ns = now;
	stored = vp_live_put((uintptr_t)ptr, &block, &stale);
	if (stored == 2)
		forget_block(thread, &stale, now, 0);
	else if (!stored)
		vp_lost(VPROF_LOST_BLOCKS, 1);
}

void vp_heap_alloc_slow(void *ptr, size_t bytes, const struct vp_regs *caller)
{
	if (!vp_busy_enter())
		return;
	record_alloc(ptr, bytes, caller);
	vp_busy_leave();
}

void vp_heap_free_slow(void *ptr)
{
	struct vp_thread *thread;
	struct vp_block block;

	if (!vp_busy_enter())
		return;
	thread = vp_thread_self();
	if (vp_live_take((uintptr_t)ptr, &block))
		forget_block(thread, &block, vp_clock_now(),
			     thread && thread->last_alloc == ptr);
	else
		vp_lost(VPROF_LOST_UNKNOWN_FREES, 1);
	vp_busy_leave();
}

int vp_heap_realloc_begin_slow(void *ptr, struct vp_block *block)
{
	int known;

	if (!vp_busy_enter())
		return 0;
	known = vp_live_take((uintptr_t)ptr, block);
	vp_busy_leave();
	return known;
}

/* ptr == NULL: the realloc failed and the old block, given in `block`, lives
 * on; otherwise the old one is counted freed and the new one allocated. */
void vp_heap_realloc_done_slow(void *old, void *ptr, size_t bytes, struct vp_block *block,
			       const struct vp_regs *caller)
{
	struct vp_block stale;

	if (!vp_busy_enter())
		return;
	if (!ptr && !bytes) { /* realloc(old, 0) frees */
		if (block)
			forget_block(vp_thread_self(), block, vp_clock_now(), 0);
	} else if (!ptr) {
		if (block && !vp_live_put((uintptr_t)old, block, &stale))
			vp_lost(VPROF_LOST_BLOCKS, 1);
	} else {
		if (block)
			forget_block(vp_thread_self(), block, vp_clock_now(), 0);
		else
			vp_lost(VPROF_LOST_UNKNOWN_FREES, 1);
		record_alloc(ptr, bytes, caller);
	}
	vp_busy_leave();
}
