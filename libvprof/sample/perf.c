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
/* The kernel does not go below 10 us; periods vary by a fifth. */
#define PERIOD_LEAST 14000U

static struct vp_perf vp_perf;

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

/* ---- the table of threads ------------------------------------------------ */

static size_t table_bytes(const struct vp_perf *p, uint32_t room)
{
	return room * (sizeof(struct vp_perf_thread) + p->stride * sizeof(struct vp_perf_event));
}

/* In the order that leaves valid pointers at any moment: another thread may
 * fork now, and the child unmaps what it finds. */
static int grow_table(struct vp_perf *p)
{
	uint32_t old_room = p->room, room = old_room ? old_room * 2 : 64;
	struct vp_perf_thread *old = p->thread, *more = vp_sys_map(table_bytes(p, room));
	struct vp_perf_event *event;

	if (!more)
		return -ENOMEM;
	event = (struct vp_perf_event *)(void *)(more + room);
	if (old) {
		memcpy(more, old, old_room * sizeof(*more));
		memcpy(event, p->event, (size_t)old_room * p->stride * sizeof(*event));
	}
	p->event = event;
	/* Pairs with vp_perf_mark_thread() and others; one thread, but a child may be forked
	 * between. */
	__atomic_store_n(&p->thread, more, __ATOMIC_RELEASE);
	__atomic_store_n(&p->room, room, __ATOMIC_RELEASE);
	vp_sys_unmap(old, table_bytes(p, old_room));
	return 0;
}

static uint32_t *find_slot(struct vp_perf *p, int tid)
{
	uint32_t *at = &p->bucket[(uint32_t)tid % VP_PERF_BUCKETS];

	while (*at && p->thread[*at - 1].tid != tid)
		at = &p->thread[*at - 1].next;
	return at;
}

static struct vp_perf_thread *find_thread(struct vp_perf *p, int tid)
{
	uint32_t slot = *find_slot(p, tid);

	return slot ? &p->thread[slot - 1] : NULL;
}

static struct vp_perf_event *events_of(struct vp_perf *p, const struct vp_perf_thread *thread)
{
	return p->event + (size_t)(thread - p->thread) * p->stride;
}

static struct vp_perf_thread *new_thread(struct vp_perf *p, int tid)
{
	uint32_t *bucket = &p->bucket[(uint32_t)tid % VP_PERF_BUCKETS];
	struct vp_perf_thread *thread;
	uint32_t slot = p->free_slot;

	if (slot) {
		p->free_slot = p->thread[slot - 1].next;
	} else {
		if (p->high == p->room && grow_table(p))
			return NULL;
		slot = ++p->high;
	}
	thread = &p->thread[slot - 1];
	*thread = (struct vp_perf_thread){.tid = tid, .next = *bucket};
	for (uint32_t i = 0; i < p->stride; i++)
		events_of(p, thread)[i] = (struct vp_perf_event){.fd = -1};
	*bucket = slot;
	return thread;
}

/* ---- events of a thread -------------------------------------------------- */

