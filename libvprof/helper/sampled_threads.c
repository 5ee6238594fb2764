#include "helper/sampled_threads.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "sample/engines.h"
#include "thread/arrivals.h"
#include "thread/threads.h"

/* How long a thread has to live before it is worth events of its own, and how
 * often the helper looks while threads come and go. */
#define YOUNG_NS (2u * 1000 * 1000)
/* A thread known for less than this is announced and in the queue. */
#define QUEUED_NS (20u * 1000 * 1000)
#define SCAN_NS	  (1000ull * 1000 * 1000)

static struct vp_arrivals notices;
static uint64_t next_look; /* CLOCK_MONOTONIC */
static uint64_t next_scan; /* of /proc, though nothing seems to have changed */
static uint32_t unhooked;  /* threads at the last scan that no hook has seen */
static uint32_t scanned;

struct scan {
	uint64_t now;
	int all; /* the queue has lost some */
	int self;
};

static void look_at(int tid, void *arg)
{
	const struct scan *scan = arg;
	const struct vprof_thread *row;
	uint32_t id;

	if (tid == scan->self)
		return;
	scanned++;
	if (vp_perf_mark_thread(tid))
		return;
	id = vp_threads_row_of_tid(tid, scan->now);
	row = vp_table_row(VPROF_SEC_THREADS, id);
	if (id && row->state == VPROF_THREAD_ENDED)
		return;
	if (!scan->all && row->start_ns != scan->now && row->start_ns + QUEUED_NS > scan->now)
		return;
	if (vp_perf_add_thread(tid) == 0)
		vp_perf_mark_thread(tid);
}

static void scan_tasks(int all)
{
	struct scan scan = {vp_clock_now(), all, vp_sys_tid()};
	uint32_t hooked = vp_threads_live();

	scanned = 0;
	if (vp_proc_tasks(look_at, &scan) == 0)
		vp_perf_remove_unmarked();
	unhooked = scanned - hooked; /* may be "negative" for a moment */
	next_scan = vp_clock_mono() + SCAN_NS;
}

void vp_sampled_threads_open(void)
{
	next_look = ~0ull;
	vp_arrivals_want(1);
	scan_tasks(1);
}

void vp_sampled_threads_close(void)
{
	vp_arrivals_want(0);
}

void vp_sampled_threads_update(uint64_t mono_ns)
{
	if (!vp_arrivals_waiting()) {
		next_look = ~0ull;
		return;
	}
	if (next_look == ~0ull)
		next_look = mono_ns + YOUNG_NS;
	if (mono_ns < next_look)
		return;
	vp_arrivals_take(&notices, vp_clock_now() - YOUNG_NS);
	/* Ends first: a new thread may have the number of an old one. */
	for (uint32_t i = 0; i < notices.ended_count; i++)
		vp_perf_remove_thread(notices.ended[i]);
	for (uint32_t i = 0; i < notices.started_count; i++)
		vp_perf_add_thread(notices.started[i]);
	if (notices.missed)
		scan_tasks(1);
	next_look = vp_clock_mono() + YOUNG_NS;
}

uint64_t vp_sampled_threads_due(void)
{
	return next_look;
}

void vp_sampled_threads_tick(uint32_t threads)
{
	if (!threads)
		return;
	if (threads - vp_threads_live() != unhooked || (unhooked && vp_clock_mono() >= next_scan))
		scan_tasks(0);
}
