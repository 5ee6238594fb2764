/* L3  CPU samples from the kernel's own timer, through a mapped ring, with a
 * copy of the user stack.  No signal ever reaches the host.
 *
 * One software event per CPU is attached to the main thread and inherited by
 * every thread created after it, so no thread needs a hook.  Per CPU, because
 * the kernel refuses to map an inherited event that may run anywhere. */
#include "sample/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/sys.h"

#define VP_PERF_PAGE	 4096U
#define VP_PERF_RING_MAX (2U << 20)
#define VP_PERF_RING_MIN (64U << 10)
/* Ring pages are real memory from the first moment on, so together they stay
 * near this; a CPU still gets VP_PERF_RING_LOW, lest a stack shrink too far. */
#define VP_PERF_RINGS_TOTAL (8U << 20)
#define VP_PERF_RING_LOW    (256U << 10)
#define VP_PERF_RECORD_MAX  65536U /* perf_event_header.size has 16 bits */
#define VP_PERF_CPUS_MAX    8192
#define VP_PERF_REGS_ABI_64 2U
/* Order in a record is by bit number: bp, sp, ip (asm/perf_regs.h). */
#define VP_PERF_REGS ((1U << 6) | (1U << 7) | (1U << 8))
#define VP_PERF_SAMPLE_TYPE                                                                        \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU |                   \
	 PERF_SAMPLE_PERIOD | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

/* What a sample begins with, as VP_PERF_SAMPLE_TYPE makes it. */
struct vp_perf_head {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
	uint64_t period;
	uint64_t abi;
};
_Static_assert(sizeof(struct vp_perf_head) == 56, "layout is the kernel's");

struct vp_perf_cpu {
	int fd;
	int cpu;
	struct perf_event_mmap_page *page;
};

struct vp_perf {
	/* Descriptors live in one thread's table; another thread, or a forked
	 * child, that closed those numbers would close the host's files. */
	int owner_pid, owner_tid;
	int main_tid;
	uint64_t period_ns;
	int inherit_thread; /* 0: kernel before 5.13, children must be filtered */
	int map_refused;    /* the last refusal came from a ring, not an event */
	int ncpus, online;
	struct vp_perf_cpu *cpus; /* online entries, ncpus of them open */
	struct pollfd *polls;
	uint8_t *scratch; /* a record that wraps around, put together again */
	struct vp_perf_stats stats;
};

static struct vp_perf vp_perf;

static size_t vp_perf_tables_bytes(int n)
{
	return (size_t)n * (sizeof(struct vp_perf_cpu) + sizeof(struct pollfd));
}

/* Closes events and rings, keeps the list of CPUs. */
static void vp_perf_release(struct vp_perf *p)
{
	int own = p->owner_tid == vp_sys_tid();

	for (int i = 0; i < p->ncpus; i++) {
		struct vp_perf_cpu *c = &p->cpus[i];

		if (c->page)
			vp_sys_unmap(c->page, VP_PERF_PAGE + (size_t)p->stats.ring_bytes);
		if (own)
			vp_sys_close(c->fd);
		c->page = NULL;
		c->fd = -1;
	}
	p->ncpus = 0;
}

/* Parses "0-3,8,10-11" into out[max], returns how many. */
static int vp_perf_parse_cpus(const char *s, int *out, int max)
{
	int n = 0;

	while (*s >= '0' && *s <= '9') {
		int range[2] = {0, 0};

		for (int i = 0; i < 2; i++) {
			while (*s >= '0' && *s <= '9' && range[i] < VP_PERF_CPUS_MAX)
				range[i] = range[i] * 10 + (*s++ - '0');
			if (i == 0 && *s != '-') {
				range[1] = range[0];
				break;
			}
			if (i == 0)
				s++;
		}
		for (int cpu = range[0]; cpu <= range[1] && n < max; cpu++)
			out[n++] = cpu;
		if (*s == ',')
			s++;
	}
	return n;
}

