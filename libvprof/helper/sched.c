#include "helper/sched.h"
#include "base/amount.h"
#include "base/clock.h"
#include "base/proc.h"
#include "base/schedstat.h"
#include "base/sys.h"
#include "sample/engines.h"

#include <errno.h>

/* Reading may take a hundredth of the time: a program with a thousand busy threads is
 * read less often. */
#define SHARE	   100u
#define IDLE_SHARE 500u /* of threads that have not run, which may be many */

/* CLOCK_MONOTONIC; began: 0 when nothing is to be read. */
static uint64_t next_ns, next_idle_ns, began_ns, idle_took_ns;
static int round_is_whole, round_has_idle;

void vp_sched_open(void)
{
	next_ns = next_idle_ns = 0;
	vp_schedstat_open();
}

void vp_sched_round_begin(int whole)
{
	uint64_t now = vp_clock_mono();

	round_is_whole = whole;
	round_has_idle = now >= next_idle_ns;
	began_ns = whole || now >= next_ns ? now : 0;
	idle_took_ns = 0;
}

void vp_sched_round_end(void)
{
	uint64_t now = vp_clock_mono();

	if (!began_ns)
		return;
	next_ns = now + (now - began_ns - idle_took_ns) * SHARE;
	if (round_has_idle)
		next_idle_ns = now + idle_took_ns * IDLE_SHARE;
}

static void set_flag(struct vprof_thread *row, uint32_t flag)
{
	/* The thread itself sets others. */
	__atomic_fetch_or(&row->flags, flag, __ATOMIC_RELAXED);
}

static void read_delay(struct vprof_thread *row, struct vp_sched_seen *seen)
{
	struct vp_schedstat stat;
	int err = vp_schedstat_read((int)row->tid, &stat);

	if (err == -ESRCH)
		return; /* its own end tells more */
	seen->run_ns = row->cpu_ns;
	if (err) {
		set_flag(row,
			 err == -ENODATA ? VPROF_THREAD_SCHED_EMPTY : VPROF_THREAD_SCHED_CLOSED);
		return;
	}
	seen->t_ns = vp_clock_now();
	seen->cpu_ns = vp_proc_thread_ns(row->tid, stat.cpu_ns);
	row->run_delay_ns = stat.run_delay_ns;
	row->slices = stat.slices;
	set_flag(row, VPROF_THREAD_RUN_DELAY);
	if (vp_switch_rate_look(&seen->rate, stat.slices, seen->t_ns) &&
	    vp_perf_switches_often((int)row->tid))
		set_flag(row, VPROF_THREAD_WINDOWS);
}

/* The thread's own word, at its end, is later than ours and stays. */
static void replace(uint64_t *counter, uint64_t old, uint64_t value)
{
	__atomic_compare_exchange_n(counter, &old, value, 0, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void read_switches(struct vprof_thread *row, struct vp_sched_seen *seen)
{
	uint64_t voluntary = __atomic_load_n(&row->voluntary, __ATOMIC_RELAXED);
	uint64_t involuntary = __atomic_load_n(&row->involuntary, __ATOMIC_RELAXED);
	struct vp_switches switches;

	if (vp_schedstat_switches((int)row->tid, &switches) != 0)
		return;
	seen->told_ns = row->cpu_ns;
	replace(&row->voluntary, voluntary, switches.voluntary);
	replace(&row->involuntary, involuntary, switches.involuntary);
	set_flag(row, VPROF_THREAD_SWITCHES);
}

/* One that has not run since its last reading, and waits now, has waited all that time: the
 * run delay of a thread that was runnable is only told once it runs. */
static void look_at_idle(const struct vprof_thread *row, struct vp_sched_seen *seen)
{
	uint64_t mono_ns = vp_clock_mono(), now_ns = vp_clock_now();

	if (vp_schedstat_waits((int)row->tid))
		seen->t_ns = now_ns;
	idle_took_ns += vp_clock_mono() - mono_ns;
}

void vp_sched_look(struct vprof_thread *row, struct vp_sched_seen *seen)
{
	if (!began_ns)
		return;
	if (row->cpu_ns != seen->run_ns)
		read_delay(row, seen);
	else if (round_has_idle && seen->t_ns)
		look_at_idle(row, seen);
	if (round_is_whole && row->cpu_ns != seen->told_ns)
		read_switches(row, seen);
}

void vp_sched_settle(struct vprof_thread *row, const struct vp_sched_seen *seen)
{
	uint64_t off_ns = vp_less(vp_less(row->end_ns, row->start_ns), row->cpu_ns);
	int told = row->flags & VPROF_THREAD_SWITCHES && !seen->silent;

	if (told && !row->voluntary) {
		/* It never waited.  Without any switch it was on the CPU all the time. */
		row->run_delay_ns = row->involuntary ? off_ns : 0;
	} else if (seen->t_ns) {
		row->unsplit_ns =
		    vp_less(vp_less(row->end_ns, seen->t_ns), vp_less(row->cpu_ns, seen->cpu_ns));
	} else {
		row->unsplit_ns = off_ns;
	}
	if (!told)
		return;
	row->slices = row->voluntary + row->involuntary + 1;
	set_flag(row, VPROF_THREAD_RUN_DELAY);
}
