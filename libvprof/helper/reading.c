#include "helper/reading.h"
#include "base/amount.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/private_heap.h"
#include "base/proc.h"
#include "base/sys.h"
#include "helper/sched.h"
#include "helper/title.h"
#include "helper/under_way.h"
#include "helper/watch.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "ring/timeline.h"
#include "stack/rows.h"
#include "stack/trie.h"
#include "thread/threads.h"
#include "track/live.h"
#include "track/peak.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define SECOND	     1000000000ull
#define UNTAKEN_FROM 32u /* samples: fewer may be chance */

static int can_read;
static int program_ended; /* the last point is there */
static int alone;	  /* the main thread has ended, and there is no other */
static int alone_status;
static uint64_t smaps_next_ns, names_next_ns, stats_next_ns;
static struct vp_smaps smaps;
static uint64_t smaps_t_ns;

/* CPU time before the last change of the rate, and the samples expected of it. */
static uint64_t rate_from_ns, expected_before;
static int rate_changed;

/* Samples lost: what the engine tells, and what the CPU time does. */
static uint64_t told, untaken;

void vp_reading_open(void)
{
	smaps_next_ns = names_next_ns = stats_next_ns = 0;
	smaps_t_ns = 0;
	alone = program_ended = 0;
	told = untaken = 0;
	rate_from_ns = expected_before = 0;
	rate_changed = 0;
	memset(&smaps, 0, sizeof(smaps));
	can_read = vp_proc_open() == 0;
	vp_sched_open();
	vp_timeline_reset();
}

void vp_reading_close(void)
{
	if (can_read)
		vp_proc_close();
	can_read = 0;
}

int vp_reading_names_due(void)
{
	uint64_t now = vp_clock_now();

	if (now < names_next_ns)
		return 0;
	names_next_ns = now + SECOND;
	return 1;
}

/* smaps_rollup walks every page table and holds the host's memory map lock
 * meanwhile: it may use a hundredth of the time at most. */
static void read_smaps(uint64_t now)
{
	uint64_t before = vp_clock_mono(), took;

	if (now < smaps_next_ns)
		return;
	if (vp_proc_smaps(&smaps) == 0)
		smaps_t_ns = now;
	took = vp_clock_mono() - before;
	smaps_next_ns = now + (took * 100 > SECOND / 2 ? took * 100 : SECOND / 2);
}

/* A main thread that has ended counts until the process is gone. */
static void look_alone(const struct vp_procstat *stat)
{
	alone = stat->state == 'Z' && stat->threads == 2;
	alone_status = stat->exit_code >> 8 & 0xff;
}

static void read_process(struct vprof_point *point)
{
	struct vp_statm statm;
	struct vp_procstat stat;

	if (!can_read)
		return;
	vp_proc_statm(&statm);
	point->rss = statm.rss;
	point->vms = statm.vms;
	point->shared = statm.shared;
	point->data = statm.data;
	read_smaps(point->t_ns);
	point->uss = smaps.uss;
	point->pss = smaps.pss;
	point->smaps_t_ns = smaps_t_ns;
	if (vp_proc_stat(&stat) != 0)
		return;
	look_alone(&stat);
	point->minor_faults = stat.minor_faults;
	point->major_faults = stat.major_faults;
	point->switches = stat.switches;
	point->threads = stat.threads ? (uint32_t)stat.threads - 1 : 0; /* not the helper */
	vp_file.header->cpu_user_ns = stat.user_ns;
	vp_file.header->cpu_system_ns = stat.system_ns;
	vp_file.header->start_ticks = stat.start_ticks;
}

static void read_own(uint64_t now, int last)
{
	struct vprof_header *header = vp_file.header;
	uint64_t resident = 0;

	header->own_cpu_ns = vp_sys_cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	header->rows_learned = vp_rows_count();
	if (now < stats_next_ns && !last)
		return;
	stats_next_ns = now + SECOND;
	if (can_read)
		vp_title_look();
	vp_private_heap_stats(&header->own_heap_bytes, &resident);
	header->own_memory_bytes =
	    resident + vp_live_index_bytes() + vp_rows_bytes() + vp_trie_bytes();
}

/* The kernel counts what it dropped, not what it had no chance to take. */
static void write_lost(void)
{
	vp_file.header->lost[VPROF_LOST_SAMPLES] = told > untaken ? told : untaken;
}

void vp_reading_lost(uint64_t samples)
{
	told = samples;
	write_lost();
}

static void lose(uint64_t samples)
{
	untaken = samples;
	write_lost();
}

/* Read once: somebody who cuts the file makes it 0 at any moment. */
static uint64_t period_ns(void)
{
	uint64_t period = __atomic_load_n(&vp_file.header->cpu_period_ns, __ATOMIC_RELAXED);

	return period ? period : 1;
}

/* Only time in user mode gives samples, and the kernel tells it for the process
 * alone, by its ticks: half of that is no chance any more. */