/* Without /sys: the CPUs the main thread may run on now. */
static int vp_perf_affinity(const struct vp_perf *p, int *out, int max)
{
	uint8_t *bits = p->scratch;
	long bytes = vp_sys(SYS_sched_getaffinity, p->main_tid, VP_PERF_CPUS_MAX / 8, bits);
	int n = 0;

	for (int cpu = 0; cpu < bytes * 8 && n < max; cpu++)
		if (bits[cpu / 8] & (1U << (cpu % 8)))
			out[n++] = cpu;
	return n;
}

static int vp_perf_list_cpus(struct vp_perf *p)
{
	/* The list of numbers follows the text in the scratch buffer. */
	const size_t text = VP_PERF_RECORD_MAX / 4;
	int *list = (int *)(void *)(p->scratch + text);
	int n = 0;

	if (vp_sys_read_file("/sys/devices/system/cpu/online", (char *)p->scratch, text) > 0)
		n = vp_perf_parse_cpus((char *)p->scratch, list, VP_PERF_CPUS_MAX);
	if (n == 0)
		n = vp_perf_affinity(p, list, VP_PERF_CPUS_MAX);
	if (n == 0)
		return -ENODEV;
	p->cpus = vp_sys_map(vp_perf_tables_bytes(n));
	if (!p->cpus)
		return -ENOMEM;
	p->polls = (struct pollfd *)(void *)(p->cpus + n);
	p->online = n;
	for (int i = 0; i < n; i++)
		p->cpus[i].cpu = list[i];
	return 0;
}
_Static_assert(VP_PERF_RECORD_MAX / 4 * 3 >= VP_PERF_CPUS_MAX * sizeof(int), "scratch holds both");

static int vp_perf_event(const struct vp_perf *p, int cpu)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_TASK_CLOCK;
	attr.sample_period = p->period_ns;
	attr.sample_type = VP_PERF_SAMPLE_TYPE;
	attr.sample_regs_user = VP_PERF_REGS;
	attr.sample_stack_user = p->stats.stack_bytes;
	attr.inherit = 1;
	attr.inherit_thread = p->inherit_thread != 0;
	attr.exclude_kernel = p->stats.exclude_kernel != 0;
	attr.exclude_hv = 1;
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	attr.watermark = 1;
	attr.wakeup_watermark = p->stats.ring_bytes / 2;
	return (int)vp_sys6(SYS_perf_event_open, (long)&attr, p->main_tid, cpu, -1,
			    PERF_FLAG_FD_CLOEXEC, 0);
}

/* Opens one event, giving up first kernel samples, then inherit_thread: the
 * two things a kernel may refuse.  What was given up stays given up. */
static int vp_perf_event_fallback(struct vp_perf *p, int cpu)
{
	for (;;) {
		int fd = vp_perf_event(p, cpu);

		if ((fd == -EACCES || fd == -EPERM) && !p->stats.exclude_kernel)
			p->stats.exclude_kernel = 1;
		else if (fd == -EINVAL && p->inherit_thread)
			p->inherit_thread = 0;
		else
			return fd;
	}
}

/* How much stack to copy.  Call chains of real programs need it: with 8 KiB
 * perf could unwind 5 % of a deep program's samples, with 16 KiB 70 %
 * (flamegraph-rs#201).  But the kernel spends this much of the ring on each
 * sample however shallow it is, and the ring must hold what comes in while the
 * helper waits for a CPU. */
static uint32_t vp_perf_stack_bytes(uint64_t period_ns, uint32_t ring)
{
	uint32_t bytes = 32U << 10;

	if (period_ns < 2000000U)
		bytes = 16U << 10;
	if (period_ns < 500000U)
		bytes = 8U << 10;
	return bytes <= ring / 16 ? bytes : ring / 16;
}

