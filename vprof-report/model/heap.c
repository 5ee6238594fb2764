#include "model/heap.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/order.h"
#include "cli/xalloc.h"

/* Differences of counters wrap when one thread frees what another allocated
 * and a row is read in between; a sum below zero is a reading in flight. */
static uint64_t not_negative(uint64_t value)
{
	return (int64_t)value < 0 ? 0 : value;
}

/* Adds one row.  Live and peak are sums modulo 2^64 until all are in. */
static void add_row(struct vr_site *site, const struct vprof_site *row, uint64_t peak_epoch)
{
	uint64_t live_bytes = row->alloc_bytes - row->freed_bytes;
	uint64_t live_blocks = row->allocs - row->frees;
	/* A row of an older epoch has not changed since the peak. */
	int stored = row->peak_epoch >= peak_epoch;

	site->allocs += row->allocs;
	site->alloc_bytes += row->alloc_bytes;
	site->frees += row->frees;
	site->freed_bytes += row->freed_bytes;
	site->live_bytes += live_bytes;
	site->live_blocks += live_blocks;
	site->peak_bytes += stored ? row->peak_bytes : live_bytes;
	site->peak_blocks += stored ? row->peak_blocks : live_blocks;
	site->temporary += row->temporary;
	site->variance += row->variance;
	site->live_variance += row->variance - row->freed_variance;
	if (row->allocs && (site->first_ns == 0 || row->first_ns < site->first_ns))
		site->first_ns = row->first_ns;
	if (row->last_ns > site->last_ns)
		site->last_ns = row->last_ns;
	for (size_t i = 0; i < VPROF_LIFETIME_BUCKETS; i++)
		site->lifetime[i] += row->lifetime[i];
}

/* The stack a row belongs to, with names for the rows that have none. */
static uint32_t row_node(const struct vr_profile *profile, uint32_t row)
{
	uint32_t node = profile->file->site[row].node;

	if (row == 0 && node <= VPROF_NODE_OVERFLOW)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_SITE_FULL);
	if (node == VPROF_NODE_ROOT)
		return vr_stacks_pseudo(profile->stacks, VR_PSEUDO_NO_STACK);
	return node;
}

/* Marks the stacks that a selected thread allocated in. A block may be freed
 * in another thread's row, so a site is counted as a whole or not at all. */
static uint8_t *select_nodes(const struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	uint8_t *shard = vr_xcalloc(UINT16_MAX + 1u, 1);
	uint8_t *node = vr_xcalloc(profile->stacks->n_nodes, 1);

	for (uint32_t i = 0; i < file->n_threads; i++)
		if (profile->keep_thread[i] && file->thread[i].state != VPROF_THREAD_FREE)
			shard[file->thread[i].shard] = 1;
	for (uint32_t i = 0; i < file->n_sites; i++)
		if (file->site[i].allocs && shard[file->site[i].shard])
			node[row_node(profile, i)] |= 1;
	for (uint32_t i = 0; i < file->n_sites; i++)
		if (file->site[i].allocs && !shard[file->site[i].shard])
			node[row_node(profile, i)] |= 2;
	free(shard);
	return node;
}

/* What the rows are added to. */
struct build {
	struct vr_profile *profile;
	struct vr_heap *heap;
	struct vr_map by_node;
	size_t room;
	uint8_t *keep; /* by node; NULL: all */
};

/* The site that a row of SITES counts for; NULL: it is not selected. */
static struct vr_site *site_of(struct build *b, uint32_t row)
{
	struct vr_profile *profile = b->profile;
	struct vr_heap *heap = b->heap;
	const char *glob = profile->select.module;
	uint32_t node = row_node(profile, row), *at;
	int added;

