#include "model/run.h"

double vr_percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0.0;
}

uint64_t vr_paused_ns(const struct vr_file *file)
{
	const struct vprof_header *h = &file->header;
	uint64_t end = vr_file_duration_ns(file);

	return h->paused_ns +
	       (h->paused && end > h->paused_since_ns ? end - h->paused_since_ns : 0);
}

uint64_t vr_recorded_ns(const struct vr_file *file)
{
	uint64_t all = vr_file_duration_ns(file), paused = vr_paused_ns(file), most = 0;

	for (size_t i = 0; file->header.pauses && i < file->n_members; i++) {
		uint64_t one = vr_recorded_ns(file->member[i]);

		most = one > most ? one : most;
	}
	if (file->n_members && file->header.pauses)
		return most;
	return all > paused ? all - paused : 0;
}

size_t vr_windows(const struct vr_file *file, struct vprof_window out[VPROF_WINDOWS], int *known)
{
	const struct vprof_header *h = &file->header;
	uint64_t end = vr_file_duration_ns(file);
	uint32_t most = h->windows < VPROF_WINDOWS ? h->windows : VPROF_WINDOWS;
	size_t count = 0;

	*known = !h->pauses || h->windows || h->pause_why != VPROF_PAUSE_NONE;
	if (!h->pauses) {
		out[0] = (struct vprof_window){0, end};
		return 1;
	}
	for (uint32_t i = 0; i < most; i++) {
		struct vprof_window window = h->window[i];

		/* One that a damaged file made up leads nowhere. */
		if (!window.to_ns || window.to_ns > end)
			window.to_ns = end;
		if (window.from_ns <= window.to_ns &&
		    (!count || out[count - 1].to_ns <= window.from_ns))
			out[count++] = window;
	}
	return count;
}

/* CPU time of the program without its helper, and of samples, below which shares are chance. */
#define CPU_ENOUGH_NS	  100000000u
#define SAMPLED_ENOUGH_NS 50000000u

struct vr_overhead vr_overhead(const struct vr_profile *profile, const struct vr_cpu *cpu)
{
	const struct vprof_header *h = &profile->file->header;
	struct vr_overhead cost = {
	    .cpu_ns = h->own_cpu_ns,
	    .memory_bytes = h->own_memory_bytes,
	    .heap_bytes = h->own_heap_bytes,
	};

	cost.run_percent = vr_percent(cost.cpu_ns, vr_file_duration_ns(profile->file));
	cost.cpu_percent = vr_percent(cost.cpu_ns, h->cpu_ns);
	cost.hooks_percent = vr_percent(cpu->hooks_ns, cpu->total_ns + cpu->hooks_ns);
	cost.few = h->cpu_ns < cost.cpu_ns + CPU_ENOUGH_NS ||
		   (h->engine && cpu->total_ns + cpu->hooks_ns < SAMPLED_ENOUGH_NS);
	return cost;
}

struct vr_history vr_history(const struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	const struct vprof_header *h = &file->header;
	uint64_t end_ns = vr_file_duration_ns(file);
	struct vr_history history = {
	    .wrapped = file->wrapped,
	    .events_kept = file->n_events,
	    .events_written = h->events_written,
	};

	if (h->blocks_reserved > h->blocks_capacity)
		history.blocks_overwritten = h->blocks_reserved - h->blocks_capacity;
	history.lost_ns = file->oldest_event_ns < end_ns ? file->oldest_event_ns : end_ns;
	history.kept_ns = end_ns - history.lost_ns;
	return history;
}
