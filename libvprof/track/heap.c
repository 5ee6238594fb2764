#include "track/heap.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/poisson.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "thread/shards.h"
#include "thread/threads.h"
#include "track/peak.h"

/* What a recorded block counts for: itself, or as many as it stands for. */
struct amount {
	uint64_t blocks, bytes;
	double variance; /* of bytes; 0 in exact mode */
};

/* block.mark.  Exact mode: is its lifetime measured, and for how many does it
 * stand?  Sample mode: was its weight rounded up? */
enum { UNTIMED = 0, TIMED = 1, TIMED_FOR_ALL = 2, ROUNDED_UP = 3 };

/* The lifetimes of a site's first blocks are measured all, then of every
 * eighth: reading the clock twice a block is the dearest part of recording it. */
#define TIMED_FIRST 64u
#define TIMED_EVERY 8u

uint32_t vp_heap_never, vp_heap_has_unseen_blocks;
uint64_t vp_heap_frees_unseen_ns;

/* Counters of a shard have one writer; readers only need whole words. */
static inline void add(uint64_t *counter, uint64_t value, int shared)
{
	if (__builtin_expect(shared, 0))
		__atomic_fetch_add(counter, value, __ATOMIC_RELAXED);
	else
		__atomic_store_n(counter, *counter + value, __ATOMIC_RELAXED);
}

int vp_track_heap_init(void)
{
	vp_shards_init();
	vp_peak_init();
	return vp_live_init();
}

static inline uint64_t read_clock(struct vp_thread *thread)
{
	uint64_t now = vp_clock_now();

	if (thread) {
		thread->now_ns = now;
		thread->now_tick = __atomic_load_n(&vp_clock_tick, __ATOMIC_RELAXED);
	}
	return now;
}

void vp_heap_frees_seen(void)
{
	__atomic_store_n(&vp_heap_frees_unseen_ns, vp_clock_now(), __ATOMIC_RELAXED);
	__atomic_fetch_add(&vp_clock_tick, 1, __ATOMIC_RELAXED); /* what is born now is younger */
}

/* The time, to a tick. */
static inline uint64_t about_now(struct vp_thread *thread)
{
	if (thread && thread->now_tick == __atomic_load_n(&vp_clock_tick, __ATOMIC_RELAXED))
		return thread->now_ns;
	return read_clock(thread);
}

static inline int sampling(void)
{
	return vp_control.heap == VPROF_HEAP_SAMPLE;
}

static double chance_of(uint64_t bytes)
{
	/* malloc(0) is as likely as malloc(1): it must have some chance. */
	return vp_poisson_chance((double)(bytes ? bytes : 1) / (double)vp_config.heap_sample_bytes);
}

/* 1 / p blocks, rounded up (by chance, so that the mean is right) or down; z / p
 * bytes, which are not rounded with them: for z of about the mean distance that
 * would double the variance. */
static struct amount sampled_amount(uint64_t bytes, int up)
{
	double chance = chance_of(bytes);
	uint64_t blocks = (uint64_t)(1 / chance) + (up != 0);

	return (struct amount){blocks, (uint64_t)((double)bytes / chance + 0.5),
			       (double)bytes * (double)bytes * (1 - chance) / (chance * chance)};
}

static inline struct amount amount_of(const struct vp_block *block)
{
	if (sampling())
		return sampled_amount(block->bytes, block->mark == ROUNDED_UP);
	return (struct amount){1, block->bytes, 0};
}

/* Draws the next gap.  Returns 0 at a thread's very first allocation, which no
 * gap preceded, if its gap does not end in it. */
static int next_gap(struct vp_thread *thread, size_t bytes)
{
	int first = thread->random == 0;

	if (first) {
		thread->random =
		    vp_clock_mono() ^ (uint64_t)thread->tid << 32 ^ (uint64_t)(uintptr_t)thread;
		thread->random |= 1;
		for (int i = 0; i < 8; i++)
			vp_poisson_random(&thread->random);
	}
	vp_tls.heap_left = vp_poisson_gap(&thread->random, vp_config.heap_sample_bytes);
	if (!first)
		return 1;
	if (vp_heap_skip(bytes))
		return 0;
	vp_tls.heap_left = vp_poisson_gap(&thread->random, vp_config.heap_sample_bytes);
	return 1;
}

