/* Rules about CPU time. */
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"
#include "text/names.h"

/* Below these a finding says more about the profile than about the program. */
#define HOT_SAMPLES_MIN 20u
#define HOT_PERCENT_MIN 5.0

/* The function with most time of its own. */
static int find_top(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_cpu_function *top = seen->function;

	if (!seen->functions || seen->cpu->total_samples < HOT_SAMPLES_MIN)
		return 0;
	found->function = &seen->profile->stacks->function[top->function];
	found->percent = vr_percent(top->self_ns, seen->cpu->total_ns);
	return found->percent >= HOT_PERCENT_MIN;
}

static int kernel_is_top(const struct vr_seen *seen, struct vr_case *found)
{
	return find_top(seen, found) && strcmp(found->function->name, "[kernel]") == 0;
}

static char *say_kernel(const struct vr_seen *seen, const struct vr_case *found)
{
	(void)seen;
	return vr_xprintf("%.0f%% of the CPU time is the kernel's: system calls and page faults",
			  found->percent);
}

const struct vr_rule vr_rule_kernel = {
    .name = "kernel",
    .examine = kernel_is_top,
    .evidence = say_kernel,
    .next = "tree",
};

static int function_is_top(const struct vr_seen *seen, struct vr_case *found)
{
	return find_top(seen, found) && strcmp(found->function->name, "[kernel]") != 0;
}

static char *say_hot_function(const struct vr_seen *seen, const struct vr_case *found)
{
	char *text = vr_xprintf("%.0f%% of the CPU time is spent in ", found->percent);
	char *where =
	    vr_caption_short(seen->profile, vr_function_caption(found->function, 1), VR_PROSE_ROOM);

	text = vr_xappend(text, "%s itself", where);
	free(where);
	return text;
}

static const char *function_name(const struct vr_case *found)
{
	return found->function->name;
}

const struct vr_rule vr_rule_hot_function = {
    .name = "hot-function",
    .examine = function_is_top,
    .evidence = say_hot_function,
    .next = "callers",
    .operand = function_name,
};
