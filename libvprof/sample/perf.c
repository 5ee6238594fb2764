/* CPU samples from the kernel's own timer, through mapped rings, with a
 * copy of the user stack.  No signal ever reaches the host.
 *
 * Each thread has events of its own, opened from here: an inherited event costs
 * the host 10 to 20 us at every thread it creates, knows none that were there
 * before, and gives all of them one period for ever.
 *
 * With few CPUs there is one ring per CPU, held by an event that counts
 * nothing, and each thread has one event per CPU that writes there (the kernel
 * lets events share a ring only on one CPU).  With many CPUs, or where
 * descriptors run short, a thread has one event and a small ring. */
#include "sample/perf.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/sys.h"
#include "sample/standing.h"

#define VP_PERF_RING_MAX (2U << 20)
#define VP_PERF_RING_MIN (64U << 10)
/* At first: to zero and map a large ring takes 0.4 ms, much for a process that ends soon. */
#define VP_PERF_RING_FIRST (256U << 10)
/* Ring pages are real memory from the first moment on, so together they stay
 * near this; a CPU still gets VP_PERF_RING_LOW, lest a stack shrink too far. */
#define VP_PERF_RINGS_TOTAL (8U << 20)
#define VP_PERF_RING_LOW    (256U << 10)
/* A new period after so many samples: a change throws away half of one on average. */
#define VP_PERF_SAME_PERIOD 24U

static struct vp_perf vp_perf;

struct vp_perf *vp_perf_engine(void)
{
	return &vp_perf;
}

/* What a first ring takes in is no less than what its successor will. */
static uint32_t stack_ring(const struct vp_perf *p, uint32_t bytes)
{
	return p->grown ? bytes : bytes * 2;
}

static void note_ring(struct vp_perf *p, uint32_t bytes, uint32_t as_bytes)
{
	uint32_t samples = bytes / 2 / (vp_perf_event_stack_bytes(&p->common, as_bytes) + 128);

	if (!p->half_samples || samples < p->half_samples)
		p->half_samples = samples;
}

/* ---- events of a thread -------------------------------------------------- */

/* One event per CPU, writing into the CPU's ring. */
static int open_shared(struct vp_perf *p, struct vp_perf_thread *thread)
{
	int ret = -ENODEV;

	for (uint32_t i = 0; i < p->shared; i++) {
		struct vp_perf_event *event = &vp_perf_table_events(&p->table, thread)[i];
		int fd;

		if (p->ring_fd[i] < 0)
			continue;
		fd = vp_perf_event_open(
		    &p->common, event,
		    &(struct vp_perf_place){thread->tid, p->cpu[i], stack_ring(p, p->ring[i].bytes),
					    vp_perf_off_is_wanted(p, thread), thread->rare.on});
		if (fd == -ENODEV) /* offline, too */
			continue;
		if (fd < 0)
			return fd;
		ret = (int)vp_sys(SYS_ioctl, fd, PERF_EVENT_IOC_SET_OUTPUT, p->ring_fd[i]);
		if (ret < 0)
			return ret;
	}
	thread->shared = ret == 0;
	return ret;
}

/* One event for all CPUs, with a ring. */
static int open_own(struct vp_perf *p, struct vp_perf_thread *thread)
{
	struct vp_perf_event *event = vp_perf_table_events(&p->table, thread);
	uint32_t bytes = VP_PERF_RING_LOW;
	int ret;

	/* The first threads have more, the many have less. */
	while (bytes > VP_PERF_RING_MIN && p->own_total + bytes * 16 > VP_PERF_RINGS_TOTAL)
		bytes /= 2;
	for (;; bytes /= 2) {
		ret = vp_perf_event_open(&p->common, event,
					 &(struct vp_perf_place){thread->tid, -1, bytes,
								 vp_perf_off_is_wanted(p, thread),
								 thread->rare.on});
		if (ret < 0)
			return ret;
		ret = vp_perf_ring_map(&thread->ring, event->fd, bytes);
		if (!ret)
			break;
		vp_perf_event_close(&p->common, event);
		if (bytes <= VP_PERF_RING_MIN)
			return ret;
	}
	p->own_total += bytes;
	note_ring(p, bytes, bytes);
	return 0;
}

