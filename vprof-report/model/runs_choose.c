/* Which record of a run is meant where none is named. */
#include <string.h>

#include "cli/text.h"
#include "model/run.h"
#include "model/runs.h"

/* A descendant that used more of the run's CPU time than this is what the run was about. */
#define HEAVY_PERCENT 80.0
/* Of what is known to start others: less of its tree's CPU time than this was its own. */
#define LAUNCHER_PERCENT 50.0
/* Of any other program that started another one: it did next to nothing itself. */
#define LIGHT_PERCENT 10.0
/* A launcher that used so little is none the less one, whatever the program did. */
#define IDLE_NS 100000000ull
/* Shares of less CPU time than this are chance. */
#define WORTH_NS 50000000ull

static const char *const launchers[] = {
    "sh",	"bash",	    "dash",    "zsh",	  "ksh",     "mksh",	  "fish",     "busybox",
    "env",	"timeout",  "make",    "gmake",	  "ninja",   "ctest",	  "nice",     "nohup",
    "ionice",	"taskset",  "chrt",    "numactl", "setsid",  "setarch",	  "stdbuf",   "sudo",
    "doas",	"su",	    "runuser", "setpriv", "chroot",  "unshare",	  "nsenter",  "prlimit",
    "strace",	"ltrace",   "perf",    "time",	  "xargs",   "parallel",  "find",     "watch",
    "script",	"flock",    "tini",    "gosu",	  "su-exec", "dumb-init", "fakeroot", "faketime",
    "unbuffer", "vprof-run"};

static int is_named(const char *name)
{
	for (size_t i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++)
		if (strcmp(launchers[i], name) == 0)
			return 1;
	return 0;
}

static const char *exe_of(const struct vr_process *process)
{
	return vr_file_string(process->file, process->file->header.exe);
}

static int is_launcher(const struct vr_process *process)
{
	return is_named(vr_text_base(exe_of(process))) || is_named(vr_called_name(process->file));
}

/* Is `at` the process, or did it come of it? */
static int came_of(const struct vr_runs *runs, uint32_t at, uint32_t process)
{
	while (at != VPROF_NONE && at != process)
		at = runs->process[at].parent;
	return at == process;
}

/* Of those that came of a process and are another program than it, without passing by
 * another one: the one with most CPU time in its tree.  VPROF_NONE: there is none. */
static uint32_t started(const struct vr_runs *runs, uint32_t process)
{
	const struct vr_process *p = &runs->process[process];
	uint32_t best = VPROF_NONE;

	for (uint32_t i = process + 1; i < runs->count && runs->process[i].run == p->run; i++) {
		const struct vr_process *one = &runs->process[i];

		if (!came_of(runs, i, process) || strcmp(exe_of(one), exe_of(p)) == 0)
			continue;
		if (best != VPROF_NONE && came_of(runs, i, best))
			continue;
		if (best == VPROF_NONE || one->tree_cpu_ns > runs->process[best].tree_cpu_ns)
			best = i;
	}
	return best;
}

/* CPU time of a process and of what was forked from it as the same program. */
static uint64_t program_ns(const struct vr_runs *runs, uint32_t process)
{
	uint64_t ns = 0;

	for (uint32_t i = process; i < runs->count; i++)
		if (came_of(runs, i, process) &&
		    strcmp(exe_of(&runs->process[i]), exe_of(&runs->process[process])) == 0)
			ns += runs->process[i].cpu_ns;
	return ns;
}

/* The program a process became, or VPROF_NONE. */
static uint32_t became(const struct vr_runs *runs, uint32_t process)
{
	for (uint32_t i = process + 1; i < runs->count; i++)
		if (runs->process[i].parent == process &&
		    runs->process[i].descent == VR_DESCENT_EXEC)
			return i;
	return VPROF_NONE;
}

/* Did it do next to nothing but start others? */
static int only_started(const struct vr_runs *runs, uint32_t process)
{
	const struct vr_process *p = &runs->process[process];
	uint64_t own_ns = program_ns(runs, process);
	double own = vr_percent(own_ns, p->tree_cpu_ns);

	if (is_launcher(p))
		return own < LAUNCHER_PERCENT || own_ns < IDLE_NS;
	return own < LIGHT_PERCENT && p->tree_cpu_ns >= WORTH_NS;
}

/* What a process was there for: what it became, or started and did next to nothing
 * besides; VPROF_NONE: itself. */
static uint32_t passed_on(const struct vr_runs *runs, uint32_t process)
{
	uint32_t other = became(runs, process);

	if (other != VPROF_NONE)
		return other;
	other = started(runs, process);
	return other != VPROF_NONE && only_started(runs, process) ? other : VPROF_NONE;
}

static uint32_t heaviest(const struct vr_runs *runs, size_t first, size_t count)
{
	size_t best = first;

	for (size_t i = first; i < first + count; i++)
		if (runs->process[i].cpu_ns > runs->process[best].cpu_ns)
			best = i;
	return (uint32_t)best;
}

struct vr_chosen vr_run_choose(const struct vr_runs *runs, uint32_t run)
{
	size_t first, count = vr_run_processes(runs, run, &first);
	struct vr_chosen chosen = {.process = (uint32_t)first, .past = VPROF_NONE};
	uint64_t all_ns = count ? runs->process[first].tree_cpu_ns : 0;
	uint32_t most, other;

	if (count < 2) {
		chosen.cpu_percent = 100;
		return chosen;
	}
	most = heaviest(runs, first, count);
	chosen.choice = VR_CHOICE_FIRST;
	if (most != first && all_ns >= WORTH_NS &&
	    vr_percent(runs->process[most].cpu_ns, all_ns) > HEAVY_PERCENT) {
		chosen.choice = VR_CHOICE_HEAVY;
		chosen.process = most;
	}
	while (chosen.choice != VR_CHOICE_HEAVY &&
	       (other = passed_on(runs, chosen.process)) != VPROF_NONE) {
		chosen.choice = VR_CHOICE_PROGRAM;
		chosen.past = chosen.process;
		chosen.process = other;
	}
	chosen.cpu_percent = vr_percent(runs->process[chosen.process].cpu_ns, all_ns);
	return chosen;
}
