/* Rules about the record: what its numbers cannot tell. */
#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"

#define LOST_PERCENT_MIN 10.0

static int defines_malloc(const struct vr_seen *seen, struct vr_case *found)
{
	found->count = seen->heap->allocs;
	return (seen->profile->file->header.flags & VPROF_F_OWN_MALLOC) != 0;
}

static char *say_own_malloc(const struct vr_seen *seen, const struct vr_case *found)
{
	char count[VR_UNIT_MAX];

	(void)seen;
	return vr_xprintf("the program defines malloc itself: its own calls were not seen, those "
			  "of other objects were: %s",
			  vr_format_count(count, found->count));
}

const struct vr_rule vr_rule_own_malloc = {
    .name = "own-malloc",
    .examine = defines_malloc,
    .evidence = say_own_malloc,
    .next = "doctor",
};

static int nothing_recorded(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_file *file = seen->profile->file;

	(void)found;
	return file->header.pauses && !vr_recorded_ns(file);
}

static char *say_nothing_recorded(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_file *file = seen->profile->file;
	int waits = file->header.pause_why == VPROF_PAUSE_DELAY;

	(void)found;
	return vr_xprintf(
	    "nothing was recorded: %s%s",
	    waits ? "the delay was longer than the run" : "it began paused, and nobody resumed it",
	    file->status == VR_STATUS_RUNNING ? "; vprof-report ctl FILE resume begins it now"
					      : "");
}

const struct vr_rule vr_rule_nothing_recorded = {
    .name = "nothing-recorded",
    .examine = nothing_recorded,
    .evidence = say_nothing_recorded,
    .next = "timeline",
};

static int lost_samples(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vprof_header *h = &seen->profile->file->header;

	found->count = h->lost[VPROF_LOST_SAMPLES];
	found->percent = vr_percent(found->count, found->count + h->samples);
	return found->count && found->percent >= LOST_PERCENT_MIN;
}

static char *say_lost_samples(const struct vr_seen *seen, const struct vr_case *found)
{
	char count[VR_UNIT_MAX];

	(void)seen;
	return vr_xprintf("%s CPU samples were lost (%.0f%%)", vr_format_count(count, found->count),
			  found->percent);
}

const struct vr_rule vr_rule_lost_samples = {
    .name = "lost-samples",
    .examine = lost_samples,
    .evidence = say_lost_samples,
    .advice = "trust the order of functions, not their shares",
    .next = "doctor",
};

static int was_unsampled(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vprof_header *h = &seen->profile->file->header;

	found->count = h->cpu_ns;
	return h->cpu_hz && !h->engine;
}

static char *say_unsampled(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_file *file = seen->profile->file;
	const char *why = vr_file_string(file, file->header.engine_note);
	char used[VR_UNIT_MAX];

	return vr_xprintf("where %s of CPU time went is not known: no samples%s%s",
			  vr_format_ns(used, found->count), *why ? ": " : "", why);
}

const struct vr_rule vr_rule_unsampled = {
    .name = "unsampled",
    .examine = was_unsampled,
    .evidence = say_unsampled,
    .next = "doctor",
};