/* One event per CPU, writing into the CPU's ring. */
static int open_shared(struct vp_perf *p, struct vp_perf_thread *thread)
{
	int ret = -ENODEV;

	for (uint32_t i = 0; i < p->shared; i++) {
		struct vp_perf_event *event = &events_of(p, thread)[i];
		int fd;

		if (p->ring_fd[i] < 0)
			continue;
		fd = vp_perf_event_open(&p->common, event, thread->tid, p->cpu[i],
					stack_ring(p, p->ring[i].bytes));
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
	struct vp_perf_event *event = events_of(p, thread);
	uint32_t bytes = VP_PERF_RING_LOW;
	int ret;

	/* The first threads have more, the many have less. */
	while (bytes > VP_PERF_RING_MIN && p->own_total + bytes * 16 > VP_PERF_RINGS_TOTAL)
		bytes /= 2;
	for (;; bytes /= 2) {
		ret = vp_perf_event_open(&p->common, event, thread->tid, -1, bytes);
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

static void close_thread(struct vp_perf *p, struct vp_perf_thread *thread)
{
	for (uint32_t i = 0; i < p->stride; i++)
		vp_perf_event_close(&p->common, &events_of(p, thread)[i]);
	if (thread->ring.page)
		p->own_total -= thread->ring.bytes;
	vp_perf_ring_unmap(&thread->ring);
	thread->shared = 0;
}

static void pause_thread(struct vp_perf *p, struct vp_perf_thread *thread)
{
	for (uint32_t i = 0; thread->tid && i < p->stride; i++) {
		int fd = events_of(p, thread)[i].fd;

		if (fd >= 0)
			vp_sys(SYS_ioctl, fd,
			       p->paused ? PERF_EVENT_IOC_DISABLE : PERF_EVENT_IOC_ENABLE, 0);
	}
}

void vp_perf_pause(int on)
{
	struct vp_perf *p = &vp_perf;

	p->paused = on;
	for (uint32_t i = 0; i < p->high; i++)
		pause_thread(p, &p->thread[i]);
}

static int open_events(struct vp_perf *p, struct vp_perf_thread *thread)
{
	int ret, tid = thread->tid;

	thread->shared = 0;
	/* The last quarter is for threads that get by with one descriptor. */
	if (p->shared && p->common.files + p->shared <= p->files_max / 4 * 3)
		ret = open_shared(p, thread);
	else
		ret = p->common.files < p->files_max ? open_own(p, thread) : -EMFILE;
	if (ret == 0 && p->paused)
		pause_thread(p, thread);
	if (ret == 0)
		return 0;
	/* The slot stays, without events: nobody tries again. */
	close_thread(p, thread);
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

	if (!p->stride || tid == p->common.owner_tid)
		return -EINVAL;
	vp_perf_remove_thread(tid); /* of an earlier thread with this number */
	thread = new_thread(p, tid);
	if (thread)
		return open_events(p, thread);
	p->refused++;
	return -ENOMEM;
}

void vp_perf_remove_thread(int tid)
{
	struct vp_perf *p = &vp_perf;
	uint32_t *at = find_slot(p, tid), slot = *at;
	struct vp_perf_thread *thread;

	vp_standing_forget(tid);
	if (!slot)
		return;
	thread = &p->thread[slot - 1];
	close_thread(p, thread);
	*at = thread->next;
	*thread = (struct vp_perf_thread){.next = p->free_slot};
	p->free_slot = slot;
}

int vp_perf_mark_thread(int tid)
{
	struct vp_perf_thread *thread = find_thread(&vp_perf, tid);

	if (thread)
		thread->marked = 1;
	return thread != NULL;
}

void vp_perf_remove_unmarked(void)
{
	struct vp_perf *p = &vp_perf;

	for (uint32_t i = 0; i < p->high; i++) {
		struct vp_perf_thread *thread = &p->thread[i];

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
	struct vp_perf_thread *thread = find_thread(p, sample->tid);
	struct vp_perf_event *event = thread ? &events_of(p, thread)[index] : NULL;

	sample->weight_ns =
	    event && event->fd >= 0 ? vp_perf_event_weigh(event, count) : p->common.period_ns;
	p->sink(sample);
}

size_t vp_perf_drain(vp_perf_sink *sink)
{
	struct vp_perf *p = &vp_perf;
	size_t handed = 0;

	p->sink = sink;
	for (uint32_t i = 0; i < p->shared; i++)
		if (p->ring[i].page)
			handed += vp_perf_ring_drain(&p->ring[i], take, i, &p->losses);
	for (uint32_t i = 0; p->own_total && i < p->high; i++)
		if (p->thread[i].ring.page)
			handed += vp_perf_ring_drain(&p->thread[i].ring, take, 0, &p->losses);
	return handed;
}

void vp_perf_change_periods(void)
{
	struct vp_perf *p = &vp_perf;

	for (uint32_t i = 0; i < p->high; i++) {
		struct vp_perf_event *event = p->event + (size_t)i * p->stride;

		for (uint32_t k = 0; p->thread[i].tid && k < p->stride; k++)
			if (event[k].fd >= 0 && event[k].since >= VP_PERF_SAME_PERIOD)
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

	p->stride = 1;
	if (cpus == 0)
		return -ENODEV;
	if (cpus > VP_PERF_SHARED_CPUS)
		return 0;
	ret = size_rings(p, cpus, VP_PERF_RING_FIRST);
	if (ret == 0)
		p->stride = p->shared;
	return ret;
}

/* Events anew: to lead one to another ring, the kernel would first wait for
 * milliseconds.  The old rings go before, both may be more than is allowed. */
static void renew(struct vp_perf *p, vp_perf_sink *sink)
{
	int cpus = (int)p->shared, paused = p->paused;

	p->grown = 1;
	vp_perf_pause(1);
	vp_perf_drain(sink);
	for (uint32_t i = 0; i < p->high * p->stride; i++)
		if (p->thread[i / p->stride].shared)
			vp_perf_event_retire(&p->common, &p->event[i]);
	release_rings(p);
	p->half_samples = 0;
	size_rings(p, cpus, VP_PERF_RING_MAX);
	for (uint32_t i = 0; i < p->high; i++)
		if (p->thread[i].shared)
			open_events(p, &p->thread[i]);
	vp_perf_pause(paused);
}

void vp_perf_grow(vp_perf_sink *sink)
{
	if (!vp_perf.grown && vp_perf.shared)
		renew(&vp_perf, sink);
}

/* A change of period costs half of one, every 24 to 48 samples. */
static uint64_t programmed(uint64_t period_ns)
{
	return period_ns - period_ns / 40;
}

/* How much stack is copied goes with the rate, and an event keeps it for life. */
int vp_perf_set_period(uint64_t period_ns, vp_perf_sink *sink)
{
	struct vp_perf *p = &vp_perf;

	if (period_ns < PERIOD_LEAST)
		return -EINVAL;
	p->common.period_ns = programmed(period_ns);
	if (p->shared)
		renew(p, sink);
	for (uint32_t i = 0; i < p->high * p->stride; i++)
		if (p->event[i].fd >= 0 && !p->thread[i / p->stride].shared)
			vp_perf_event_change_period(&p->common, &p->event[i]);
	return 0;
}

int vp_perf_open(int main_tid, uint64_t period_ns)
{
	struct vp_perf *p = &vp_perf;
	int ret;

	vp_perf_close();
	if (period_ns < PERIOD_LEAST)
		return -EINVAL;
	p->common.owner_pid = vp_sys_pid();
	p->common.owner_tid = vp_sys_tid();
	p->common.period_ns = programmed(period_ns);
	p->common.random = (vp_clock_mono() ^ (uint64_t)p->common.owner_tid << 40) | 1;
	for (int i = 0; i < 8; i++)
		vp_perf_event_random(&p->common);
	p->files_max = vp_perf_event_files_limit();
	ret = open_rings(p, main_tid);
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
	out->exclude_kernel = vp_perf.common.exclude_kernel;
}

void vp_perf_close(void)
{
	struct vp_perf *p = &vp_perf;

	/* A forked child has neither the descriptors nor the rings (they are
	 * not copied): there the addresses and numbers belong to others. */
	if (p->common.owner_pid == vp_sys_pid()) {
		for (uint32_t i = 0; i < p->high; i++)
			if (p->thread[i].tid)
				close_thread(p, &p->thread[i]);
		release_rings(p);
	}
	vp_sys_unmap(p->thread, table_bytes(p, p->room));
	memset(p, 0, sizeof(*p));
}
