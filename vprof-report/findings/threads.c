/* Rules about what threads did with their time. */
#include <inttypes.h>
#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "findings/rules.h"
#include "model/run.h"
#include "text/threads.h"

/* Below these a finding says more about the profile than about the program. */
#define DELAY_NS	  100000000u
#define DELAY_PERCENT_MIN 25.0 /* of the time in which it wanted a CPU */
#define DELAY_LIFE_MIN	  5.0  /* of its life */
#define SPIN_NS		  500000000u
#define IDLE_RUN_NS	  1000000000u
#define IDLE_PERCENT_MAX  5.0

/* Much of what it wanted. */
static int lacked_cpu(const struct vr_thread *thread)
{
	return thread->run_delay_ns >= DELAY_NS &&
	       vr_percent(thread->run_delay_ns, thread->run_delay_ns + thread->cpu_ns) >=
		   DELAY_PERCENT_MIN &&
	       vr_percent(thread->run_delay_ns, thread->wall_ns) >= DELAY_LIFE_MIN;
}

/* The thread that was kept from running longest. */
static int is_kept_from_running(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_thread *thread =
	    vr_threads_longest(seen->profile, seen->threads, VR_MOSTLY_RUNNABLE, &found->thread);

	if (!thread || !lacked_cpu(thread))
		return 0;
	found->count = thread->run_delay_ns;
	found->percent = vr_percent(thread->run_delay_ns, thread->run_delay_ns + thread->cpu_ns);
	return 1;
}

static char *say_kept_from_running(const struct vr_seen *seen, const struct vr_case *found)
{
	char *who = vr_thread_text(seen->profile, seen->threads, found->thread);
	char delay[VR_UNIT_MAX];
	char *text =
	    vr_xprintf("%s was runnable and did not run for %s, %.0f%% of the time it wanted a CPU",
		       who, vr_format_ns(delay, found->count), found->percent);
	uint32_t others = 0;

	for (uint32_t i = 1; i < seen->profile->file->n_threads; i++)
		others += i != found->thread && seen->profile->keep_thread[i] &&
			  lacked_cpu(&seen->threads[i]);
	if (others)
		text = vr_xappend(text, ", and so %s %" PRIu32 " more thread%s",
				  others == 1 ? "was" : "were", others, others == 1 ? "" : "s");
	free(who);
	return text;
}

const struct vr_rule vr_rule_runnable = {
    .name = "runnable",
    .examine = is_kept_from_running,
    .evidence = say_kept_from_running,
    .advice = "other processes, its own threads or a quota had it",
    .next = "threads --sort runq",
};

static int is_spinning(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_thread *thread =
	    vr_threads_longest(seen->profile, seen->threads, VR_MOSTLY_SPINS, &found->thread);

	return thread && thread->cpu_ns >= SPIN_NS;
}

static char *say_spinning(const struct vr_seen *seen, const struct vr_case *found)
{
	const struct vr_thread *thread = &seen->threads[found->thread];
	char *who = vr_thread_text(seen->profile, seen->threads, found->thread);
	char cpu[VR_UNIT_MAX];
	char *text =
	    vr_xprintf("%s spins: of %s on a CPU it asks %s for %.0f%%", who,
		       vr_format_ns(cpu, thread->cpu_ns), thread->spin.asks, thread->spin.percent);

	free(who);
	return vr_spin_caller(seen->profile, text, &thread->spin);
}

const struct vr_rule vr_rule_spins = {
    .name = "spins",
    .examine = is_spinning,
    .evidence = say_spinning,
    .next = "threads",
};

/* Hardly any CPU time; that it waited is known only where run delay is. */
static int is_idle(const struct vr_seen *seen, struct vr_case *found)
{
	const struct vr_file *file = seen->profile->file;
	const struct vr_thread *longest;

	found->count = vr_recorded_ns(file);
	found->percent = vr_percent(seen->cpu->total_ns, found->count);
	longest =
	    vr_threads_longest(seen->profile, seen->threads, VR_MOSTLY_RUNNABLE, &found->thread);
	if (longest && vr_percent(longest->run_delay_ns, found->count) >= IDLE_PERCENT_MAX)
		return 0;
	return file->header.engine && found->count >= IDLE_RUN_NS &&
	       found->percent < IDLE_PERCENT_MAX;
}

static int waits_are_known(const struct vr_seen *seen)
{
	for (uint32_t i = 1; i < seen->profile->file->n_threads; i++)
		if (seen->threads[i].wall_ns && !vr_profile_is_helper(seen->profile, i) &&
		    (!seen->threads[i].split ||
		     seen->threads[i].unsplit_ns > seen->threads[i].waited_ns))
			return 0;
	return 1;
}

static char *say_idle(const struct vr_seen *seen, const struct vr_case *found)
{
	char run[VR_UNIT_MAX];

	if (!waits_are_known(seen))
		return vr_xprintf("the process used %.1f%% of one CPU in %s; whether it waited or "
				  "was kept from running is not known",
				  found->percent, vr_format_ns(run, found->count));
	return vr_xprintf("the process waited most of the time: %.1f%% of one CPU in %s",
			  found->percent, vr_format_ns(run, found->count));
}

const struct vr_rule vr_rule_idle = {
    .name = "idle",
    .examine = is_idle,
    .evidence = say_idle,
    .next = "timeline --format table",
};