	if (!vr_profile_keeps_label(profile, profile->file->site[row].label))
		return NULL;
	if (b->keep && !(b->keep[node] & 1))
		return NULL;
	if (glob && !vr_stacks_touches(profile->stacks, node, glob))
		return NULL;
	if (b->keep && b->keep[node] & 2)
		heap->shared = 1;
	at = vr_map_at(&b->by_node, node, &added);
	if (added) {
		heap->site = vr_xgrow(heap->site, heap->n_sites, &b->room, sizeof(*heap->site));
		heap->site[heap->n_sites] = (struct vr_site){.node = node};
		*at = (uint32_t)heap->n_sites++;
	}
	return &heap->site[*at];
}

static void add_rows(struct build *b)
{
	const struct vr_file *file = b->profile->file;

	for (uint32_t i = 0; i < file->n_sites; i++) {
		const struct vprof_site *row = &file->site[i];
		struct vr_site *site = row->allocs || row->frees ? site_of(b, i) : NULL;

		if (site)
			add_row(site, row, file->header.peak_epoch);
	}
}

int vr_heap_time_inside(const struct vr_profile *profile, const struct vprof_heap_time *row)
{
	return vr_profile_in_window(profile, row->from_ns + (row->to_ns - row->from_ns) / 2);
}

static int is_cut(const struct vprof_heap_time *row, uint64_t at_ns)
{
	return row->from_ns < at_ns && at_ns < row->to_ns;
}

/* What a site's counters rose by between two readings. */
static void add_time(struct build *b, const struct vprof_heap_time *row)
{
	const struct vr_select *select = &b->profile->select;
	int inside = vr_heap_time_inside(b->profile, row);
	struct vr_site *site;

	if (!inside && row->from_ns >= select->until_ns)
		return;
	site = site_of(b, row->site);
	if (!site)
		return;
	if (is_cut(row, select->since_ns) || is_cut(row, select->until_ns))
		b->heap->cut_bytes += row->alloc_bytes;
	if (inside || row->to_ns <= select->until_ns) {
		site->live_blocks += row->allocs - row->frees;
		site->live_bytes += row->alloc_bytes - row->freed_bytes;
	}
	if (!inside)
		return;
	site->allocs += row->allocs;
	site->alloc_bytes += row->alloc_bytes;
	site->frees += row->frees;
	site->freed_bytes += row->freed_bytes;
	site->temporary += row->temporary;
	if (row->allocs && (!site->first_ns || row->from_ns < site->first_ns))
		site->first_ns = row->from_ns;
	if (row->allocs && row->to_ns > site->last_ns)
		site->last_ns = row->to_ns;
}

static void add_times(struct build *b)
{
	const struct vr_file *file = b->profile->file;
	const struct vprof_heap_times_head *head = (const void *)file->heap_time;

	for (uint32_t i = 1; i < file->n_heap_times; i++)
		if (file->heap_time[i].to_ns)
			add_time(b, &file->heap_time[i]);
	b->heap->windowed = 1;
	if (!file->n_heap_times)
		return;
	b->heap->step_ns = head->step_ns;
	b->heap->nameless = head->nameless;
}

static void add_up(struct vr_heap *heap)
{
	for (size_t i = 0; i < heap->n_sites; i++) {
		struct vr_site *site = &heap->site[i];

		site->live_bytes = not_negative(site->live_bytes);
		site->live_blocks = not_negative(site->live_blocks);
		site->peak_bytes = not_negative(site->peak_bytes);
		site->peak_blocks = not_negative(site->peak_blocks);
		/* What rounding leaves of a difference is nothing. */
		if (!(site->live_variance > site->variance * 1e-9))
			site->live_variance = 0;
		heap->variance += site->variance;
		heap->live_variance += site->live_variance;
		heap->allocs += site->allocs;
		heap->frees += site->frees;
		heap->alloc_bytes += site->alloc_bytes;
		heap->freed_bytes += site->freed_bytes;
		heap->live_bytes += site->live_bytes;
		heap->live_blocks += site->live_blocks;
		heap->peak_bytes += site->peak_bytes;
		heap->peak_blocks += site->peak_blocks;
		heap->temporary += site->temporary;
	}
}

static struct vr_heap *new_heap(struct vr_profile *profile, void (*add)(struct build *b))
{
	const struct vprof_header *header = &profile->file->header;
	struct vr_heap *heap = vr_xcalloc(1, sizeof(*heap));
	struct build b = {.profile = profile, .heap = heap};

