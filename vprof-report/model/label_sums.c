#include "model/label_sums.h"

#include <stdlib.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/calls.h"
#include "model/heap.h"
#include "model/locks.h"
#include "model/wall.h"

static uint64_t not_negative(uint64_t value)
{
	return (int64_t)value < 0 ? 0 : value;
}

static void add_site(struct vr_label_sum *to, const struct vprof_site *row, uint64_t peak_epoch)
{
	int stored = row->peak_epoch >= peak_epoch; /* as in model/heap.c */

	to->allocs += row->allocs;
	to->alloc_bytes += row->alloc_bytes;
	to->frees += row->frees;
	to->freed_bytes += row->freed_bytes;
	to->temporary += row->temporary;
	to->live_blocks += row->allocs - row->frees;
	to->live_bytes += row->alloc_bytes - row->freed_bytes;
	to->peak_blocks += stored ? row->peak_blocks : row->allocs - row->frees;
	to->peak_bytes += stored ? row->peak_bytes : row->alloc_bytes - row->freed_bytes;
}

/* By shard: whether a selected thread has it; free() it. */
static uint8_t *shards_kept(const struct vr_profile *profile)
{
	uint8_t *kept = vr_xcalloc(UINT16_MAX + 1u, 1);

	for (uint32_t i = 0; i < profile->file->n_threads; i++)
		if (profile->keep_thread[i] && vr_profile_thread_used(profile, i))
			kept[profile->file->thread[i].shard] = 1;
	return kept;
}

static struct vr_label_sum *sum_of(const struct vr_label_sums *sums, uint32_t thread,
				   uint32_t label)
{
	return &sums->of[sums->thread_of_shard ? thread : label];
}

static struct vr_label_sum *sum_of_site(const struct vr_label_sums *sums,
					const struct vprof_site *site)
{
	return sum_of(sums, sums->thread_of_shard ? sums->thread_of_shard[site->shard] : 0,
		      site->label);
}

static size_t count_of(const struct vr_label_sums *sums, const struct vr_file *file)
{
	return sums->thread_of_shard ? file->n_threads : vr_file_string_ids(file);
}

static void add_heap(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;
	uint8_t *kept = profile->select.thread ? shards_kept(profile) : NULL;

	for (uint32_t i = 0; i < file->n_sites; i++) {
		const struct vprof_site *row = &file->site[i];

		if ((!kept || kept[row->shard]) && vr_profile_keeps_label(profile, row->label))
			add_site(sum_of_site(sums, row), row, file->header.peak_epoch);
	}
	free(kept);
	for (size_t i = 0; i < count_of(sums, file); i++) {
		struct vr_label_sum *sum = &sums->of[i];

		sum->live_blocks = not_negative(sum->live_blocks);
		sum->live_bytes = not_negative(sum->live_bytes);
		sum->peak_blocks = not_negative(sum->peak_blocks);
		sum->peak_bytes = not_negative(sum->peak_bytes);
	}
}

static void add_wait(struct vr_label_sum *to, int idle, uint64_t times, uint64_t ns)
{
	if (idle)
		to->idle_ns += ns;
	else
		to->wait_ns += ns;
	to->waits += idle ? 0 : times;
}

static int counts(const struct vr_profile *profile, uint32_t thread, uint32_t label)
{
	return profile->keep_thread[thread] && vr_profile_keeps_label(profile, label);
}

static void add_tables(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;
	uint64_t ns[VPROF_CLASS_COUNT];

	for (uint32_t i = 0; i < file->n_locks; i++) {
		const struct vprof_lock *row = &file->lock[i];

		if (counts(profile, row->thread, row->label) && !vr_lock_is_call(row->kind))
			add_wait(sum_of(sums, row->thread, row->label), !vr_lock_is_held(row->kind),
				 row->waits, row->wait_ns);
	}
	for (uint32_t i = 0; i < file->n_calls; i++) {
		const struct vprof_call *row = &file->call[i];
		struct vr_label_sum *sum = sum_of(sums, row->thread, row->label);

		if (!counts(profile, row->thread, row->label))
			continue;
		vr_call_row_classes(row, ns);
		for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++)
			add_wait(sum, vr_wall_is_idle(class), 0, ns[class]);
		if (ns[VPROF_CLASS_BLOCKED] || ns[VPROF_CLASS_LOCK])
			sum->waits += row->blocked - vr_least(row->idle, row->blocked);
	}
}

/* Without a label is what is left. */
static void add_all_iterations(const struct vr_profile *profile, struct vr_label_sum *none)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_loops; i++) {
		const struct vprof_loop *row = &file->loop[i];

		if (!row->iterations || !counts(profile, row->thread, 0))
			continue;
		none->iterations += row->iterations;
		none->iteration_ns += row->busy_ns;
	}
	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		const struct vprof_label_loop *row = &file->label_loop[i];

		if (!row->label || !profile->keep_thread[file->loop[row->loop].thread])
			continue;
		none->iterations -= vr_least(row->iterations, none->iterations);
		none->iteration_ns -= vr_least(row->busy_ns, none->iteration_ns);
	}
}