/* Opens and maps every CPU with rings of this size, or nothing. */
static int vp_perf_try(struct vp_perf *p, uint32_t ring)
{
	p->stats.ring_bytes = ring;
	p->stats.stack_bytes = vp_perf_stack_bytes(p->period_ns, ring);
	p->ncpus = 0;
	p->map_refused = 0;
	for (int i = 0; i < p->online; i++) {
		struct vp_perf_cpu *c = &p->cpus[p->ncpus];
		int fd = vp_perf_event_fallback(p, p->cpus[i].cpu);
		long map;

		if (fd == -ENODEV) /* went offline meanwhile */
			continue;
		if (fd < 0) {
			vp_perf_release(p);
			return fd;
		}
		c->fd = fd;
		c->cpu = p->cpus[i].cpu;
		c->page = NULL;
		p->polls[p->ncpus++] = (struct pollfd){.fd = fd, .events = POLLIN};
		/* Writable: the kernel then respects data_tail and drops new
		 * records, counted, rather than overwriting old ones. */
		map = vp_sys6(SYS_mmap, 0, (long)VP_PERF_PAGE + ring, PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0);
		if (map < 0 && map >= -4095) {
			p->map_refused = 1;
			vp_perf_release(p);
			return (int)map;
		}
		c->page = (struct perf_event_mmap_page *)map;
	}
	return p->ncpus ? 0 : -ENODEV;
}

static uint32_t vp_perf_first_ring(int online)
{
	uint32_t ring = VP_PERF_RING_MAX;

	while (ring > VP_PERF_RING_LOW && (uint64_t)ring * (uint64_t)online > VP_PERF_RINGS_TOTAL)
		ring /= 2;
	return ring;
}

static int vp_perf_start(struct vp_perf *p)
{
	uint32_t ring;
	int ret;

	p->scratch = vp_sys_map(VP_PERF_RECORD_MAX);
	if (!p->scratch)
		return -ENOMEM;
	ret = vp_perf_list_cpus(p);
	if (ret)
		return ret;
	/* perf_event_mlock_kb (516 KiB a CPU, shared by all of a user's
	 * processes) and then RLIMIT_MEMLOCK bound the sum: EPERM. */
	for (ring = vp_perf_first_ring(p->online); ring >= VP_PERF_RING_MIN; ring /= 2) {
		ret = vp_perf_try(p, ring);
		if (!p->map_refused)
			break;
	}
	return ret;
}

int vp_perf_open(int main_tid, uint64_t period_ns)
{
	struct vp_perf *p = &vp_perf;
	int ret;

	vp_perf_close();
	/* The kernel does not go below 10 us anyway. */
	if (period_ns < 11000U)
		return -EINVAL;
	p->owner_pid = vp_sys_pid();
	p->owner_tid = vp_sys_tid();
	p->main_tid = main_tid;
	p->period_ns = period_ns;
	p->inherit_thread = 1;
	ret = vp_perf_start(p);
	if (ret)
		vp_perf_close();
	return ret;
}

static uint64_t vp_perf_pending(const struct vp_perf_cpu *c)
{
	uint64_t head = __atomic_load_n(&c->page->data_head, __ATOMIC_ACQUIRE);

	return head - c->page->data_tail; /* the tail is ours alone */
}

int vp_perf_wait(int timeout_ms)
{
	struct vp_perf *p = &vp_perf;
	long ready = vp_sys(SYS_poll, p->polls, p->ncpus, timeout_ms);

	for (int i = 0; ready > 0 && i < p->ncpus; i++)
		/* The main thread and all that inherited from it are gone.
		 * poll would say so at once for ever; a negative number is
		 * skipped, so the next wait lasts its time. */
		if (p->polls[i].revents & (POLLHUP | POLLERR | POLLNVAL))
			p->polls[i].fd = -1;
	for (int i = 0; i < p->ncpus; i++)
		if (vp_perf_pending(&p->cpus[i]))
			return 1;
	return 0;
}

