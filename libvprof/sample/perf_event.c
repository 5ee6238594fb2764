/* One task-clock event: what is asked of the kernel, with which period, and
 * what its samples are worth. */
#include "sample/perf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>

#include "base/filters.h"
#include "base/sys.h"

/* The kernel does not go below 10 us; periods vary by a fifth. */
#define VP_PERF_PERIOD_LEAST 14000U
#define VP_PERF_FILES_KEPT   24U /* descriptors left for /proc and frames that stand */

uint32_t vp_perf_event_files_limit(void)
{
	struct rlimit64 limit = {64, 64};

	vp_sys6(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, (long)&limit, 0, 0);
	if (limit.rlim_cur > 1U << 20)
		return 1U << 20;
	return limit.rlim_cur > VP_PERF_FILES_KEPT ? (uint32_t)limit.rlim_cur - VP_PERF_FILES_KEPT
						   : 0;
}

uint64_t vp_perf_event_random(struct vp_perf_common *common)
{
	common->random ^= common->random << 13;
	common->random ^= common->random >> 7;
	common->random ^= common->random << 17;
	return common->random;
}

/* The mean rate times 0.8 to 1.2, but for the twentieth around 1: programs have
 * round periods, and samples at nearly the same one would hit the same place of
 * each round for as long as the period lasts.  The golden ratio spreads the
 * draws of an event evenly.  It is the rate that is drawn and not the period,
 * because periods are in force for about equal times. */
static uint64_t next_period(struct vp_perf_common *common, struct vp_perf_event *event)
{
	uint64_t rate;

	event->rng_state += 0x9e3779b97f4a7c15U;
	rate = (event->rng_state >> 40) * 300000 >> 24;
	rate += rate < 150000 ? 800000 : 900000;
	return common->period_ns * 1000000 / rate;
}

/* A window's: what is left of the last one, or more where that would hardly be there. */
static uint64_t rare_period(struct vp_perf_common *common, struct vp_perf_event *event)
{
	uint64_t drawn = next_period(common, event) / VP_PERF_RARE_FASTER;
	uint64_t left = event->left_ns ? event->left_ns : drawn;

	if (left < VP_PERF_PERIOD_LEAST || left < drawn / 4)
		left += drawn;
	return left;
}

/* How much stack to copy.  Call chains of real programs need it: with 8 KiB
 * perf could unwind 5 % of a deep program's samples, with 16 KiB 70 %
 * (flamegraph-rs#201).  But the kernel spends this much of the ring on each
 * sample however shallow it is, and the ring must hold what comes in while the
 * helper waits for a CPU. */
uint32_t vp_perf_event_stack_bytes(const struct vp_perf_common *common, uint32_t ring_bytes)
{
	uint32_t bytes = 32U << 10;

	if (common->period_ns < 1900000U)
		bytes = 16U << 10;
	if (common->period_ns < 480000U)
		bytes = 8U << 10;
	return bytes <= ring_bytes / 16 ? bytes : ring_bytes / 16;
}

static int open_any(struct vp_perf_common *common, struct perf_event_attr *attr, int tid, int cpu)
{
	int fd;

	attr->size = sizeof(*attr);
	attr->type = PERF_TYPE_SOFTWARE;
	attr->exclude_hv = 1;
	attr->use_clockid = 1; /* events of one ring must have one clock */
	attr->clockid = CLOCK_MONOTONIC;
	fd = vp_filters_perf_open(attr, tid, cpu);
	common->files += fd >= 0;
	return fd;
}

int vp_perf_event_open_holder(struct vp_perf_common *common, int cpu)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.exclude_kernel = 1;
	return open_any(common, &attr, 0, cpu);
}

