/* L3 */
#include "track/heap.h"
#include "base/clock.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "stack/capture.h"
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
	vp_peak_init();
	return vp_live_init();
}

/* The row that counts a stack for this thread. */
static inline struct vprof_site *site_of_node(struct vp_thread *thread, uint32_t node,
					      uint32_t *row)
{
	if (thread->site_node != node || !thread->site) {
		thread->site = vp_shard_site(thread->shard, node, &thread->site_row);
		thread->site_node = node;
	}
	*row = thread->site_row;
	return thread->site;
}

static inline void note_peak(struct vprof_site *site)
{
	uint64_t epoch = __atomic_load_n(&vp_file.header->peak_epoch, __ATOMIC_RELAXED);

	if (__builtin_expect(site->peak_epoch != epoch, 0))
		vp_peak_note_slow(site, epoch);
}

static inline void count_alloc(struct vprof_site *site, int shared, uint64_t bytes, uint64_t now)
{
	note_peak(site);
	if (__builtin_expect(shared, 0)) {
		add_shared(&site->allocs, 1);
		add_shared(&site->alloc_bytes, bytes);
	} else {
		add_own(&site->allocs, 1);
		add_own(&site->alloc_bytes, bytes);
	}
	site->last_ns = now;
}

static inline unsigned lifetime_bucket(uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned bucket = us ? 64u - (unsigned)__builtin_clzll(us) : 0;

	return bucket < VPROF_LIFETIME_BUCKETS ? bucket : VPROF_LIFETIME_BUCKETS - 1;
}

/* A free is counted in the freeing thread's own row of the block's stack, so
 * that every row has one writer; readers add the rows of a stack. */
static inline struct vprof_site *row_for_free(struct vp_thread *thread, uint32_t block_row,
					      int *shared)
{
	struct vprof_site *site = vp_table_row(VPROF_SEC_SITES, block_row);
	struct vp_shard *shard = thread ? thread->shard : vp_shard_common();

	*shared = (int)shard->shared || !block_row;
	if (__builtin_expect(site->shard == shard->number || !block_row, 1))
		return site;
	site = vp_shard_site(shard, site->node, &block_row);
	*shared |= !block_row;
	return site;
}

static void count_free(struct vp_thread *thread, const struct vp_block *block, uint64_t now,
		       int temporary)
{
	uint64_t age = now > block->birth_ns ? now - block->birth_ns : 0;
	int shared;
	struct vprof_site *site = row_for_free(thread, block->site, &shared);

	note_peak(site);
	if (__builtin_expect(shared, 0)) {
		add_shared(&site->frees, 1);
		add_shared(&site->freed_bytes, block->bytes);
		add_shared(&site->lifetime[lifetime_bucket(age)], 1);
		add_shared(&site->temporary, (uint64_t)temporary);
	} else {
		add_own(&site->frees, 1);
		add_own(&site->freed_bytes, block->bytes);
		add_own(&site->lifetime[lifetime_bucket(age)], 1);
		add_own(&site->temporary, (uint64_t)temporary);
	}
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
	count_free(thread, block, now, temporary);
	thread_free(thread, block->bytes);
	vp_peak_shrink(thread, block->bytes);
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
		site = site_of_node(thread, vp_capture_stack(thread, caller), &block.site);
		thread_alloc(thread, bytes);
		thread->last_alloc = ptr;
	} else {
		site = site_of_nobody(bytes, &block.site);
	}
	count_alloc(site, !thread || thread->shard->shared || !block.site, bytes, now);
	vp_peak_grow(thread, bytes);
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
