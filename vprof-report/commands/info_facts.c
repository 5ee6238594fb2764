#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "commands/info.h"
#include "model/cpu.h"

struct vr_overhead vr_overhead(const struct vr_profile *profile)
{
	const struct vprof_header *h = &profile->file->header;
	struct vr_overhead cost = {
	    .cpu_ns = h->own_cpu_ns,
	    .memory_bytes = h->own_memory_bytes,
	    .heap_bytes = h->own_heap_bytes,
	};

	cost.run_percent = vr_percent(cost.cpu_ns, vr_file_duration_ns(profile->file));
	cost.cpu_percent = vr_percent(cost.cpu_ns, h->cpu_ns);
	return cost;
}

struct vr_history vr_history(const struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	const struct vprof_header *h = &file->header;
	uint64_t end_ns = vr_file_duration_ns(file);
	struct vr_history history = {
	    .wrapped = file->wrapped,
	    .events_kept = file->events,
	    .events_written = h->events_written,
	};

	if (h->blocks_reserved > h->blocks_capacity)
		history.blocks_overwritten = h->blocks_reserved - h->blocks_capacity;
	history.lost_ns = file->oldest_event_ns < end_ns ? file->oldest_event_ns : end_ns;
	history.kept_ns = end_ns - history.lost_ns;
	return history;
}

char *vr_losses_text(const struct vr_file *file)
{
	char *text = NULL;

	for (unsigned i = 0; i < VPROF_LOST_COUNT; i++) {
		char count[VR_UNIT_MAX];
		char *longer;

		if (!file->header.lost[i] || !vr_lost_name(i))
			continue;
		longer = vr_xprintf("%s%s%s %s", text ? text : "", text ? ", " : "",
				    vr_lost_name(i), vr_format_count(count, file->header.lost[i]));
		free(text);
		text = longer;
	}
	return text;
}

const char *vr_heap_mode_name(uint32_t mode)
{
	static const char *const name[] = {"off", "exact", "sample"};

	return mode <= VPROF_HEAP_SAMPLE ? name[mode] : "unknown";
}

const char *vr_sym_state_text(enum vr_sym_state state)
{
	switch (state) {
	case VR_SYM_OK:
		return "symbols";
	case VR_SYM_STRIPPED:
		return "stripped";
	case VR_SYM_MISSING:
		return "missing";
	case VR_SYM_REBUILT:
		return "rebuilt";
	case VR_SYM_NOT_TRIED:
		return "unused";
	}
	return "unknown";
}
