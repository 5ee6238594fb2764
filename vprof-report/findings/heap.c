/* Rules about the heap. */
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"
#include "text/names.h"

/* Below these a finding says more about the profile than about the program. */
#define CHURN_BLOCKS_MIN  1000u
#define CHURN_PERCENT_MIN 50.0
#define GROWTH_BYTES_MIN  (1u << 20)
#define GROWTH_RUN_NS	  10000000000ull
#define UNFREED_BYTES_MIN (64u << 10)

static char *site_name(const struct vr_seen *seen, const struct vr_site *site)
{
	return vr_caption_short(seen->profile,
				vr_responsible_caption(seen->profile->stacks, site->node, 1),
				VR_PROSE_ROOM);
}

static int rose(const struct vr_seen *seen)
{
	const struct vr_shape_steady *steady = &seen->memory->shape[VR_MEMORY_HEAP].steady;

	return steady->found && steady->to_bytes - steady->from_bytes >= GROWTH_BYTES_MIN;
}

static char *say_growth(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_shape_steady *steady = &seen->memory->shape[VR_MEMORY_HEAP].steady;
	char from[VR_UNIT_MAX], to[VR_UNIT_MAX], when[VR_UNIT_MAX];

	(void)found;
	return vr_xprintf("the live heap kept growing after %s: from %s to %s",
			  vr_format_ns(when, steady->from_ns),
			  vr_format_bytes(from, steady->from_bytes),
			  vr_format_bytes(to, steady->to_bytes));
}

static int sites_grow(const struct vr_seen *seen, struct vr_case *found)
{
	(void)found;
	return seen->memory->rise == VR_RISE_GROWS && rose(seen);
}

const struct vr_rule vr_rule_growing = {
    .name = "growing",
    .examine = sites_grow,
    .evidence = say_growth,
    .next = "leaks",
};

/* The heap did in a time in which single sites could not be judged; a short program
 * grows because it does its work. */
static int heap_rises(const struct vr_seen *seen, struct vr_case *found)
{
	(void)found;
	return seen->memory->rise != VR_RISE_GROWS && rose(seen) &&
	       vr_file_duration_ns(seen->profile->file) >= GROWTH_RUN_NS;
}

const struct vr_rule vr_rule_rising = {
    .name = "rising",
    .examine = heap_rises,
    .evidence = say_growth,
    .next = "heap --sort live",
};

static int blocks_are_temporary(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_site *site = found->site = vr_heap_largest(seen->heap, VR_HEAP_TEMPORARY);

	return site && site->temporary >= CHURN_BLOCKS_MIN &&
	       vr_percent(site->temporary, site->allocs) >= CHURN_PERCENT_MIN;
}

static char *say_churn(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_site *site = found->site;
	char calls[VR_UNIT_MAX], size[VR_UNIT_MAX];
	char *who = site_name(seen, site);
	char *text = vr_xprintf("%s allocated %s blocks of %s, %.0f%% freed at once", who,
				vr_format_count(calls, site->allocs),
				vr_format_bytes(size, site->alloc_bytes / site->allocs),
				vr_percent(site->temporary, site->allocs));

	free(who);
	return text;
}

const struct vr_rule vr_rule_churn = {
    .name = "churn",
    .examine = blocks_are_temporary,
    .evidence = say_churn,
    .advice = "reuse one buffer",
    .next = "heap --sort temporary",
};

static int blocks_stay(const struct vr_seen *seen, struct vr_case *found)
{
	found->site = vr_heap_largest(seen->heap, VR_HEAP_LIVE);
	return found->site && seen->profile->file->status == VR_STATUS_EXITED &&
	       seen->heap->live_bytes >= UNFREED_BYTES_MIN;
}

static char *say_unfreed(const struct vr_seen *seen, const struct vr_case *found)
{
	char bytes[VR_UNIT_MAX], all[VR_UNIT_MAX];
	char *who = site_name(seen, found->site);
	char *text = vr_xprintf("%s were not freed, %s of it from %s",
				vr_format_bytes(all, seen->heap->live_bytes),
				vr_format_bytes(bytes, found->site->live_bytes), who);

	free(who);
	return text;
}

const struct vr_rule vr_rule_unfreed = {
    .name = "unfreed",
    .examine = blocks_stay,
    .evidence = say_unfreed,
    .next = "leaks",
};
