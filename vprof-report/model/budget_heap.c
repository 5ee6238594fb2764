/* Budgets of the heap: the whole of it, and what was allocated under some function, in some
 * thread, between marks. */
#include <stdlib.h>

#include "model/budget_rows.h"

/* A counter of a row, as a signed number: what was freed may have been allocated before. */
static int64_t value_of(const struct vprof_site *row, enum vr_quantity quantity)
{
	switch (quantity) {
	case VR_Q_LIVE_BYTES:
		return (int64_t)(row->alloc_bytes - row->freed_bytes);
	case VR_Q_LIVE_BLOCKS:
		return (int64_t)(row->allocs - row->frees);
	case VR_Q_ALLOCS:
		return (int64_t)row->allocs;
	case VR_Q_FREES:
		return (int64_t)row->frees;
	case VR_Q_ALLOC_BYTES:
		return (int64_t)row->alloc_bytes;
	case VR_Q_FREED_BYTES:
		return (int64_t)row->freed_bytes;
	case VR_Q_TEMPORARY:
		return (int64_t)row->temporary;
	default:
		return 0;
	}
}

static uint64_t bytes_of(const struct vprof_site *row, enum vr_quantity quantity)
{
	switch (quantity) {
	case VR_Q_LIVE_BLOCKS:
		return row->alloc_bytes - row->freed_bytes;
	case VR_Q_FREES:
		return row->freed_bytes;
	case VR_Q_ALLOCS:
		return row->alloc_bytes;
	default:
		return 0;
	}
}

static enum vr_match match(struct vr_judging *judging, uint32_t row)
{
	const struct vprof_site *site = &judging->profile->file->site[row];
	uint32_t node = row ? site->node : VPROF_NODE_ROOT;
	enum vr_match stack = VR_YES, shard = vr_match_shard(judging, site->shard);

	if (shard != VR_NO && vr_matches_any(judging, 1u << VR_KEY_FUNCTION | 1u << VR_KEY_MODULE))
		stack = vr_match_stack(judging, node);
	shard = stack < shard ? stack : shard;
	stack = row ? vr_match_label(judging, site->label) : VR_MAYBE;
	if (!row && !vr_matches_any(judging, 1u << VR_KEY_LABEL))
		stack = VR_YES;
	return stack < shard ? stack : shard;
}

/* What cannot be told apart may be meant or not. */
static void add_rows(struct vr_judging *judging)
{
	const struct vr_file *file = judging->profile->file;
	enum vr_quantity quantity = judging->condition->metric.quantity;
	struct vr_found *found = judging->found;
	int64_t doubtful = 0;

	for (uint32_t i = 0; i < file->n_sites; i++) {
		const struct vprof_site *row = &file->site[i];
		int64_t value = value_of(row, quantity);
		enum vr_match meant = value ? match(judging, i) : VR_NO;

		if (meant == VR_NO)
			continue;
		if (meant == VR_MAYBE) {
			doubtful += value > 0 ? value : -value;
			continue;
		}
		found->low += (double)value;
		vr_found_add(found, &(struct vr_culprit){.node = row->node,
							 .thread = VPROF_NONE,
							 .value = (double)value,
							 .bytes = bytes_of(row, quantity),
							 .lock.kind = VR_LOCK_KINDS});
	}
	found->high = found->low;
	if (!doubtful)
		return;
	vr_found_doubt(found, "of %lld more it is not known whether they are of it",
		       (long long)doubtful);
	found->high = found->low + (double)doubtful;
}

/* Threads count for themselves, whatever became of stacks and shards. */
static void count_threads(struct vr_judging *judging)
{
	const struct vr_file *file = judging->profile->file;
	enum vr_quantity quantity = judging->condition->metric.quantity;
	struct vr_found *found = judging->found;
	double sum = 0;

	if (quantity == VR_Q_TEMPORARY ||
	    vr_matches_any(judging,
			   1u << VR_KEY_FUNCTION | 1u << VR_KEY_MODULE | 1u << VR_KEY_LABEL))
		return;
	for (uint32_t i = 0; i < file->n_threads; i++) {
		const struct vprof_thread *t = &file->thread[i];
		struct vprof_site as_site = {.allocs = t->allocs,
					     .frees = t->frees,
					     .alloc_bytes = t->alloc_bytes,
					     .freed_bytes = t->freed_bytes};
		int64_t value = value_of(&as_site, quantity);
		enum vr_match meant = vr_match_thread(judging, i);

		if (value && meant == VR_MAYBE)
			return; /* one of those that have no row */
		if (meant == VR_YES)
			sum += (double)value;
	}
	free(found->why);
	found->why = NULL;
	found->low = found->high = sum;
}

static void judge_part(struct vr_judging *judging)
{
	const struct vprof_header *h = &judging->file->header;
	struct vr_found *found = judging->found;

	add_rows(judging);
	count_threads(judging);
	if (vr_judging_unseen(judging))
		return;
	if (h->heap_mode == VPROF_HEAP_SAMPLE)
		vr_found_doubt(found, "the heap was sampled: heap=exact tells");
	if (h->lost[VPROF_LOST_BLOCKS] && (judging->condition->metric.quantity == VR_Q_LIVE_BYTES ||
					   judging->condition->metric.quantity == VR_Q_LIVE_BLOCKS))
		vr_found_doubt(found, "frees of %llu blocks were not seen",
			       (unsigned long long)h->lost[VPROF_LOST_BLOCKS]);
	if (h->lost[VPROF_LOST_REENTRANT])
		vr_found_doubt(found, "%llu calls within the profiler's own work were not counted",
			       (unsigned long long)h->lost[VPROF_LOST_REENTRANT]);
}

