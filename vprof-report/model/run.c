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
