#include "helper/watch.h"
#include "base/amount.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/proc_thread.h"
#include "helper/books.h"
#include "helper/sched.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "track/cpu.h"

#include <string.h>

/* Rows of threads that have not been settled.  A program that makes a thread
 * per request has many rows and few of these. */
static struct watched {
	uint32_t row;
	struct vp_sched_seen seen;
} * watched;
static uint32_t watched_count, watched_room;
static uint32_t next_row;    /* the first one not looked at yet */
static uint64_t settled_cpu; /* of threads that are in `watched` no more */
static uint64_t settled_untaken, settled_spared;
static uint64_t longest_period; /* before the last change of the rate; 0: there was none */

int vp_watch_init(void)
{
	/* Not given back: the helper may have been at it when we were forked. */
	watched = NULL;
	watched_count = watched_room = 0;
	next_row = 1;
	settled_cpu = settled_untaken = settled_spared = longest_period = 0;
	return 0;
}

void vp_watch_name(struct vprof_thread *row)
{
	char name[16];

	if (vp_proc_comm((int)row->tid, name) == 0 && name[0])
		memcpy(row->name, name, sizeof(row->name));
}

static void refresh(uint32_t id, struct vp_sched_seen *seen, int with_names)
{
	struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, id);
	uint64_t cpu = vp_proc_thread_cpu_ns((int)row->tid), now = vp_clock_now();

	if (vp_proc_thread_ns(row->tid, cpu) > row->cpu_ns)
		row->cpu_ns = vp_proc_thread_ns(row->tid, cpu);
	if (cpu)
		vp_books_read(id, vp_proc_thread_ns(row->tid, cpu), now);
	if (cpu == 0 && row->start_ns + 1000000 < now) {
		if (__atomic_load_n(&row->state, __ATOMIC_ACQUIRE) != VPROF_THREAD_LIVE)
			return; /* it has told us meanwhile */
		/* Ended without telling us: never called a hook. */
		seen->silent = 1;
		row->end_ns = vp_clock_now();
		row->state = VPROF_THREAD_ENDED;
		return;
	}
	if (!(row->flags & VPROF_THREAD_HELPER))
		vp_sched_look(row, seen);
	if (with_names)
		vp_watch_name(row);
}

/* Closes a thread's account of the pause that goes on, or is just over. */
static void end_pause(struct vprof_thread *row)
{
	const struct vprof_header *header = vp_file.header;

	if (row->paused_cpu_ns > row->cpu_ns)
		row->paused_cpu_ns += row->cpu_ns;
	else if (header->paused && row->start_ns >= header->paused_since_ns)
		row->paused_cpu_ns = row->cpu_ns;
}

void vp_watch_pause(int on)
{
	vp_watch_refresh(0, 0);
	for (uint32_t i = 0; i < watched_count; i++) {
		struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, watched[i].row);

		if (on)
			row->paused_cpu_ns -= row->cpu_ns;
		else
			end_pause(row);
	}
}

/* Samples that a thread's CPU time should have given and that nobody took: the
 * helper was kept from running and the kernel's ring ran over, or the timer did
 * not come.  Few may be chance, and a thread may be too short for any. */
#define UNTAKEN_FROM 32u

static uint64_t expected_of(const struct vprof_thread *row)
{
	uint64_t now = __atomic_load_n(&vp_file.header->cpu_period_ns, __ATOMIC_RELAXED);
	uint64_t period = now > longest_period ? now : longest_period;

	if (!period || row->flags & VPROF_THREAD_HELPER)
		return 0;
	return vprof_thread_active_ns(vp_file.header, row) / period;
}

/* A thread sampled in windows has few, which stand for the more. */
static uint64_t untaken_of(const struct vprof_thread *row)
{
	uint64_t expected = expected_of(row), taken = row->samples;
	uint64_t active_ns = vprof_thread_active_ns(vp_file.header, row);

	if (row->flags & VPROF_THREAD_WINDOWS && active_ns)
		taken = (uint64_t)((unsigned __int128)expected * row->sampled_ns / active_ns);
	if (expected < UNTAKEN_FROM || taken >= expected - expected / 4)
		return 0;
	return expected - taken;
}

static uint64_t spared_of(const struct vprof_thread *row)
{
	return row->flags & VPROF_THREAD_WINDOWS ? vp_less(expected_of(row), row->samples) : 0;
}

void vp_watch_rate_changes(void)
{
	uint64_t period = vp_file.header->cpu_period_ns;

	longest_period = period > longest_period ? period : longest_period;
}

uint64_t vp_watch_untaken(void)
{
	uint64_t untaken = settled_untaken;

	for (uint32_t i = 0; i < watched_count; i++)
		untaken += untaken_of(vp_table_row(VPROF_SEC_THREADS, watched[i].row));
	return untaken;
}

uint64_t vp_watch_spared(void)
{
	uint64_t spared = settled_spared;

	for (uint32_t i = 0; i < watched_count; i++)
		spared += spared_of(vp_table_row(VPROF_SEC_THREADS, watched[i].row));
	return spared;
}

void vp_watch_refresh(int with_names, uint64_t drained_ns)
{
	uint32_t rows = vp_table_used(VPROF_SEC_THREADS), kept = 0;

	while (next_row < rows && vp_array_room((void **)&watched, watched_count, &watched_room,
						watched_count + 1, sizeof(*watched)))
		watched[watched_count++] = (struct watched){.row = next_row++};
	vp_sched_round_begin(with_names);
	for (uint32_t i = 0; i < watched_count; i++) {
		struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, watched[i].row);
		int state = __atomic_load_n(&row->state, __ATOMIC_ACQUIRE);

		if (state == VPROF_THREAD_LIVE)
			refresh(watched[i].row, &watched[i].seen, with_names);
		if (state == VPROF_THREAD_ENDED && row->end_ns < drained_ns) {
			vp_books_read(watched[i].row, row->cpu_ns, row->end_ns);
			end_pause(row);
			vp_sched_settle(row, &watched[i].seen);
			settled_untaken += untaken_of(row);
			settled_spared += spared_of(row);
			vp_track_cpu_settle(watched[i].row);
			if (!(row->flags & VPROF_THREAD_HELPER))
				settled_cpu += vprof_thread_active_ns(vp_file.header, row);
		} else {
			watched[kept++] = watched[i];
		}
	}
	watched_count = kept;
	vp_sched_round_end();
}

uint64_t vp_watch_cpu_ns(void)
{
	uint64_t cpu = settled_cpu;

	for (uint32_t i = 0; i < watched_count; i++) {
		const struct vprof_thread *row = vp_table_row(VPROF_SEC_THREADS, watched[i].row);

		if (!(row->flags & VPROF_THREAD_HELPER))
			cpu += vprof_thread_active_ns(vp_file.header, row);
	}
	return cpu;
}