/* --- the whole heap -------------------------------------------------------------- */

static double whole_value(const struct vr_judging *judging)
{
	const struct vr_heap *heap = judging->heap;
	double value = 0;

	for (int i = 0; i < VR_VERDICTS; i++) {
		const struct vr_leak_sum *sum = &judging->leaks->sum[i];
		enum vr_quantity quantity = judging->condition->metric.quantity;

		if (judging->condition->verdicts & 1u << i)
			value += (double)(quantity == VR_Q_SITES    ? sum->sites
					  : quantity == VR_Q_BLOCKS ? sum->blocks
								    : sum->bytes);
	}
	switch (judging->condition->metric.quantity) {
	case VR_Q_PEAK_BYTES:
		return (double)heap->peak_bytes;
	case VR_Q_PEAK_BLOCKS:
		return (double)heap->peak_blocks;
	case VR_Q_LIVE_BYTES:
		return (double)heap->live_bytes;
	case VR_Q_LIVE_BLOCKS:
		return (double)heap->live_blocks;
	case VR_Q_ALLOCS:
		return (double)heap->allocs;
	case VR_Q_FREES:
		return (double)heap->frees;
	case VR_Q_ALLOC_BYTES:
		return (double)heap->alloc_bytes;
	case VR_Q_FREED_BYTES:
		return (double)heap->freed_bytes;
	case VR_Q_TEMPORARY:
		return (double)heap->temporary;
	default:
		return value;
	}
}

/* What was asked of verdicts can be told where somebody looked for them. */
static int examined(const struct vr_judging *judging)
{
	const struct vr_leaks *leaks = judging->leaks;
	unsigned verdicts = judging->condition->verdicts;

	for (unsigned i = 0; i < VR_VERDICTS; i++) {
		enum vr_examiner by = vr_verdict_facts((enum vr_verdict)i)->by;

		if (!(verdicts & 1u << i))
			continue;
		/* Of several verdicts the search tells most. */
		if (by == VR_BY_SEARCH || verdicts != 1u << i)
			return vr_leaks_gap(leaks) == VR_GAP_NONE;
		return leaks->growth_judged || leaks->nothing_live;
	}
	return 1;
}

static enum vr_heap_key key_of(enum vr_quantity quantity)
{
	switch (quantity) {
	case VR_Q_PEAK_BYTES:
	case VR_Q_PEAK_BLOCKS:
		return VR_HEAP_PEAK;
	case VR_Q_LIVE_BYTES:
	case VR_Q_LIVE_BLOCKS:
		return VR_HEAP_LIVE;
	case VR_Q_ALLOC_BYTES:
	case VR_Q_FREED_BYTES:
		return VR_HEAP_BYTES;
	case VR_Q_TEMPORARY:
		return VR_HEAP_TEMPORARY;
	default:
		return VR_HEAP_CALLS;
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct vr_culprit *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

static void blame_leaks(struct vr_judging *judging)
{
	struct vr_found *found = judging->found;

	for (size_t i = 0; i < judging->leaks->n_leaks; i++) {
		const struct vr_leak *leak = &judging->leaks->leak[i];

		if (judging->condition->verdicts & 1u << leak->verdict && !leak->excuse)
			vr_found_add(found, &(struct vr_culprit){.node = leak->node,
								 .thread = VPROF_NONE,
								 .value = (double)leak->blocks,
								 .bytes = leak->bytes,
								 .lock.kind = VR_LOCK_KINDS});
	}
	if (found->culprits)
		qsort(found->culprit, found->culprits, sizeof(*found->culprit), by_bytes);
}

static void blame_sites(struct vr_judging *judging)
{
	enum vr_heap_key key = key_of(judging->condition->metric.quantity);
	const struct vr_heap *heap = judging->heap;
	size_t *order = vr_heap_order(heap, key);

	for (size_t i = 0; i < heap->n_sites && i < 3; i++) {
		const struct vr_site *site = &heap->site[order[i]];

		vr_found_add(
		    judging->found,
		    &(struct vr_culprit){.node = site->node,
					 .thread = VPROF_NONE,
					 .value = (double)vr_site_value(site, key),
					 .bytes = key == VR_HEAP_CALLS ? site->alloc_bytes : 0,
					 .lock.kind = VR_LOCK_KINDS});
	}
	free(order);
}

static void judge_whole(struct vr_judging *judging)
{
	struct vr_found *found = judging->found;

	found->low = found->high = whole_value(judging);
	/* What was not looked for can only be more. */
	if (!examined(judging))
		vr_found_doubt(found, "that was not examined");
	if (judging->condition->verdicts)
		blame_leaks(judging);
	else
		blame_sites(judging);
}

void vr_judge_heap(struct vr_judging *judging)
{
	const struct vr_leaks *leaks = judging->leaks;

	if (judging->file->header.heap_mode == VPROF_HEAP_OFF ||
	    (!leaks->allocs && !leaks->searched)) {
		vr_found_unknown(judging->found, "that was not examined");
		return;
	}
	if (vr_matches_any(judging, 1u << VR_KEY_SPAN))
		vr_judge_allocs_in_spans(judging);
	else if (judging->between || judging->condition->filters)
		judge_part(judging);
	else
		judge_whole(judging);
}