static void lose_of_user(const struct vprof_header *header)
{
	uint64_t user = header->cpu_user_ns, expected;

	expected = user > header->own_cpu_ns ? user - header->own_cpu_ns : 0;
	expected = vp_less(expected / period_ns(), vp_watch_spared());
	lose(expected >= UNTAKEN_FROM && header->samples < expected / 2 ? expected - header->samples
									: 0);
}

static uint64_t expected_samples(void)
{
	uint64_t cpu = vp_watch_cpu_ns();

	return expected_before + (cpu > rate_from_ns ? cpu - rate_from_ns : 0) / period_ns();
}

void vp_reading_rate_changes(void)
{
	expected_before = expected_samples();
	rate_from_ns = vp_watch_cpu_ns();
	rate_changed = 1;
	vp_watch_rate_changes();
}

/* What a perfect sampler would have obtained so far. */
static void expect_samples(void)
{
	struct vprof_header *header = vp_file.header;

	if (header->cpu_period_ns)
		header->samples_expected = vp_less(expected_samples(), vp_watch_spared());
	if (!(header->flags & VPROF_F_EXCLUDE_KERNEL))
		lose(vp_watch_untaken());
	else if (!header->pauses && !rate_changed)
		lose_of_user(header);
}

void vp_reading_at_end(void)
{
	struct vprof_header *header = vp_file.header;
	uint64_t expected;

	if (!header->cpu_period_ns || header->pauses || rate_changed ||
	    vp_clock_now() < header->heartbeat_ns + SECOND)
		return;
	header->cpu_ns = vp_proc_cpu_ns();
	expected = vp_less(header->cpu_ns / period_ns(), vp_watch_spared());
	if (expected <= header->samples_expected)
		return;
	header->samples_expected = expected;
	if (expected >= UNTAKEN_FROM && header->samples < expected / 2)
		lose(expected - header->samples);
}

/* Returns the number of threads, as vp_reading_take. */
static uint32_t add_point(uint64_t now)
{
	struct vprof_header *header = vp_file.header;
	struct vprof_point point;
	struct vp_thread_sums sums;

	memset(&point, 0, sizeof(point));
	point.t_ns = now;
	point.ticks = 1;
	read_process(&point);
	vp_threads_sum(&sums);
	point.heap_live = __atomic_load_n(&header->live_bytes, __ATOMIC_RELAXED);
	point.heap_blocks = __atomic_load_n(&header->live_blocks, __ATOMIC_RELAXED);
	point.map_live = __atomic_load_n(&header->map_live_bytes, __ATOMIC_RELAXED);
	point.heap_allocated = sums.alloc_bytes;
	point.heap_freed = sums.freed_bytes;
	point.allocs = sums.allocs;
	point.frees = sums.frees;
	point.cpu_ns = vp_proc_cpu_ns();
	point.rss_min = point.rss_max = point.rss;
	point.heap_min = point.heap_max = point.heap_live;
	vp_timeline_add(&point, vp_config.tick_ms * 1000000ull);
	return point.threads;
}

void vp_reading_program_ends(void)
{
	if (program_ended)
		return;
	vp_peak_take_total(NULL);
	vp_under_way_charge();
	add_point(vp_clock_now());
	program_ended = 1;
}

/* A program that may not end its process, by a filter, ends its threads; and we are left. */
static void look_after_end(void)
{
	struct vp_procstat stat;

	if (can_read && vp_proc_stat(&stat) == 0)
		look_alone(&stat);
}

uint32_t vp_reading_take(int last)
{
	struct vprof_header *header = vp_file.header;
	uint64_t now = vp_clock_now();
	uint32_t threads = 0;

	vp_peak_take_total(NULL); /* a peak that threads' slack may have hidden */
	if (program_ended)
		look_after_end();
	else
		threads = add_point(now);
	header->cpu_ns = vp_proc_cpu_ns();
	expect_samples();
	read_own(now, last);
	if (vp_clock_is_tsc())
		__atomic_fetch_or(&header->flags, VPROF_F_TSC_CLOCK, __ATOMIC_RELAXED);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->heartbeat_ns, now, __ATOMIC_RELEASE);
	return threads;
}

int vp_reading_is_alone(int *status)
{
	*status = alone_status;
	return alone;
}

int vp_reading_task_alive(int tid)
{
	char path[64], text[512];
	struct vp_text name;
	const char *state;

	vp_text_init(&name, path, sizeof(path));
	vp_text_str(&name, "/proc/self/task/");
	vp_text_u64(&name, (uint64_t)tid);
	vp_text_str(&name, "/stat");
	if (vp_sys_read_file(path, text, sizeof(text)) <= 0)
		return 0;
	state = strrchr(text, ')');
	return state && state[1] == ' ' && state[2] != 'Z' && state[2] != 'X';
}