	heap->sampled = header->heap_mode == VPROF_HEAP_SAMPLE;
	heap->sample_bytes = header->heap_sample_bytes;
	b.keep = profile->select.thread ? select_nodes(profile) : NULL;
	add(&b);
	heap->selected = b.keep || profile->select.module || profile->keep_label;
	vr_map_free(&b.by_node);
	free(b.keep);
	add_up(heap);
	return heap;
}

struct vr_heap *vr_heap_new(struct vr_profile *profile)
{
	const struct vprof_header *header = &profile->file->header;
	struct vr_heap *heap = new_heap(profile, add_rows);

	if (!heap->selected) {
		heap->peak_bytes = header->peak_bytes;
		heap->peak_blocks = header->peak_blocks;
	}
	return heap;
}

struct vr_heap *vr_heap_new_window(struct vr_profile *profile)
{
	return profile->select.windowed ? new_heap(profile, add_times) : vr_heap_new(profile);
}

void vr_heap_free(struct vr_heap *heap)
{
	if (!heap)
		return;
	free(heap->site);
	free(heap);
}

static struct vr_interval interval(const struct vr_heap *heap, uint64_t total, double variance)
{
	if (!heap->sampled)
		return (struct vr_interval){0, 0, 0};
	return vr_interval_of(total, variance, heap->sample_bytes);
}

struct vr_interval vr_heap_interval(const struct vr_heap *heap)
{
	return interval(heap, heap->alloc_bytes, heap->variance);
}

struct vr_interval vr_heap_live_interval(const struct vr_heap *heap)
{
	return interval(heap, heap->live_bytes, heap->live_variance);
}

struct vr_interval vr_site_interval(const struct vr_heap *heap, const struct vr_site *site)
{
	return interval(heap, site->alloc_bytes, site->variance);
}

struct vr_interval vr_site_live_interval(const struct vr_heap *heap, const struct vr_site *site)
{
	return interval(heap, site->live_bytes, site->live_variance);
}

uint64_t vr_site_value(const struct vr_site *site, enum vr_heap_key key)
{
	switch (key) {
	case VR_HEAP_BYTES:
		return site->alloc_bytes;
	case VR_HEAP_CALLS:
		return site->allocs;
	case VR_HEAP_LIVE:
		return site->live_bytes;
	case VR_HEAP_PEAK:
		return site->peak_bytes;
	case VR_HEAP_TEMPORARY:
		return site->temporary;
	}
	return 0;
}

static int by_value(const void *a, const void *b, void *arg)
{
	const struct vr_site *x = a;
	const struct vr_site *y = b;
	enum vr_heap_key key = *(enum vr_heap_key *)arg;
	int order = vr_larger_first(vr_site_value(x, key), vr_site_value(y, key));

	return order ? order : vr_smaller_first(x->node, y->node);
}

size_t *vr_heap_order(const struct vr_heap *heap, enum vr_heap_key key)
{
	return vr_order(heap->site, heap->n_sites, sizeof(*heap->site), by_value, &key);
}

const struct vr_site *vr_heap_largest(const struct vr_heap *heap, enum vr_heap_key key)
{
	return vr_order_first(heap->site, heap->n_sites, sizeof(*heap->site), by_value, &key);
}

int vr_site_median(const struct vr_site *site)
{
	uint64_t total = 0;
	uint64_t seen = 0;

	for (size_t i = 0; i < VPROF_LIFETIME_BUCKETS; i++)
		total += site->lifetime[i];
	for (size_t i = 0; i < VPROF_LIFETIME_BUCKETS && total; i++) {
		seen += site->lifetime[i];
		if (seen >= total - seen)
			return (int)i;
	}
	return -1;
}

uint64_t vr_lifetime_limit_ns(int bucket)
{
	return bucket + 1 >= (int)VPROF_LIFETIME_BUCKETS ? UINT64_MAX : 1000ull << bucket;
}