static uint8_t round_weight(struct vp_thread *thread, uint64_t bytes)
{
	double weight = 1 / chance_of(bytes);
	double rest = weight - (double)(uint64_t)weight;
	double u = (double)(vp_poisson_random(&thread->random) >> 11) * 0x1p-53;

	return u < rest ? ROUNDED_UP : UNTIMED;
}

/* The row that counts a stack for this thread, under the label in force: when that
 * changes, track/label.c forgets the site used last. */
static inline struct vprof_site *site_of_node(struct vp_thread *thread, uint32_t node,
					      uint32_t *row)
{
	if (thread->site_node != node || !thread->site) {
		struct vp_site_label label = {thread->label, thread->label_number};

		thread->site = vp_shard_site(thread->shard, node, label, &thread->site_row);
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

static inline struct vprof_thread *thread_row(struct vp_thread *thread, int *shared)
{
	*shared = !thread || !thread->row_id;
	return thread ? thread->row : vp_table_row(VPROF_SEC_THREADS, 0);
}

static inline void count_alloc(struct vp_thread *thread, struct vprof_site *site, int shared,
			       const struct amount *amount)
{
	int row_shared;
	struct vprof_thread *row = thread_row(thread, &row_shared);

	add(&row->allocs, amount->blocks, row_shared);
	add(&row->alloc_bytes, amount->bytes, row_shared);
	note_peak(site);
	add(&site->allocs, amount->blocks, shared);
	add(&site->alloc_bytes, amount->bytes, shared);
	if (sampling()) {
		add(&site->sampled, 1, shared);
		site->variance += amount->variance;
	}
	vp_peak_grow(thread, amount->bytes);
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
	site = vp_shard_site(shard, site->node,
			     (struct vp_site_label){site->label, site->label_number}, &block_row);
	*shared |= !block_row;
	return site;
}

static inline void count_lifetime(struct vp_thread *thread, struct vprof_site *site, int shared,
				  const struct vp_block *block, uint64_t blocks)
{
	uint64_t now;

	if (!sampling() && block->mark == UNTIMED)
		return;
	now = read_clock(thread);
	if (!sampling() && block->mark == TIMED_FOR_ALL)
		blocks = TIMED_EVERY;
	add(&site->lifetime[lifetime_bucket(now > block->birth_ns ? now - block->birth_ns : 0)],
	    blocks, shared);
}

static inline void count_free(struct vp_thread *thread, const struct vp_block *block, int temporary)
{
	struct amount amount = amount_of(block);
	int shared, row_shared;
	struct vprof_site *site = row_for_free(thread, block->site, &shared);
	struct vprof_thread *row = thread_row(thread, &row_shared);

	note_peak(site);
	add(&site->frees, amount.blocks, shared);
	add(&site->freed_bytes, amount.bytes, shared);
	if (temporary)
		add(&site->temporary, amount.blocks, shared);
	if (sampling()) {
		add(&site->sampled_freed, 1, shared);
		site->freed_variance += amount.variance;
	}
	count_lifetime(thread, site, shared, block, amount.blocks);
	add(&row->frees, amount.blocks, row_shared);
	add(&row->freed_bytes, amount.bytes, row_shared);
	vp_peak_shrink(thread, amount.bytes);
}

/* A call through a pointer may be of another function each time. */
static inline void note_function(struct vprof_site *site, enum vprof_alloc function)
{
	if (!site->function)
		site->function = (uint16_t)function;
	else if (site->function != function)
		site->function = VPROF_ALLOC_OTHER;
}

/* Sets block->mark and the time of birth. */
static inline void mark_block(struct vp_thread *thread, struct vprof_site *site,
			      enum vprof_alloc function, struct vp_block *block)
{
	if (sampling()) {
		block->mark = thread ? round_weight(thread, block->bytes) : UNTIMED;
		block->birth_ns = read_clock(thread);
	} else if (site->allocs < TIMED_FIRST || site->allocs % TIMED_EVERY == 0) {
		block->mark = site->allocs < TIMED_FIRST ? TIMED : TIMED_FOR_ALL;
		block->birth_ns = read_clock(thread);
		note_function(site, function);
	} else {
		block->mark = UNTIMED;
		block->birth_ns = about_now(thread);
	}
}

static inline void record_alloc(void *ptr, size_t bytes, enum vprof_alloc function,
				const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_thread_self();
	struct vp_block block = {.bytes = bytes}, stale;
	struct vprof_site *site;
	struct amount amount;
	enum vp_live_stored stored;

	if (__builtin_expect(thread != NULL, 1)) {
		if (sampling() && !next_gap(thread, bytes))
			return;
		site = site_of_node(thread, vp_capture_stack(&thread->stack, caller), &block.site);
		thread->last_alloc = ptr;
	} else {		/* a thread past its end still runs a little of libc */
		if (sampling()) /* no random state is left: one gap of the mean */
			vp_tls.heap_left = vp_config.heap_sample_bytes;
		site = vp_shard_site(vp_shard_common(), VPROF_NODE_OVERFLOW,
				     (struct vp_site_label){0, 0}, &block.site);
	}
	mark_block(thread, site, function, &block);
	site->last_ns = block.birth_ns;
	amount = amount_of(&block);
	count_alloc(thread, site, !thread || thread->shard->shared || !block.site, &amount);
	stored = vp_live_put((uintptr_t)ptr, &block, &stale);
	if (__builtin_expect(stored == VP_LIVE_REPLACED, 0))
		count_free(thread, &stale, 0);
	else if (__builtin_expect(stored == VP_LIVE_NO_MEMORY, 0))
		vp_lost(VPROF_LOST_BLOCKS, 1);
}

unsigned vp_heap_age_bucket(const struct vp_block *block, uint64_t now_ns, uint64_t *blocks)
{
	*blocks = amount_of(block).blocks;
	return lifetime_bucket(now_ns > block->birth_ns ? now_ns - block->birth_ns : 0);
}

void vp_heap_alloc_slow(void *ptr, size_t bytes, enum vprof_alloc function,
			const struct vp_regs *caller)
{
	/* In a pause only frees are seen: a block recorded before must not
	 * stay live for ever. */
	if (vp_control.paused || !vp_busy_enter())
		return;
	record_alloc(ptr, bytes, function, caller);
	vp_busy_leave();
}

/* In sample mode most frees are of blocks that were never recorded, and after a
 * pause so are those of the blocks it hid; in a forked child it may be one of
 * the parent's. */
static inline void count_unknown(void *ptr)
{
	if (sampling())
		return;
	if (!vp_file.header->pauses && !vp_heap_has_unseen_blocks)
		vp_lost(VPROF_LOST_UNKNOWN_FREES, 1);
	vp_live_forget((uintptr_t)ptr);
}

void vp_heap_free_slow(void *ptr)
{
	struct vp_thread *thread;
	struct vp_block block;

	if (!vp_busy_enter())
		return;
	thread = vp_thread_self();
	if (__builtin_expect(vp_live_take((uintptr_t)ptr, &block), 1))
		count_free(thread, &block, thread && thread->last_alloc == ptr && !sampling());
	else
		count_unknown(ptr);
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

void vp_heap_realloc_done_slow(void *old, void *ptr, size_t bytes, struct vp_block *block)
{
	struct vp_block stale;

	if (!vp_busy_enter())
		return;
	if (!ptr && bytes) { /* failed: the old block lives on */
		if (block && vp_live_put((uintptr_t)old, block, &stale) == VP_LIVE_NO_MEMORY)
			vp_lost(VPROF_LOST_BLOCKS, 1);
	} else if (block) {
		count_free(vp_thread_self(), block, 0);
	} else {
		count_unknown(old);
	}
	vp_busy_leave();
}