/* One sample record, in one piece, to the sink.  Returns 1 if handed over. */
static int vp_perf_sample(const struct vp_perf *p, const uint8_t *rec, size_t size,
			  vp_perf_sink *sink)
{
	struct vp_perf_head h;
	struct vp_perf_sample s;
	uint64_t regs[3], stack_bytes, dyn;
	size_t at = sizeof(h);

	if (size < sizeof(h))
		return 0;
	memcpy(&h, rec, sizeof(h));
	if ((int)h.pid != p->owner_pid || (int)h.tid == p->owner_tid)
		return 0;
	memset(&s, 0, sizeof(s));
	s.tid = (int)h.tid;
	s.cpu = h.cpu;
	s.mono_ns = h.time;
	s.ip = h.ip;
	s.in_kernel = (h.header.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
	s.period_ns = h.period;
	/* abi NONE has no register words after it. */
	if (h.abi == VP_PERF_REGS_ABI_64 && size - at >= sizeof(regs) + 8) {
		memcpy(regs, rec + at, sizeof(regs));
		at += sizeof(regs);
		s.has_user = 1;
		s.bp = regs[0];
		s.sp = regs[1];
		s.pc = regs[2];
		memcpy(&stack_bytes, rec + at, 8);
		at += 8;
		/* The copy is followed by how much of it is real. */
		if (stack_bytes && size - at >= 8 && stack_bytes <= size - at - 8) {
			memcpy(&dyn, rec + at + stack_bytes, 8);
			s.stack = rec + at;
			s.stack_bytes = dyn <= stack_bytes ? dyn : 0;
		}
	}
	sink(&s);
	return 1;
}

static int vp_perf_record(struct vp_perf *p, const uint8_t *rec, vp_perf_sink *sink)
{
	struct perf_event_header h;
	uint64_t lost = 0;

	memcpy(&h, rec, sizeof(h));
	switch (h.type) {
	case PERF_RECORD_SAMPLE:
		return vp_perf_sample(p, rec, h.size, sink);
	case PERF_RECORD_LOST: /* id, lost */
		if (h.size >= 24)
			memcpy(&lost, rec + 16, 8);
		break;
	case PERF_RECORD_LOST_SAMPLES: /* lost */
		if (h.size >= 16)
			memcpy(&lost, rec + 8, 8);
		break;
	case PERF_RECORD_THROTTLE:
		p->stats.throttles++;
		break;
	default:
		break;
	}
	p->stats.lost += lost;
	return 0;
}

static size_t vp_perf_drain_cpu(struct vp_perf *p, struct vp_perf_cpu *c, vp_perf_sink *sink)
{
	const uint8_t *data = (const uint8_t *)c->page + VP_PERF_PAGE;
	const uint64_t ring = p->stats.ring_bytes;
	/* Read once: what comes in meanwhile waits for the next drain, so one
	 * busy CPU cannot keep the helper here for ever. */
	uint64_t head = __atomic_load_n(&c->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = c->page->data_tail;
	size_t handed = 0;

	while (tail < head) {
		uint64_t off = tail & (ring - 1);
		const uint8_t *rec = data + off;
		uint64_t size = ((const struct perf_event_header *)(const void *)rec)->size;

		if (size < sizeof(struct perf_event_header) || size > head - tail) {
			tail = head; /* cannot be; but then never spin on it */
		} else {
			if (size > ring - off) {
				memcpy(p->scratch, rec, ring - off);
				memcpy(p->scratch + (ring - off), data, size - (ring - off));
				rec = p->scratch;
			}
			handed += (size_t)vp_perf_record(p, rec, sink);
			tail += size;
		}
		/* After every record: room for the kernel as early as can be. */
		__atomic_store_n(&c->page->data_tail, tail, __ATOMIC_RELEASE);
	}
	return handed;
}

size_t vp_perf_drain(vp_perf_sink *sink)
{
	struct vp_perf *p = &vp_perf;
	size_t handed = 0;

	for (int i = 0; i < p->ncpus; i++)
		handed += vp_perf_drain_cpu(p, &p->cpus[i], sink);
	return handed;
}

void vp_perf_stats(struct vp_perf_stats *out)
{
	*out = vp_perf.stats;
}

void vp_perf_close(void)
{
	struct vp_perf *p = &vp_perf;

	/* A forked child has neither the descriptors nor the rings (they are
	 * not copied): there the addresses and numbers belong to others. */
	if (p->owner_pid == vp_sys_pid())
		vp_perf_release(p);
	vp_sys_unmap(p->cpus, vp_perf_tables_bytes(p->online));
	vp_sys_unmap(p->scratch, VP_PERF_RECORD_MAX);
	memset(p, 0, sizeof(*p));
}
