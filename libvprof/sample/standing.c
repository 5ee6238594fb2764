#include "sample/standing.h"

#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/filters.h"
#include "base/sys.h"

#define WATCHES	   8u
#define BELOW	   256u			  /* read below the word too: saved registers lie there */
#define READ_MOST  (256u << 10)		  /* of an outer stack */
#define PAUSE_MOST 8u			  /* doublings of a pause after watching in vain */
#define HURRY_NS   (200ull * 1000 * 1000) /* after a cut sample */

struct watch {
	int tid;	 /* 0: free */
	int fd;		 /* -1: not watching now */
	uint64_t slot;	 /* the word */
	uint64_t wanted; /* the one to watch next, 0: none */
	uint64_t stack_hi;
	uint64_t since_ns; /* it was watched and the stack was read before this */
	uint64_t lo;	   /* address of what was read */
	size_t bytes;
	uint32_t in_vain; /* times that no sample came before it was written */
	int used;
	uint64_t next_ns; /* not watched again before */
	uint64_t last_ns; /* a sample asked for it */
};

static struct watch watch[WATCHES];
static uint8_t *memory; /* what was read, READ_MOST a watch */
static int owner_tid;
static int refused; /* this kernel, or machine, or policy has none */
static uint64_t period_ns, last_cut_ns, due_ns;

static uint8_t *memory_of(const struct watch *one)
{
	return memory + (size_t)(one - watch) * READ_MOST;
}

static void stop(struct watch *one)
{
	if (one->fd < 0)
		return;
	/* Descriptors of another thread's table, or of the parent's, are not ours. */
	if (owner_tid == vp_sys_tid())
		vp_sys_close(one->fd);
	one->fd = -1;
	one->in_vain = one->used ? 0 : one->in_vain + 1;
	one->used = 0;
}

/* The event ends itself at the first write: a word that is written all the time would
 * cost the thread a trap each. */
static int open_event(int tid, uint64_t slot)
{
	struct perf_event_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_BREAKPOINT;
	attr.bp_type = HW_BREAKPOINT_W;
	attr.bp_addr = slot;
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	attr.sample_period = 1;
	attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	attr.exclude_kernel = 1;
	attr.exclude_hv = 1;
	attr.pinned = 1;
	attr.disabled = 1;
	fd = vp_filters_perf_open(&attr, tid, -1);
	if (fd < 0)
		return fd;
	if (vp_sys(SYS_ioctl, fd, PERF_EVENT_IOC_REFRESH, 1) == 0)
		return fd;
	vp_sys_close(fd);
	return -ENOSYS;
}

static void start(struct watch *one)
{
	uint64_t slot = one->wanted, bytes = one->stack_hi - (slot - BELOW);

	one->fd = open_event(one->tid, slot);
	if (one->fd < 0) {
		/* Others may have all the registers, or the thread may have ended. */
		refused = one->fd != -ENOSPC && one->fd != -ESRCH && one->fd != -EMFILE;
		one->fd = -1;
		one->in_vain++;
		return;
	}
	one->slot = slot;
	one->lo = slot - BELOW;
	one->bytes = vp_sys_peek(memory_of(one), one->lo, bytes < READ_MOST ? bytes : READ_MOST);
	one->since_ns = vp_clock_mono();
}

/* Has nobody written the word since?  A count of a time in which the event was not at
 * work all along proves nothing. */
static int is_unwritten(const struct watch *one)
{
	uint64_t value[3], word; /* count, time enabled, time running */

	return vp_sys_read(one->fd, value, sizeof(value)) == (long)sizeof(value) && !value[0] &&
	       value[1] == value[2] &&
	       vp_sys_peek(&word, one->slot, sizeof(word)) == sizeof(word) &&
	       memcmp(&word, memory_of(one) + (one->slot - one->lo), sizeof(word)) == 0;
}