void vp_perf_close_events(struct vp_perf *p, struct vp_perf_thread *thread)
{
	for (uint32_t i = 0; i < p->table.stride; i++)
		vp_perf_event_close(&p->common, &vp_perf_table_events(&p->table, thread)[i]);
	if (thread->ring.page)
		p->own_total -= thread->ring.bytes;
	vp_perf_ring_unmap(&thread->ring);
	thread->shared = thread->watched = thread->faults = 0;
}

static void pause_thread(struct vp_perf *p, struct vp_perf_thread *thread)
{
	for (uint32_t i = 0; thread->tid && i < p->table.stride; i++) {
		int fd = vp_perf_table_events(&p->table, thread)[i].fd;

		if (fd >= 0)
			vp_sys(SYS_ioctl, fd,
			       p->paused ? PERF_EVENT_IOC_DISABLE : PERF_EVENT_IOC_ENABLE, 0);
	}
}

static void stop(struct vp_perf *p, int on)
{
	p->paused = on;
	for (uint32_t i = 0; i < p->table.high; i++)
		pause_thread(p, &p->table.thread[i]);
}

void vp_perf_pause(int on)
{
	vp_perf_rare_pause(&vp_perf);
	vp_perf_off_unknown(&vp_perf);
	stop(&vp_perf, on);
}

int vp_perf_open_events(struct vp_perf *p, struct vp_perf_thread *thread)
{
	int ret, tid = thread->tid;

	thread->shared = 0;
	/* The last quarter is for threads that get by with one descriptor. */
	if (p->shared && p->common.files + p->shared <= p->files_max / 4 * 3)
		ret = open_shared(p, thread);
	else
		ret = p->common.files < p->files_max ? open_own(p, thread) : -EMFILE;
	if (ret == 0)
		vp_perf_off_opened(p, thread);
	if (ret == 0 && p->paused)
		pause_thread(p, thread);
	if (ret == 0)
		return 0;
	/* The slot stays, without events: nobody tries again. */
	vp_perf_close_events(p, thread);
	if (ret == -ESRCH) /* it has ended */
		vp_perf_remove_thread(tid);
	else
		p->refused++;
	return ret;
}

int vp_perf_add_thread(int tid)
{
	struct vp_perf *p = &vp_perf;
	struct vp_perf_thread *thread;

	if (!p->table.stride || tid == p->common.owner_tid)
		return -EINVAL;
	vp_perf_remove_thread(tid); /* of an earlier thread with this number */
	thread = vp_perf_table_add(&p->table, tid);
	if (thread)
		return vp_perf_open_events(p, thread);
	p->refused++;
	return -ENOMEM;
}

void vp_perf_remove_thread(int tid)
{
	struct vp_perf *p = &vp_perf;
	struct vp_perf_thread *thread = vp_perf_table_find(&p->table, tid);

	vp_standing_forget(tid);
	if (!thread)
		return;
	vp_perf_rare_end(p, thread);
	vp_perf_close_events(p, thread);
	vp_perf_table_remove(&p->table, thread);
}

int vp_perf_mark_thread(int tid)
{
	struct vp_perf_thread *thread = vp_perf_table_find(&vp_perf.table, tid);

	if (thread)
		thread->marked = 1;
	return thread != NULL;
}

void vp_perf_remove_unmarked(void)
{
	struct vp_perf *p = &vp_perf;

	for (uint32_t i = 0; i < p->table.high; i++) {
		struct vp_perf_thread *thread = &p->table.thread[i];

		/* A listing of /proc may miss a thread while another ends. */
		if (thread->tid && !thread->marked &&
		    vp_sys(SYS_tgkill, p->common.owner_pid, thread->tid, 0) == -ESRCH)
			vp_perf_remove_thread(thread->tid);
		thread->marked = 0;
	}
}

/* ---- samples ------------------------------------------------------------- */

static void take(struct vp_perf_sample *sample, uint64_t count, uint32_t index)
{
	struct vp_perf *p = &vp_perf;
	struct vp_perf_thread *thread = vp_perf_table_find(&p->table, sample->tid);
	struct vp_perf_event *event =
	    thread ? &vp_perf_table_events(&p->table, thread)[index] : NULL;

	sample->weight_ns =
	    event && event->fd >= 0 ? vp_perf_event_weigh(event, count) : p->common.period_ns;
	if (thread && thread->rare.on)
		sample->weight_ns = sample->weight_ns * thread->rare.scale / VP_PERF_RARE_ONE;
	p->sinks->sample(sample);
}

