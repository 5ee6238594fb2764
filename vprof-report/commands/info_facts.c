#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "commands/info.h"
#include "model/cpu.h"

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
	    .events_kept = file->events,
	    .events_written = h->events_written,
	};

	if (h->blocks_reserved > h->blocks_capacity)
		history.blocks_overwritten = h->blocks_reserved - h->blocks_capacity;
	history.lost_ns = file->oldest_event_ns < end_ns ? file->oldest_event_ns : end_ns;
	history.kept_ns = end_ns - history.lost_ns;
	return history;
}

/* What a loss means to the reader of a report; %s is the count. */
static const char *const loss_text[VPROF_LOST_COUNT] = {
    [VPROF_LOST_SAMPLES] = "%s CPU samples",
    [VPROF_LOST_THROTTLES] = "sampling throttled %s times",
    [VPROF_LOST_NODES] = "%s stacks cut by a full stack table",
    [VPROF_LOST_SITES] = "%s heap events without a site of their own",
    [VPROF_LOST_THREADS] = "%s threads without a row",
    [VPROF_LOST_MODULES] = "%s modules",
    [VPROF_LOST_CPU_ROWS] = "%s samples without a stack of their own",
    [VPROF_LOST_STRINGS] = "%s names",
    [VPROF_LOST_EVENTS] = "%s events",
    [VPROF_LOST_BLOCKS] = "%s heap blocks not tracked",
    [VPROF_LOST_UNKNOWN_FREES] = "%s frees of blocks from before the start",
    [VPROF_LOST_REENTRANT] = "%s events inside the profiler",
    [VPROF_CUT_NO_INFO] = "%s stacks cut at code without unwind rules",
    [VPROF_CUT_COPY_END] = "%s stacks cut at the end of their copy",
    [VPROF_CUT_DEPTH] = "%s stacks cut at the depth limit",
    [VPROF_CUT_BAD_FRAME] = "%s stacks cut at a bad frame",
    [VPROF_LOST_LOCK_ROWS] = "%s waits for locks without a row of their own",
    [VPROF_LOST_THREAD_EVENTS] = "%s threads without CPU samples",
    [VPROF_LOST_LABELS] = "%s labels",
};

char *vr_losses_text(const struct vr_file *file)
{
	char *text = NULL;

	for (unsigned i = 0; i < VPROF_LOST_COUNT; i++) {
		const char *phrase = loss_text[i];
		const char *rest;
		char count[VR_UNIT_MAX];
		char *longer;

		if (!file->header.lost[i] || !phrase)
			continue;
		rest = strstr(phrase, "%s");
		longer = vr_xprintf("%s%s%.*s%s%s", text ? text : "", text ? ", " : "",
				    (int)(rest - phrase), phrase,
				    vr_format_count(count, file->header.lost[i]), rest + 2);
		free(text);
		text = longer;
	}
	if (file->header.flags & VPROF_F_NO_ROOM) {
		char when[VR_UNIT_MAX];
		char *longer =
		    vr_xprintf("%s%sno room for the file to grow at %s", text ? text : "",
			       text ? ", " : "", vr_format_ns(when, file->header.room_ns));

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