/* Is the call that put the word there one of the sample's frames? */
static int is_among(const struct watch *one, const struct vp_standing_sample *sample)
{
	if (one->slot == sample->cut->slot)
		return 1;
	for (size_t i = 0; i < sample->depth; i++)
		if (sample->cut->sp[i] == one->slot + 8)
			return 1;
	return 0;
}

static size_t walk_outer(const struct watch *one, const struct vp_cut *cut, uint64_t *where,
			 size_t max)
{
	struct vp_view view = {one->lo, one->lo + one->bytes, memory_of(one), 1};
	static struct vp_cut outer;
	size_t depth;

	depth = vp_unwind_copy(&cut->regs, cut->exact, &view, where, max, &outer);
	return outer.slot ? 0 : depth;
}

/* The thread's watch, or one that nobody has asked for longest. */
static struct watch *watch_for(int tid)
{
	struct watch *one = NULL;

	for (uint32_t i = 0; i < WATCHES; i++)
		if (watch[i].tid == tid)
			return &watch[i];
	for (uint32_t i = 0; i < WATCHES; i++)
		if (!one || !watch[i].tid || watch[i].last_ns < one->last_ns)
			one = &watch[i];
	stop(one);
	*one = (struct watch){.tid = tid, .fd = -1};
	return one;
}

size_t vp_standing_frames(const struct vp_standing_sample *sample, uint64_t *where, size_t max)
{
	uint64_t slot = sample->cut->slot;
	struct watch *one;
	size_t depth;

	/* On a stack of the program's own making another thread may run next, unwatched. */
	if (refused || slot % 8 || slot < sample->stack_lo + BELOW || slot + 8 > sample->stack_hi)
		return 0;
	if (!memory)
		memory = vp_sys_map(WATCHES * (size_t)READ_MOST);
	if (!memory)
		return 0;
	last_cut_ns = sample->mono_ns;
	one = watch_for(sample->tid);
	one->last_ns = sample->mono_ns;
	if (one->fd >= 0 && sample->mono_ns <= one->since_ns)
		return 0; /* taken before we watched */
	if (one->fd >= 0 && is_among(one, sample) && is_unwritten(one)) {
		depth = walk_outer(one, sample->cut, where, max);
		one->used |= depth > 0;
		return depth;
	}
	one->wanted = slot;
	one->stack_hi = sample->stack_hi;
	return 0;
}

void vp_standing_watch(void)
{
	uint64_t now = vp_clock_mono();

	for (struct watch *one = watch; one < watch + WATCHES; one++) {
		if (!one->wanted || refused || now < one->next_ns)
			continue;
		stop(one);
		start(one);
		one->wanted = 0;
		one->next_ns =
		    now + (period_ns << (one->in_vain < PAUSE_MOST ? one->in_vain : PAUSE_MOST));
	}
	/* Set once a look: who asks whether it is due must not be told of a later time each time. */
	due_ns = !refused && last_cut_ns && now < last_cut_ns + HURRY_NS ? now + 2 * period_ns : ~0ull;
}

uint64_t vp_standing_due(void)
{
	return due_ns;
}

void vp_standing_open(uint64_t period)
{
	vp_standing_close();
	owner_tid = vp_sys_tid();
	period_ns = period;
	refused = 0;
	last_cut_ns = 0;
	due_ns = ~0ull;
}

void vp_standing_forget(int tid)
{
	for (uint32_t i = 0; i < WATCHES; i++) {
		if (watch[i].tid != tid)
			continue;
		stop(&watch[i]);
		watch[i] = (struct watch){.fd = -1};
	}
}

void vp_standing_close(void)
{
	for (uint32_t i = 0; i < WATCHES; i++) {
		if (watch[i].tid)
			stop(&watch[i]);
		watch[i] = (struct watch){.fd = -1};
	}
	if (memory)
		vp_sys_unmap(memory, WATCHES * (size_t)READ_MOST);
	memory = NULL;
}