size_t vp_perf_drain(const struct vp_perf_sinks *sinks)
{
	struct vp_perf *p = &vp_perf;
	size_t handed = 0;

	p->sinks = sinks;
	p->drained_ns = vp_clock_mono();
	for (uint32_t i = 0; i < p->shared; i++)
		if (p->ring[i].page)
			handed += vp_perf_ring_drain(&p->ring[i], take, i, &p->losses);
	for (uint32_t i = 0; p->own_total && i < p->table.high; i++)
		if (p->table.thread[i].ring.page)
			handed += vp_perf_ring_drain(&p->table.thread[i].ring, take, 0, &p->losses);
	if (p->common.switches)
		vp_perf_off_settle(p, 0);
	return handed;
}

/* None of its events stays. */
static void record_no_switches(struct vp_perf *p, struct vp_perf_thread *thread)
{
	for (uint32_t i = 0; i < p->table.stride; i++)
		vp_perf_event_retire(&p->common, &vp_perf_table_events(&p->table, thread)[i]);
	vp_perf_close_events(p, thread);
	vp_perf_off_end(p, thread);
	vp_perf_rare_begin(p, thread);
}

void vp_perf_change_periods(void)
{
	struct vp_perf *p = &vp_perf;

	for (uint32_t i = 0; i < p->table.high; i++) {
		struct vp_perf_thread *thread = &p->table.thread[i];

		if (thread->tid && thread->away.given_up == VP_PERF_GIVES_UP)
			record_no_switches(p, thread);
	}
	for (uint32_t i = 0; i < p->table.high; i++) {
		struct vp_perf_event *event = p->table.event + (size_t)i * p->table.stride;

		for (uint32_t k = 0; p->table.thread[i].tid && k < p->table.stride; k++)
			if (event[k].fd >= 0 && event[k].since >= VP_PERF_SAME_PERIOD &&
			    !p->table.thread[i].rare.on)
				vp_perf_event_change_period(&p->common, &event[k]);
	}
}

/* ---- start and end ------------------------------------------------------- */

static void release_rings(struct vp_perf *p)
{
	for (uint32_t i = 0; i < p->shared; i++) {
		vp_perf_ring_unmap(&p->ring[i]);
		vp_perf_event_close_fd(&p->common, p->ring_fd[i]);
	}
	p->shared = 0;
}

/* A ring of this size for every CPU, or none.  *map_refused tells that it was
 * a ring that could not be had, not an event. */
static int try_rings(struct vp_perf *p, int cpus, uint32_t bytes, int *map_refused)
{
	int any = 0;

	*map_refused = 0;
	for (int i = 0; i < cpus; i++) {
		int fd = vp_perf_event_open_holder(&p->common, p->cpu[i]), ret = fd;

		p->ring[i].page = NULL;
		p->ring_fd[i] = fd < 0 ? -1 : fd;
		p->shared = (uint32_t)i + 1;
		if (fd == -ENODEV) /* went offline meanwhile */
			continue;
		if (fd >= 0) {
			ret = vp_perf_ring_map(&p->ring[i], fd, bytes);
			*map_refused = ret < 0;
		}
		if (ret < 0) {
			release_rings(p);
			return ret;
		}
		any = 1;
	}
	return any ? 0 : -ENODEV;
}

static int size_rings(struct vp_perf *p, int cpus, uint32_t bytes)
{
	int refused, ret;

	while (bytes > VP_PERF_RING_LOW && bytes * (uint32_t)cpus > VP_PERF_RINGS_TOTAL)
		bytes /= 2;
	/* perf_event_mlock_kb (516 KiB a CPU, shared by all of a user's
	 * processes) and then RLIMIT_MEMLOCK bound the sum: EPERM. */
	for (;; bytes /= 2) {
		ret = try_rings(p, cpus, bytes, &refused);
		if (!refused || bytes <= VP_PERF_RING_MIN)
			break;
	}
	if (ret == 0)
		note_ring(p, bytes, stack_ring(p, bytes));
	return ret;
}

static int open_rings(struct vp_perf *p, int main_tid)
{
	int cpus = vp_perf_ring_cpus(main_tid, p->cpu, VP_PERF_SHARED_CPUS), ret;

	p->clocks = 1;
	if (cpus == 0)
		return -ENODEV;
	if (cpus > VP_PERF_SHARED_CPUS)
		return 0;
	ret = size_rings(p, cpus, VP_PERF_RING_FIRST);
	if (ret == 0)
		p->clocks = p->shared;
	return ret;
}

/* Events anew: to lead one to another ring, the kernel would first wait for
 * milliseconds.  The old rings go before, both may be more than is allowed. */
