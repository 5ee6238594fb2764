#include "model/threads.h"

#include <stdlib.h>

#include "base/order.h"
#include "cli/xalloc.h"
#include "model/cpu.h"
#include "model/run.h"

/* A shorter life tells nothing of how a thread lives. */
#define LIFE_MIN_NS 10000000u
/* A thread that spins is hardly ever off the CPU of its own will. */
#define SPIN_PERCENT_MIN 90.0

const char *vr_mostly_name(enum vr_mostly mostly)
{
	static const char *const name[] = {
	    [VR_MOSTLY_WAITED] = "waited",
	    [VR_MOSTLY_RUNNABLE] = "runnable",
	    [VR_MOSTLY_BUSY] = "busy",
	    [VR_MOSTLY_SPINS] = "spins",
	};

	return mostly <= VR_MOSTLY_SPINS ? name[mostly] : NULL;
}

const char *vr_thread_why_unsplit(const struct vprof_thread *row)
{
	if (row->flags & VPROF_THREAD_RUN_DELAY)
		return NULL;
	if (row->flags & VPROF_THREAD_SCHED_EMPTY)
		return "this kernel keeps no account of it (/proc/PID/schedstat is all zeros)";
	if (row->flags & VPROF_THREAD_SCHED_CLOSED)
		return "/proc/PID/schedstat could not be read";
	return "nobody read it: no helper, or an older library";
}

static void split_time(const struct vr_profile *profile, uint32_t i, struct vr_thread *thread)
{
	const struct vprof_thread *row = &profile->file->thread[i];
	uint64_t end_ns =
	    row->state == VPROF_THREAD_ENDED ? row->end_ns : vr_file_duration_ns(profile->file);
	uint64_t off_ns;

	thread->wall_ns = vr_less(end_ns, row->start_ns);
	thread->cpu_ns = vr_cpu_thread_ns(profile, i);
	thread->switches = (row->flags & VPROF_THREAD_SWITCHES) != 0;
	thread->split = (row->flags & VPROF_THREAD_RUN_DELAY) != 0;
	if (!thread->split)
		return;
	/* The clocks of the kernel's accounts and ours differ by a little. */
	off_ns = vr_less(thread->wall_ns, thread->cpu_ns);
	thread->run_delay_ns = row->run_delay_ns < off_ns ? row->run_delay_ns : off_ns;
	off_ns -= thread->run_delay_ns;
	thread->unsplit_ns = row->unsplit_ns < off_ns ? row->unsplit_ns : off_ns;
	thread->waited_ns = off_ns - thread->unsplit_ns;
}

static enum vr_mostly judge(const struct vr_thread *thread)
{
	uint64_t cpu_ns = thread->cpu_ns < thread->wall_ns ? thread->cpu_ns : thread->wall_ns;

	if (thread->wall_ns < LIFE_MIN_NS)
		return VR_MOSTLY_UNKNOWN;
	if (!thread->split)
		return cpu_ns * 2 > thread->wall_ns ? VR_MOSTLY_BUSY : VR_MOSTLY_UNKNOWN;
	if (thread->unsplit_ns >= cpu_ns && thread->unsplit_ns >= thread->run_delay_ns &&
	    thread->unsplit_ns >= thread->waited_ns)
		return VR_MOSTLY_UNKNOWN;
	if (thread->run_delay_ns >= cpu_ns && thread->run_delay_ns >= thread->waited_ns)
		return VR_MOSTLY_RUNNABLE;
	return cpu_ns >= thread->waited_ns ? VR_MOSTLY_BUSY : VR_MOSTLY_WAITED;
}

/* Rows of CPU in the order of their threads. */
static void sort_cpu(const struct vr_file *file, struct vr_thread_stacks *stacks)
{
	/* Samples of a record without threads are those of row 0, which is not there. */
	stacks->first = vr_xcalloc(file->n_threads + 3u, sizeof(*stacks->first));
	stacks->row = vr_xcalloc(file->n_cpus + 1u, sizeof(*stacks->row));
	for (uint32_t i = 1; i < file->n_cpus; i++)
		stacks->first[file->cpu[i].thread + 2]++;
	for (uint32_t i = 2; i < file->n_threads + 2; i++)
		stacks->first[i] += stacks->first[i - 1];
	for (uint32_t i = 1; i < file->n_cpus; i++)
		stacks->row[stacks->first[file->cpu[i].thread + 1]++] = i;
}

static void find_stacks(const struct vr_file *file, struct vr_thread_stacks *stacks)
{
	sort_cpu(file, stacks);
	stacks->lock = vr_xcalloc(file->n_threads + 1u, sizeof(*stacks->lock));
	stacks->site = vr_xcalloc(UINT16_MAX + 1u, sizeof(*stacks->site));
	for (uint32_t i = 1; i < file->n_locks; i++) {
		uint32_t *best = &stacks->lock[file->lock[i].thread];

		if (file->lock[i].waits && file->lock[i].wait_ns >= file->lock[*best].wait_ns)
			*best = i;
	}
	for (uint32_t i = 1; i < file->n_sites; i++) {
		uint32_t *best = &stacks->site[file->site[i].shard];

		if (!*best || file->site[i].allocs > file->site[*best].allocs)
			*best = i;
	}
}

static void free_stacks(struct vr_thread_stacks *stacks)
{
	free(stacks->first);
	free(stacks->row);
	free(stacks->lock);
	free(stacks->site);
}

struct vr_thread *vr_threads_new(struct vr_profile *profile)
{
	const struct vr_file *file = profile->file;
	struct vr_thread *threads = vr_xcalloc(file->n_threads + 1u, sizeof(*threads));
	struct vr_thread_stacks stacks;

	find_stacks(file, &stacks);
	for (uint32_t i = 1; i < file->n_threads; i++) {
		struct vr_thread *thread = &threads[i];

		if (file->thread[i].state == VPROF_THREAD_FREE)
			continue;
		split_time(profile, i, thread);
		if (vr_profile_is_helper(profile, i))
			continue;
		vr_thread_find_start(profile, &stacks, i, thread);
		thread->mostly = judge(thread);
		if (thread->mostly != VR_MOSTLY_BUSY ||
		    vr_percent(thread->cpu_ns, thread->wall_ns) < SPIN_PERCENT_MIN)
			continue;
		thread->spin = vr_spin_find(profile, &stacks, i);
		if (thread->spin.asks)
			thread->mostly = VR_MOSTLY_SPINS;
	}
	free_stacks(&stacks);
	return threads;
}

const struct vr_thread *vr_threads_longest(const struct vr_profile *profile,
					   const struct vr_thread *thread, enum vr_mostly which,
					   uint32_t *row)
{
	const struct vr_thread *best = NULL;
	uint64_t most = 0;

	for (uint32_t i = 1; i < profile->file->n_threads; i++) {
		uint64_t ns = which == VR_MOSTLY_RUNNABLE ? thread[i].run_delay_ns : 0;

		if (which == VR_MOSTLY_SPINS && thread[i].mostly == which)
			ns = thread[i].cpu_ns;
		if (ns <= most || vr_profile_is_helper(profile, i) || !profile->keep_thread[i])
			continue;
		most = ns;
		best = &thread[i];
		*row = i;
	}
	return best;
}
