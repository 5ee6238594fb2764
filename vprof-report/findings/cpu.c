/* Rules about CPU time. */
#include <stdlib.h>
#include <string.h>

#include "cli/enough.h"
#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"
#include "text/names.h"

/* Below these a finding says more about the profile than about the program. */
#define HOT_PERCENT_MIN	   5.0
#define HOT_SAMPLES_MIN	   8.0
#define KERNEL_PERCENT_MIN 30.0

static int enough(const struct vr_seen *seen)
{
	return seen->cpu->worth >= VR_SAMPLES_ENOUGH;
}

/* A share that a handful of samples makes is chance. */
static int is_sure(const struct vr_seen *seen, double percent)
{
	return enough(seen) && percent * (double)seen->cpu->worth / 100.0 >= HOT_SAMPLES_MIN;
}

static const struct vr_function *function_of(const struct vr_seen *seen, uint32_t function)
{
	return function == VPROF_NONE ? NULL : &seen->profile->stacks->function[function];
}

static const char *function_name(const struct vr_case *found)
{
	return found->function ? found->function->name : NULL;
}

/* --- the kernel's ------------------------------------------------------------ */

static int kernel_is_much(const struct vr_seen *seen, struct vr_case *found)
{
	found->percent = vr_percent(seen->work.kernel_ns, seen->cpu->total_ns);
	found->function = function_of(seen, seen->work.kernel_caller);
	if (!found->function)
		found->next = "tree";
	return is_sure(seen, found->percent) && found->percent >= KERNEL_PERCENT_MIN;
}

static char *say_kernel(const struct vr_seen *seen, const struct vr_case *found)
{
	char *text = vr_xprintf(
	    "%.0f%% of the CPU time is the kernel's: system calls and page faults", found->percent);
	char *caller;

	if (!found->function)
		return text;
	caller =
	    vr_caption_short(seen->profile, vr_function_caption(found->function, 1), VR_PROSE_ROOM);
	text = vr_xappend(text, "; %.0f%% of that for %s",
			  vr_percent(seen->work.kernel_caller_ns, seen->work.kernel_ns), caller);
	free(caller);
	return text;
}

const struct vr_rule vr_rule_kernel = {
    .name = "kernel",
    .examine = kernel_is_much,
    .evidence = say_kernel,
    .next = "callers",
    .operand = function_name,
};

/* --- one function ------------------------------------------------------------ */

static int function_is_hot(const struct vr_seen *seen, struct vr_case *found)
{
	found->function = function_of(seen, seen->work.top);
	if (found->function && vr_function_is_nameless(found->function))
		found->next = "doctor";
	found->percent = vr_percent(seen->work.top_ns, seen->cpu->total_ns);
	return is_sure(seen, found->percent) && found->function &&
	       found->percent >= HOT_PERCENT_MIN;
}

static char *say_hot_function(const struct vr_seen *seen, const struct vr_case *found)
{
	char *text = vr_xprintf("%.0f%% of the CPU time is spent in ", found->percent);
	char *where =
	    vr_caption_short(seen->profile, vr_function_caption(found->function, 1), VR_PROSE_ROOM);

	text =
	    vr_xappend(text, "%s itself%s", where,
		       found->next ? ", which has no name here: its file is stripped, or not the "
				     "one that ran"
				   : "");
	free(where);
	return text;
}

const struct vr_rule vr_rule_hot_function = {
    .name = "hot-function",
    .examine = function_is_hot,
    .evidence = say_hot_function,
    .next = "callers",
    .operand = function_name,
};

/* --- too few samples --------------------------------------------------------- */

/* That it waited all the time says it, too. */
static int is_short(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vprof_header *h = &seen->profile->file->header;

	struct vr_case idle = {0};

	found->count = seen->cpu->total_samples;
	if (h->heap_mode == VPROF_HEAP_OFF)
		found->next = "info";
	return h->engine && h->cpu_hz && !enough(seen) && !vr_rule_idle.examine(seen, &idle) &&
	       vr_recorded_ns(seen->profile->file);
}

/* CPU time after which there would have been enough, as it went: samples may be lost. */
static uint64_t needed_ns(const struct vr_seen *seen, uint64_t cpu_ns)
{
	uint64_t asked = VR_SAMPLES_ENOUGH * 1000000000ull / seen->profile->file->header.cpu_hz;
	uint64_t samples = seen->cpu->worth;
	uint64_t went = samples ? VR_SAMPLES_ENOUGH * cpu_ns / samples : 0;

	return went > asked ? went : asked;
}

/* The rate, in round numbers, at which this run would have been long enough; 0: none that
 * can be had. */
static uint64_t rate_for(const struct vprof_header *h, uint64_t needed, uint64_t cpu_ns)
{
	uint64_t hz;

	if (h->engine != VPROF_ENGINE_PERF || !cpu_ns)
		return 0;
	hz = (uint64_t)((double)h->cpu_hz * (double)needed / (double)cpu_ns);
	hz = (hz / 1000 + 1) * 1000;
	return hz <= 20000 ? hz : 0;
}

static char *say_short(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vprof_header *h = &seen->profile->file->header;
	uint64_t cpu_ns = seen->cpu->total_ns > h->cpu_ns ? seen->cpu->total_ns : h->cpu_ns;
	uint64_t needed = needed_ns(seen, cpu_ns), hz = rate_for(h, needed, cpu_ns);
	char used[VR_UNIT_MAX], count[VR_UNIT_MAX], least[VR_UNIT_MAX];
	char *worth = seen->cpu->worth * 2 < found->count
			  ? vr_xprintf(", as sure as %llu,", (unsigned long long)seen->cpu->worth)
			  : vr_xstrdup("");
	char *text = vr_xprintf("too short to say where its CPU time goes: %s sample%s%s in %s; %u "
				"are enough, %s at %u Hz",
				vr_format_count(count, found->count), found->count == 1 ? "" : "s",
				worth, vr_format_ns(used, cpu_ns), VR_SAMPLES_ENOUGH,
				vr_format_ns(least, needed), h->cpu_hz);

	free(worth);

	return hz ? vr_xappend(text, " (VPROF_OPTIONS=cpu=%llu takes more)", (unsigned long long)hz)
		  : text;
}

const struct vr_rule vr_rule_short = {
    .name = "short",
    .examine = is_short,
    .evidence = say_short,
    .next = "heap",
};