static void renew(struct vp_perf *p, const struct vp_perf_sinks *sinks)
{
	int cpus = (int)p->shared, paused = p->paused;

	p->grown = 1;
	p->sinks = sinks;
	if (p->common.switches && !paused)
		vp_perf_off_gap(p);
	stop(p, 1);
	if (p->common.switches && !paused)
		vp_perf_off_renew(p);
	else
		vp_perf_drain(sinks);
	for (uint32_t i = 0; i < p->table.high * p->table.stride; i++)
		if (p->table.thread[i / p->table.stride].shared)
			vp_perf_event_retire(&p->common, &p->table.event[i]);
	release_rings(p);
	p->half_samples = 0;
	size_rings(p, cpus, VP_PERF_RING_MAX);
	/* Each is watched again as soon as its own are open: with many that takes long. */
	p->paused = paused;
	for (uint32_t i = 0; i < p->table.high; i++)
		if (p->table.thread[i].shared)
			vp_perf_open_events(p, &p->table.thread[i]);
	stop(p, paused);
}

void vp_perf_grow(const struct vp_perf_sinks *sinks)
{
	if (!vp_perf.grown && vp_perf.shared)
		renew(&vp_perf, sinks);
}

/* A change of period costs half of one, every 24 to 48 samples. */
static uint64_t programmed(uint64_t period_ns)
{
	return period_ns - period_ns / 40;
}

/* How much stack is copied goes with the rate, and an event keeps it for life. */
int vp_perf_set_period(uint64_t period_ns, const struct vp_perf_sinks *sinks)
{
	struct vp_perf *p = &vp_perf;

	if (period_ns < VP_PERF_PERIOD_LEAST)
		return -EINVAL;
	p->common.period_ns = programmed(period_ns);
	if (p->shared)
		renew(p, sinks);
	for (uint32_t i = 0; i < p->table.high * p->table.stride; i++)
		if (p->table.event[i].fd >= 0 && !p->table.event[i].faults &&
		    !p->table.thread[i / p->table.stride].shared)
			vp_perf_event_change_period(&p->common, &p->table.event[i]);
	return 0;
}

int vp_perf_open(int main_tid, uint64_t period_ns, const struct vp_perf_sinks *sinks)
{
	struct vp_perf *p = &vp_perf;
	int ret;

	vp_perf_close();
	if (period_ns < VP_PERF_PERIOD_LEAST)
		return -EINVAL;
	p->common.owner_pid = vp_sys_pid();
	p->common.owner_tid = vp_sys_tid();
	p->common.period_ns = programmed(period_ns);
	p->common.switches = sinks->off != NULL;
	p->sinks = sinks;
	p->common.random = (vp_clock_mono() ^ (uint64_t)p->common.owner_tid << 40) | 1;
	for (int i = 0; i < 8; i++)
		vp_perf_event_random(&p->common);
	p->files_max = vp_perf_event_files_limit();
	ret = open_rings(p, main_tid);
	p->table.stride = p->common.switches ? p->clocks * 2 : p->clocks;
	if (!ret)
		ret = vp_perf_add_thread(main_tid);
	if (ret)
		vp_perf_close();
	return ret;
}

uint64_t vp_perf_drain_ns(void)
{
	uint64_t ns = vp_perf.half_samples * vp_perf.common.period_ns * 3 / 4;

	return ns > 1000000 ? ns : 1000000;
}

void vp_perf_stats(struct vp_perf_stats *out)
{
	out->lost = vp_perf.losses.lost;
	out->throttles = vp_perf.losses.throttles;
	out->refused = vp_perf.refused;
	out->gave_up = vp_perf.gave_up;
	out->unpaired = vp_perf.unpaired + vp_perf_switch_dropped();
	out->exclude_kernel = vp_perf.common.exclude_kernel;
}

void vp_perf_close(void)
{
	struct vp_perf *p = &vp_perf;

	/* A forked child has neither the descriptors nor the rings (they are
	 * not copied): there the addresses and numbers belong to others. */
	if (p->common.owner_pid == vp_sys_pid()) {
		for (uint32_t i = 0; i < p->table.high; i++)
			if (p->table.thread[i].tid)
				vp_perf_close_events(p, &p->table.thread[i]);
		release_rings(p);
	}
	vp_perf_table_drop(&p->table);
	vp_perf_switch_forget();
	memset(p, 0, sizeof(*p));
}
