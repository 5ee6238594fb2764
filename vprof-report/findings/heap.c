/* Rules about the heap. */
#include <stdlib.h>

#include "cli/enough.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/responsible.h"
#include "model/run.h"
#include "text/names.h"

/* Below these a finding says more about the profile than about the program. */
#define GROWTH_BYTES_MIN      (1u << 20)
#define GROWTH_RUN_NS	      10000000000ull
#define ALLOCATOR_PERCENT_MIN 10.0
#define ALLOCATOR_CALLS_MIN   10000u
#define TEMPORARY_PERCENT_MIN 50.0
#define LEAK_BYTES_MIN	      1024u
#define LEAK_BLOCKS_MIN	      16u
#define UNSEARCHED_BYTES_MIN  (1u << 20)

static char *name_of(const struct vr_seen *seen, uint32_t node)
{
	return vr_caption_short(
	    seen->profile, vr_responsible_caption(seen->profile->stacks, node, 1), VR_PROSE_ROOM);
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

/* What a leak holds, with what only it leads to. */
static uint64_t weight_of(const struct vr_leaks *leaks, const struct vr_leak *leak)
{
	uint64_t bytes = leak->bytes;

	for (size_t i = 0; leak->verdict == VR_LOST && i < leaks->n_leaks; i++)
		if (leaks->leak[i].verdict == VR_INDIRECT && leaks->leak[i].owner == leak->node)
			bytes += leaks->leak[i].bytes;
	return bytes;
}

/* The weightiest leak of a kind, and the bytes of all of them.  What is lost comes before
 * what hangs on it. */
static const struct vr_leak *add_up(const struct vr_seen *seen, int growing, uint64_t *bytes,
				    uint64_t *blocks)
{
	const struct vr_leak *largest = NULL;
	uint64_t most = 0;

	*bytes = *blocks = 0;
	for (size_t i = 0; i < seen->leaks->n_leaks; i++) {
		const struct vr_leak *leak = &seen->leaks->leak[i];

		if (leak->excuse == VR_EXCUSE_SUPPRESSED ||
		    (leak->verdict == VR_GROWING) != growing || !vr_leak_counts(leak, 0))
			continue;
		*bytes += leak->bytes;
		*blocks += leak->blocks;
		if (largest &&
		    (leak->verdict == VR_INDIRECT || weight_of(seen->leaks, leak) <= most))
			continue;
		largest = leak;
		most = weight_of(seen->leaks, leak);
	}
	return largest;
}

static int sites_grow(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t blocks;

	found->leak = add_up(seen, 1, &found->count, &blocks);
	return found->leak != NULL;
}

static char *say_sites(const struct vr_seen *seen, const struct vr_case *found)
{
	char all[VR_UNIT_MAX], bytes[VR_UNIT_MAX];
	char *who = name_of(seen, found->leak->node);
	char *text =
	    seen->memory->rise == VR_RISE_GROWS && rose(seen)
		? vr_xappend(say_growth(seen, found), ", most of it (%s) from %s",
			     vr_format_bytes(bytes, found->leak->bytes), who)
		: vr_xprintf("%s in use, and growing without bound; most of it (%s) from %s",
			     vr_format_bytes(all, found->count),
			     vr_format_bytes(bytes, found->leak->bytes), who);

	free(who);
	return text;
}

const struct vr_rule vr_rule_growing = {
    .name = "growing",
    .examine = sites_grow,
    .evidence = say_sites,
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

/* --- allocating -------------------------------------------------------------- */

/* By function: call paths are many. */
struct sums {
	uint64_t allocs, temporary, bytes;
};

/* The function that allocates most often, the loader's work left out: that is once and for
 * all.  0: nobody does. */
static int find_busiest(const struct vr_seen *seen, struct vr_case *found)
{
	struct vr_stacks *stacks = seen->profile->stacks;
	uint32_t *function = vr_xcalloc(seen->heap->n_sites + 1, sizeof(*function));
	struct sums *sum;
	size_t best = 0;

	for (size_t i = 0; i < seen->heap->n_sites; i++) {
		uint32_t node = seen->heap->site[i].node;
		const struct vr_place *who =
		    vr_work_is_startup(stacks, node) ? NULL : vr_responsible_frame(stacks, node);

		function[i] = who ? who->function : VPROF_NONE;
	}
	sum = vr_xcalloc(stacks->n_functions + 1, sizeof(*sum));
	for (size_t i = 0; i < seen->heap->n_sites; i++) {
		const struct vr_site *site = &seen->heap->site[i];

		if (function[i] == VPROF_NONE)
			continue;
		sum[function[i]].allocs += site->allocs;
		sum[function[i]].temporary += site->temporary;
		sum[function[i]].bytes += site->alloc_bytes;
		if (sum[function[i]].allocs > sum[best].allocs)
			best = function[i];
	}
	if (sum[best].allocs) {
		found->function = &stacks->function[best];
		found->allocs = sum[best].allocs;
		found->temporary = sum[best].temporary;
		found->alloc_bytes = sum[best].bytes;
	}
	free(sum);
	free(function);
	return found->function != NULL;
}

static int is_temporary(const struct vr_case *found)
{
	return vr_percent(found->temporary, found->allocs) >= TEMPORARY_PERCENT_MIN;
}

/* A count alone is no cost: a million calls may be nothing beside the rest. */
static int allocating_is_much(const struct vr_seen *seen, struct vr_case *found)
{
	found->percent = vr_percent(seen->work.allocator_ns, seen->cpu->total_ns);
	if (seen->cpu->worth < VR_SAMPLES_ENOUGH ||
	    found->percent < ALLOCATOR_PERCENT_MIN || seen->heap->allocs < ALLOCATOR_CALLS_MIN ||
	    !find_busiest(seen, found))
		return 0;
	if (is_temporary(found))
		found->next = "heap --sort temporary";
	return 1;
}

static char *say_allocating(const struct vr_seen *seen, const struct vr_case *found)
{
	char calls[VR_UNIT_MAX], all[VR_UNIT_MAX], size[VR_UNIT_MAX];
	char *who =
	    vr_caption_short(seen->profile, vr_function_caption(found->function, 1), VR_PROSE_ROOM);
	char *text =
	    vr_xprintf("%.0f%% of the CPU time goes into malloc and free: %s allocation%s, %s of "
		       "them by %s, of %s on average",
		       found->percent, vr_format_count(all, seen->heap->allocs),
		       vr_plural(seen->heap->allocs), vr_format_count(calls, found->allocs), who,
		       vr_format_bytes(size, found->alloc_bytes / found->allocs));

	free(who);
	if (!is_temporary(found))
		return text;
	return vr_xappend(text, ", %.0f%% freed at once: reuse one buffer",
			  vr_percent(found->temporary, found->allocs));
}

const struct vr_rule vr_rule_allocator = {
    .name = "allocator",
    .examine = allocating_is_much,
    .evidence = say_allocating,
    .next = "heap --sort calls",
};

/* --- not freed --------------------------------------------------------------- */

/* Blocks that are reachable or the runtime's are nobody's fault. */
static int something_leaks(const struct vr_seen *seen, struct vr_case *found)
{
	uint64_t blocks;

	found->leak = add_up(seen, 0, &found->count, &blocks);
	return found->leak && (found->count >= LEAK_BYTES_MIN || blocks >= LEAK_BLOCKS_MIN);
}

static char *say_leak(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_leak *leak = found->leak;
	char bytes[VR_UNIT_MAX], all[VR_UNIT_MAX], blocks[VR_UNIT_MAX];
	uint64_t hanging = weight_of(seen->leaks, leak) - leak->bytes;
	char *who = name_of(seen, leak->node);
	char *text = vr_xprintf("%s leaked, nothing in use points to them: ",
				vr_format_bytes(all, found->count));

	if (leak->bytes < found->count)
		text = vr_xappend(text, "%s in ", vr_format_bytes(bytes, leak->bytes));
	text = vr_xappend(text, "%s block%s from %s", vr_format_count(blocks, leak->blocks),
			  leak->blocks == 1 ? "" : "s", who);
	free(who);
	return hanging ? vr_xappend(text, ", and %s that only they lead to",
				    vr_format_bytes(bytes, hanging))
		       : text;
}

const struct vr_rule vr_rule_leak = {
    .name = "leak",
    .examine = something_leaks,
    .evidence = say_leak,
    .next = "leaks",
};

/* Much is live, and nobody looked whether it is lost, because of how the process ended. */
static int was_unsearched(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_file *file = seen->profile->file;

	found->count = seen->heap->live_bytes;
	return file->status == VR_STATUS_KILLED && file->header.heap_mode == VPROF_HEAP_EXACT &&
	       !file->header.scan_count && found->count >= UNSEARCHED_BYTES_MIN;
}

static char *say_unsearched(const struct vr_seen *seen, const struct vr_case *found)
{
	char bytes[VR_UNIT_MAX];

	(void)seen;
	return vr_xprintf("killed with %s live, before anybody looked whether some of it is lost",
			  vr_format_bytes(bytes, found->count));
}

const struct vr_rule vr_rule_unsearched = {
    .name = "unsearched",
    .examine = was_unsearched,
    .evidence = say_unsearched,
    .advice = "VPROF_OPTIONS=leakscan=term looks at SIGTERM, leakscan_every=60 every minute",
    .next = "heap --sort live",
};
