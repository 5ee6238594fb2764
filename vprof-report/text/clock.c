#include "text/clock.h"

#include <stdlib.h>

#include "cli/units.h"
#include "cli/xalloc.h"
#include "model/run.h"
#include "text/json.h"

/* In the order in which they are told. */
static const struct {
	uint32_t class;
	const char *name, *member;
} classes[] = {
    {VPROF_CLASS_BLOCKED, "blocked", "blocked_ns"},
    {VPROF_CLASS_LOCK, "for locks", "lock_ns"},
    {VPROF_CLASS_PREEMPTED, "preempted", "preempted_ns"},
    {VPROF_CLASS_FAULT, "for pages", "fault_ns"},
    {VPROF_CLASS_UNHOOKED, "unhooked", "unhooked_ns"},
    {VPROF_CLASS_IDLE, "idle", "idle_ns"},
    {VPROF_CLASS_PACED, "paced", "paced_ns"},
};
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

/* ", 20.0 ms blocked, 5.0 ms for locks" */
static char *append_classes(char *text, const struct vr_wall *wall, int idle)
{
	char ns[VR_UNIT_MAX];

	for (size_t i = 0; i < CLASSES; i++)
		if (wall->ns[classes[i].class] && vr_wall_is_idle(classes[i].class) == idle)
			text = vr_xappend(text, ", %s %s",
					  vr_format_ns(ns, wall->ns[classes[i].class]),
					  classes[i].name);
	return text;
}

/* Of the run, or the window. */
static uint64_t span_ns(const struct vr_profile *profile)
{
	uint64_t end_ns = vr_file_duration_ns(profile->file);

	if (profile->select.until_ns < end_ns)
		end_ns = profile->select.until_ns;
	return profile->select.since_ns < end_ns ? end_ns - profile->select.since_ns : 0;
}

/* What a sample stands for differs where threads switch very often. */
static int is_uneven(const struct vr_cpu *cpu)
{
	return cpu->worth * 2 < cpu->total_samples;
}

void vr_clock_print_worth(const struct vr_context *ctx, const struct vr_cpu *cpu)
{
	char worth[VR_UNIT_MAX];

	if (is_uneven(cpu))
		fprintf(ctx->out, "         as sure as %s samples of equal weight\n",
			vr_format_count(worth, cpu->worth));
}

char *vr_clock_text(const struct vr_profile *profile, const struct vr_cpu *cpu)
{
	char ns[VR_UNIT_MAX], threads[VR_UNIT_MAX], samples[VR_UNIT_MAX];
	char *text, *idle;

	vr_format_count(samples, cpu->total_samples);
	if (!cpu->wall)
		return vr_xprintf("%s CPU time, %s sample%s%s", vr_format_ns(ns, cpu->total_ns),
				  samples, vr_plural(cpu->total_samples),
				  is_uneven(cpu) ? " of unequal weight" : "");
	text = vr_xprintf("%.3f thread-seconds (%s thread%s in %s): ", (double)cpu->total_ns / 1e9,
			  vr_format_count(threads, cpu->wall->threads),
			  vr_plural(cpu->wall->threads), vr_format_ns(ns, span_ns(profile)));
	text = vr_xappend(text, "%s on a CPU (%s sample%s)", vr_format_ns(ns, cpu->on_cpu_ns),
			  samples, vr_plural(cpu->total_samples));
	text = append_classes(text, cpu->wall, 0);
	idle = append_classes(vr_xstrdup(""), cpu->wall, 1);
	if (*idle && profile->select.idle)
		text = vr_xappend(text, "%s", idle);
	else if (*idle)
		text = vr_xappend(text, "; left out%s (--idle shows it)", idle + 1);
	free(idle);
	return text;
}

json_t *vr_clock_json(const struct vr_cpu *cpu)
{
	json_t *clock;

	if (!cpu->wall)
		return json_null();
	clock = json_object();
	vr_json_set_u64(clock, "threads", cpu->wall->threads);
	vr_json_set_u64(clock, "thread_ns", cpu->total_ns);
	vr_json_set_u64(clock, "run_ns", cpu->on_cpu_ns);
	for (size_t i = 0; i < CLASSES; i++)
		vr_json_set_u64(clock, classes[i].member, cpu->wall->ns[classes[i].class]);
	return clock;
}
