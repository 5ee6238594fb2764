/* The kernel's side of a ring: mapped, emptied, its records taken apart. */
#include "sample/perf.h"

#include <string.h>
#include <sys/mman.h>

#include "base/sys.h"

#define VP_PERF_RECORD_MAX  65536U /* perf_event_header.size has 16 bits */
#define VP_PERF_CPUS_MAX    8192
#define VP_PERF_REGS_ABI_64 2U

/* What a sample begins with, as VP_PERF_SAMPLE_TYPE makes it. */
struct vp_perf_head {
	struct perf_event_header header;
	uint64_t ip;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
	uint64_t count;
	uint64_t abi;
};
_Static_assert(sizeof(struct vp_perf_head) == 56, "layout is the kernel's");

/* A record that wraps around, put together again; or the text of a list. */
static _Alignas(8) uint8_t scratch[VP_PERF_RECORD_MAX];

int vp_perf_ring_map(struct vp_perf_ring *ring, int fd, uint32_t bytes)
{
	/* Writable: the kernel then respects data_tail and drops new records,
	 * counted, rather than overwriting old ones. */
	long map =
	    vp_sys_mmap(VP_PERF_PAGE + (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd);

	if (map < 0 && map >= -4095)
		return (int)map;
	ring->page = (struct perf_event_mmap_page *)map;
	ring->bytes = bytes;
	return 0;
}

void vp_perf_ring_unmap(struct vp_perf_ring *ring)
{
	if (ring->page)
		vp_sys_unmap(ring->page, VP_PERF_PAGE + (size_t)ring->bytes);
	ring->page = NULL;
}

/* One sample record, in one piece, to the sink.  Returns 1 if handed over. */
static int take_sample(const uint8_t *rec, size_t size, vp_perf_ring_sink *sink, uint32_t index)
{
	struct vp_perf_head h;
	struct vp_perf_sample s;
	uint64_t regs[3], stack_bytes, dyn;
	size_t at = sizeof(h);

	if (size < sizeof(h))
		return 0;
	memcpy(&h, rec, sizeof(h));
	memset(&s, 0, sizeof(s));
	s.tid = (int)h.tid;
	s.cpu = h.cpu;
	s.mono_ns = h.time;
	s.ip = h.ip;
	s.in_kernel = (h.header.misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
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
	sink(&s, h.count, index);
	return 1;
}

/* A switch, by sample_id_all and VP_PERF_SAMPLE_TYPE; a fault, by VP_PERF_FAULT_TYPE. */
struct vp_perf_switch_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t cpu, reserved;
};
_Static_assert(sizeof(struct vp_perf_switch_record) == 32, "layout is the kernel's");
_Static_assert(sizeof(struct vp_perf_switch_record) < sizeof(struct vp_perf_head),
	       "a fault is told from a sample by its size");

static int take_switch(const uint8_t *rec, size_t size)
{
	struct vp_perf_switch_record r;

	if (size < sizeof(r))
		return 0;
	memcpy(&r, rec, sizeof(r));
	vp_perf_switch_keep(&(struct vp_perf_switch){
	    .time_ns = r.time,
	    .tid = (int)r.tid,
	    .fault = r.header.type == PERF_RECORD_SAMPLE,
	    .out = (r.header.misc & PERF_RECORD_MISC_SWITCH_OUT) != 0,
	    .preempted = (r.header.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT) != 0});
	return 0;
}

static int take_record(const uint8_t *rec, vp_perf_ring_sink *sink, uint32_t index,
		       struct vp_perf_ring_losses *losses)
{
	struct perf_event_header h;
	uint64_t lost = 0;

	memcpy(&h, rec, sizeof(h));
	switch (h.type) {
	case PERF_RECORD_SAMPLE:
		if (h.size == sizeof(struct vp_perf_switch_record))
			return take_switch(rec, h.size);
		return take_sample(rec, h.size, sink, index);
	case PERF_RECORD_SWITCH:
		return take_switch(rec, h.size);
	case PERF_RECORD_LOST: /* id, lost */
		if (h.size >= 24)
			memcpy(&lost, rec + 16, 8);
		break;
	case PERF_RECORD_LOST_SAMPLES: /* lost */
		if (h.size >= 16)
			memcpy(&lost, rec + 8, 8);
		break;
	case PERF_RECORD_THROTTLE:
		losses->throttles++;
		break;
	default:
		break;
	}
	losses->lost += lost;
	return 0;
}

size_t vp_perf_ring_drain(struct vp_perf_ring *ring, vp_perf_ring_sink *sink, uint32_t index,
			  struct vp_perf_ring_losses *losses)
{
	const uint8_t *data = (const uint8_t *)ring->page + VP_PERF_PAGE;
	const uint64_t bytes = ring->bytes;
	/* Read once: what comes in meanwhile waits for the next drain, so one
	 * busy CPU cannot keep the helper here for ever. */
	uint64_t head = __atomic_load_n(&ring->page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->page->data_tail; /* ours alone */
	size_t handed = 0;

	while (tail < head) {
		uint64_t off = tail & (bytes - 1);
		const uint8_t *rec = data + off;
		uint64_t size = ((const struct perf_event_header *)(const void *)rec)->size;

		if (size < sizeof(struct perf_event_header) || size > head - tail) {
			tail = head; /* cannot be; but then never spin on it */
		} else {
			if (size > bytes - off) {
				memcpy(scratch, rec, bytes - off);
				memcpy(scratch + (bytes - off), data, size - (bytes - off));
				rec = scratch;
			}
			handed += (size_t)take_record(rec, sink, index, losses);
			tail += size;
		}
		/* After every record: room for the kernel as early as can be. */
		/* Pairs with the kernel's load of data_tail. */
		__atomic_store_n(&ring->page->data_tail, tail, __ATOMIC_RELEASE);
	}
	return handed;
}

/* Parses "0-3,8,10-11" into out[max], returns how many there are. */
static int parse_cpus(const char *s, int *out, int max)
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
		for (int cpu = range[0]; cpu <= range[1]; cpu++, n++)
			if (n < max)
				out[n] = cpu;
		if (*s == ',')
			s++;
	}
	return n;
}

/* Without /sys: the CPUs the thread may run on now. */
static int affinity(int tid, int *out, int max)
{
	long bytes = vp_sys(SYS_sched_getaffinity, tid, VP_PERF_CPUS_MAX / 8, scratch);
	int n = 0;

	for (int cpu = 0; cpu < bytes * 8; cpu++) {
		if (!(scratch[cpu / 8] & (1U << (cpu % 8))))
			continue;
		if (n < max)
			out[n] = cpu;
		n++;
	}
	return n;
}

int vp_perf_ring_cpus(int tid, int *out, int max)
{
	int n = 0;

	if (vp_sys_read_file("/sys/devices/system/cpu/online", (char *)scratch, sizeof(scratch)) >
	    0)
		n = parse_cpus((char *)scratch, out, max);
	return n ? n : affinity(tid, out, max);
}