int vp_perf_event_open(struct vp_perf_common *common, struct vp_perf_event *event,
		       const struct vp_perf_place *place)
{
	struct perf_event_attr attr;
	int fd;

	*event = (struct vp_perf_event){.carry_ns = event->carry_ns, .left_ns = event->left_ns};
	event->rng_state = vp_perf_event_random(common);
	event->period_ns = place->rare ? rare_period(common, event) : next_period(common, event);
	event->left_ns = 0;
	memset(&attr, 0, sizeof(attr));
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.sample_period = event->period_ns;
	attr.sample_type = VP_PERF_SAMPLE_TYPE;
	attr.sample_regs_user = VP_PERF_REGS;
	attr.sample_stack_user = vp_perf_event_stack_bytes(common, place->ring_bytes);
	attr.exclude_kernel = common->exclude_kernel != 0;
	attr.context_switch = place->switches != 0;
	attr.sample_id_all = place->switches != 0; /* or a switch would not say whose */
	fd = open_any(common, &attr, place->tid, place->cpu);
	if ((fd == -EACCES || fd == -EPERM) && !common->exclude_kernel) {
		common->exclude_kernel = 1;
		attr.exclude_kernel = 1;
		fd = open_any(common, &attr, place->tid, place->cpu);
	}
	event->user_only = common->exclude_kernel;
	event->fd = fd < 0 ? -1 : fd;
	return fd;
}

/* Such a record has nothing but whose it is and when: perf_ring.c knows it by its size. */
int vp_perf_event_open_faults(struct vp_perf_common *common, struct vp_perf_event *event, int tid,
			      int cpu)
{
	struct perf_event_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.config = PERF_COUNT_SW_PAGE_FAULTS_MAJ;
	attr.sample_period = 1;
	attr.sample_type = VP_PERF_FAULT_TYPE;
	attr.exclude_kernel = common->exclude_kernel != 0;
	fd = open_any(common, &attr, tid, cpu);
	*event = (struct vp_perf_event){.fd = fd < 0 ? -1 : fd, .faults = 1};
	return fd;
}

void vp_perf_event_close_fd(struct vp_perf_common *common, int fd)
{
	if (fd < 0)
		return;
	if (common->owner_tid == vp_sys_tid())
		vp_sys_close(fd);
	common->files--;
}

void vp_perf_event_close(struct vp_perf_common *common, struct vp_perf_event *event)
{
	vp_perf_event_close_fd(common, event->fd);
	event->fd = -1;
}

/* What the event has counted since the sample before.  (The period in a record
 * is the one the event was opened with, whatever it has become.)  Where the
 * kernel is not sampled, its time is not to be charged to the next user
 * instruction: then the period alone counts, and what a change of the period
 * cut off, unless the first expiry after the change fell into the kernel. */
uint64_t vp_perf_event_weigh(struct vp_perf_event *event, uint64_t count)
{
	uint64_t weight = count - event->last + event->carry_ns, expiries;

	if (count < event->last)
		return event->period_ns; /* of an earlier thread's event */
	if (event->user_only) {
		expiries =
		    (count - event->window_start_ns + event->period_ns / 2) / event->period_ns;
		weight = event->period_ns + (expiries <= 1 ? event->carry_ns : 0);
	}
	event->carry_ns = 0;
	event->last = event->window_start_ns = count;
	event->since++;
	return weight;
}

void vp_perf_event_change_period(struct vp_perf_common *common, struct vp_perf_event *event)
{
	uint64_t period = next_period(common, event), count;

	if (vp_sys(SYS_ioctl, event->fd, PERF_EVENT_IOC_PERIOD, &period) != 0)
		return;
	/* The kernel has started the event's timer anew. */
	if (event->user_only &&
	    vp_sys_read(event->fd, &count, sizeof(count)) == (long)sizeof(count) &&
	    count >= event->window_start_ns) {
		event->carry_ns = (count - event->window_start_ns) % event->period_ns;
		event->window_start_ns = count;
	}
	event->period_ns = period;
	event->since = 0;
}

void vp_perf_event_retire(struct vp_perf_common *common, struct vp_perf_event *event)
{
	uint64_t count, since, expired;

	if (event->fd >= 0 && !event->faults &&
	    vp_sys_read(event->fd, &count, sizeof(count)) == sizeof(count) &&
	    count >= event->window_start_ns) {
		since = count - event->window_start_ns;
		expired = since % event->period_ns;
		/* Without a sample, what an earlier one has left is still to be charged. */
		event->carry_ns += event->user_only ? expired : count - event->last;
		event->left_ns = event->since ? 0 : event->period_ns - expired;
	}
	vp_perf_event_close(common, event);
}
