#include "helper/place.h"
#include "base/sys.h"

#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#define MASK_WORDS 128

/* sched_getaffinity returns how many bytes the kernel's mask has. */
static long cpus_of(int tid, uint64_t mask[MASK_WORDS])
{
	memset(mask, 0, MASK_WORDS * sizeof(*mask));
	return vp_sys(SYS_sched_getaffinity, tid, MASK_WORDS * sizeof(*mask), mask);
}

static long move_to(const uint64_t mask[MASK_WORDS])
{
	return vp_sys(SYS_sched_setaffinity, 0, MASK_WORDS * sizeof(*mask), mask);
}

/* A thread pinned to a CPU of its own is not to share it with us.  Asked for all
 * CPUs, the kernel gives those of the process's cpuset. */
static void leave_pinned_cpus(int host)
{
	uint64_t theirs[MASK_WORDS], all[MASK_WORDS];
	int others = 0;

	if (cpus_of(host, theirs) <= 0)
		return;
	memset(all, 0xff, sizeof(all));
	if (move_to(all) != 0 || cpus_of(0, all) <= 0)
		return;
	for (int i = 0; i < MASK_WORDS; i++) {
		all[i] &= ~theirs[i];
		others |= all[i] != 0;
	}
	/* None left: the process may use what there is, and so do we. */
	move_to(others ? all : theirs);
}

/* Under SCHED_FIFO the helper would stand in line behind a busy thread of its own
 * priority, for ever, or before a lesser one. */
static void leave_real_time(void)
{
	long policy = vp_sys(SYS_sched_getscheduler, 0, 0, 0) & ~SCHED_RESET_ON_FORK;
	struct sched_param none = {0};

	if (policy == SCHED_FIFO || policy == SCHED_RR || policy == 6 /* SCHED_DEADLINE */)
		vp_sys(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
	/* The raw call answers 20 - nice. */
	if (vp_sys(SYS_getpriority, PRIO_PROCESS, 0, 0) > 20)
		vp_sys(SYS_setpriority, PRIO_PROCESS, 0, 0);
}

void vp_place_helper(int host)
{
	leave_real_time();
	leave_pinned_cpus(host);
}