static void add_iterations(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;

	if (!sums->thread_of_shard)
		add_all_iterations(profile, &sums->of[0]);
	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		const struct vprof_label_loop *row = &file->label_loop[i];
		uint32_t thread = file->loop[row->loop].thread;
		struct vr_label_sum *sum = sum_of(sums, thread, row->label);

		if (!row->label || !counts(profile, thread, row->label))
			continue;
		sum->iterations += row->iterations;
		sum->iteration_ns += row->busy_ns;
		sum->several += row->several;
		sum->iteration_max_ns = vr_most(sum->iteration_max_ns, row->max_ns);
	}
}

static void add_spans(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_spans; i++) {
		const struct vprof_span *row = &file->span[i];
		struct vr_label_sum *sum;

		if (!(row->flags & VPROF_SPAN_NAMED) || !counts(profile, row->thread, row->label))
			continue;
		sum = sum_of(sums, row->thread, row->label);
		sum->spans += row->count;
		sum->span_ns += row->time_ns;
		sum->span_max_ns = vr_most(sum->span_max_ns, row->max_ns);
	}
}

static void add_events(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;

	for (size_t i = 0; i < file->n_events; i++) {
		const struct vprof_event *event = &file->event[i];
		uint32_t label;
		int idle;

		if (event->kind == VPROF_EV_WAIT) {
			if (vr_lock_is_call(file->lock[event->arg].kind))
				continue;
			label = file->lock[event->arg].label;
			idle = !vr_lock_is_held(file->lock[event->arg].kind);
		} else if (event->kind == VPROF_EV_CALL) {
			label = file->call[event->arg].label;
			idle = vr_wall_is_idle(event->flags);
		} else {
			continue;
		}
		if (vr_profile_in_window(profile, event->t_ns) &&
		    counts(profile, event->thread, label))
			add_wait(sum_of(sums, event->thread, label), idle, 1, event->value);
	}
}

static void add_times(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;
	uint8_t *kept = profile->select.thread ? shards_kept(profile) : NULL;

	for (uint32_t i = 1; i < file->n_heap_times; i++) {
		const struct vprof_heap_time *row = &file->heap_time[i];
		const struct vprof_site *site = &file->site[row->site];
		struct vr_label_sum *sum = sum_of_site(sums, site);

		if (!row->to_ns || (kept && !kept[site->shard]) ||
		    !vr_profile_keeps_label(profile, site->label) ||
		    !vr_heap_time_inside(profile, row))
			continue;
		sum->allocs += row->allocs;
		sum->alloc_bytes += row->alloc_bytes;
		sum->frees += row->frees;
		sum->freed_bytes += row->freed_bytes;
		sum->temporary += row->temporary;
	}
	free(kept);
}

static void add_all(struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;
	int windowed = profile->select.windowed;

	sums->heap_known =
	    file->header.heap_mode != VPROF_HEAP_OFF && (!windowed || file->n_heap_times);
	/* A block may be freed in another thread. */
	sums->live_known = sums->heap_known && !profile->select.thread && !windowed;
	sums->loops_known = file->n_label_loops && !windowed;
	sums->spans_known = file->n_spans && !windowed;
	if (sums->heap_known && windowed)
		add_times(profile, sums);
	else if (sums->heap_known)
		add_heap(profile, sums);
	if (sums->loops_known)
		add_iterations(profile, sums);
	if (sums->spans_known)
		add_spans(profile, sums);
	if (windowed)
		add_events(profile, sums);
	else
		add_tables(profile, sums);
}

struct vr_label_sums *vr_label_sums_new(struct vr_profile *profile)
{
	struct vr_label_sums *sums = vr_xcalloc(1, sizeof(*sums));

	sums->of = vr_xcalloc(vr_file_string_ids(profile->file) + 1, sizeof(*sums->of));
	add_all(profile, sums);
	return sums;
}

/* A shard is handed to a later thread when its own has ended: then it is of none alone. */
static void find_shards(const struct vr_file *file, struct vr_label_sums *sums)
{
	for (uint32_t i = 1; i < file->n_threads; i++) {
		uint32_t *of = &sums->thread_of_shard[file->thread[i].shard];

		if (file->thread[i].state == VPROF_THREAD_FREE ||
		    file->thread[i].flags & VPROF_THREAD_HELPER)
			continue;
		sums->of[i].heap_shared = *of != 0;
		if (*of)
			sums->of[*of].heap_shared = 1;
		else
			*of = i;
	}
}

struct vr_label_sums *vr_label_sums_new_by_thread(struct vr_profile *profile)
{
	struct vr_label_sums *sums = vr_xcalloc(1, sizeof(*sums));

	sums->of = vr_xcalloc(profile->file->n_threads + 1u, sizeof(*sums->of));
	sums->thread_of_shard = vr_xcalloc(UINT16_MAX + 1u, sizeof(*sums->thread_of_shard));
	find_shards(profile->file, sums);
	add_all(profile, sums);
	return sums;
}

void vr_label_sums_free(struct vr_label_sums *sums)
{
	if (!sums)
		return;
	free(sums->of);
	free(sums->thread_of_shard);
	free(sums);
}
