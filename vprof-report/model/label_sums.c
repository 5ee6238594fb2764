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

static void add_heap(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;
	uint8_t *kept = profile->select.thread ? shards_kept(profile) : NULL;

	for (uint32_t i = 0; i < file->n_sites; i++) {
		const struct vprof_site *row = &file->site[i];

		if ((!kept || kept[row->shard]) && vr_profile_keeps_label(profile, row->label))
			add_site(&sums->of[row->label], row, file->header.peak_epoch);
	}
	free(kept);
	for (uint32_t i = 0; i < vr_file_string_ids(file); i++) {
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
			add_wait(&sums->of[row->label], !vr_lock_is_held(row->kind), row->waits,
				 row->wait_ns);
	}
	for (uint32_t i = 0; i < file->n_calls; i++) {
		const struct vprof_call *row = &file->call[i];

		if (!counts(profile, row->thread, row->label))
			continue;
		vr_call_row_classes(row, ns);
		for (uint32_t class = 0; class < VPROF_CLASS_COUNT; class ++)
			add_wait(&sums->of[row->label], vr_wall_is_idle(class), 0, ns[class]);
		if (ns[VPROF_CLASS_BLOCKED] || ns[VPROF_CLASS_LOCK])
			sums->of[row->label].waits +=
			    row->blocked - vr_least(row->idle, row->blocked);
	}
}

static void add_iterations(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;

	for (uint32_t i = 0; i < file->n_loops; i++) {
		const struct vprof_loop *row = &file->loop[i];

		if (!row->iterations || !counts(profile, row->thread, 0))
			continue;
		sums->of[0].iterations += row->iterations;
		sums->of[0].iteration_ns += row->busy_ns;
	}
	for (uint32_t i = 0; i < file->n_label_loops; i++) {
		const struct vprof_label_loop *row = &file->label_loop[i];
		struct vr_label_sum *sum = &sums->of[row->label];

		if (!row->label || !profile->keep_thread[file->loop[row->loop].thread])
			continue;
		/* Without a label is what is left. */
		sums->of[0].iterations -= vr_least(row->iterations, sums->of[0].iterations);
		sums->of[0].iteration_ns -= vr_least(row->busy_ns, sums->of[0].iteration_ns);
		if (!vr_profile_keeps_label(profile, row->label))
			continue;
		sum->iterations += row->iterations;
		sum->iteration_ns += row->busy_ns;
		sum->several += row->several;
		if (row->max_ns > sum->iteration_max_ns)
			sum->iteration_max_ns = row->max_ns;
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
			add_wait(&sums->of[label], idle, 1, event->value);
	}
}

static void add_times(const struct vr_profile *profile, struct vr_label_sums *sums)
{
	const struct vr_file *file = profile->file;
	uint8_t *kept = profile->select.thread ? shards_kept(profile) : NULL;

	for (uint32_t i = 1; i < file->n_heap_times; i++) {
		const struct vprof_heap_time *row = &file->heap_time[i];
		const struct vprof_site *site = &file->site[row->site];
		struct vr_label_sum *sum = &sums->of[site->label];

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

struct vr_label_sums *vr_label_sums_new(struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	struct vr_label_sums *sums = vr_xcalloc(1, sizeof(*sums));

	sums->of = vr_xcalloc(vr_file_string_ids(file) + 1, sizeof(*sums->of));
	sums->heap_known = file->header.heap_mode != VPROF_HEAP_OFF &&
			   (!profile->select.windowed || file->n_heap_times);
	/* A block may be freed in another thread. */
	sums->live_known = sums->heap_known && !profile->select.thread && !profile->select.windowed;
	if (sums->heap_known && profile->select.windowed)
		add_times(profile, sums);
	else if (sums->heap_known)
		add_heap(profile, sums);
	sums->loops_known = file->n_label_loops && !profile->select.windowed;
	if (sums->loops_known)
		add_iterations(profile, sums);
	if (profile->select.windowed)
		add_events(profile, sums);
	else
		add_tables(profile, sums);
	return sums;
}

void vr_label_sums_free(struct vr_label_sums *sums)
{
	if (!sums)
		return;
	free(sums->of);
	free(sums);
}
