/* Times off the CPU of all threads that are sampled: the records of their switches in the
 * order of time, and what is so far while one has not come back. */
#include "sample/perf.h"

#include "base/clock.h"
#include "base/proc_thread.h"
#include "base/schedstat.h"
#include "base/sys.h"

static struct vp_perf *engine; /* whose records are being settled */

int vp_perf_off_is_wanted(const struct vp_perf *p, const struct vp_perf_thread *thread)
{
	return p->common.switches && thread->away.given_up != VP_PERF_GAVE_UP;
}

static void take(const struct vp_perf_switch *record)
{
	struct vp_perf_thread *thread = vp_perf_table_find(&engine->table, record->tid);

	if (thread)
		engine->unpaired += vp_perf_away_take(thread, record, engine->sinks->off) != 0;
}

uint64_t vp_perf_off_settle(struct vp_perf *p, int last)
{
	uint64_t until = last ? p->drained_ns : p->drained_ns - VP_PERF_LATE_NS;

	engine = p;
	vp_perf_switch_settle(until, take);
	return until;
}

/* CPU time of a thread, as its events count it. */
static uint64_t counted_ns(struct vp_perf *p, const struct vp_perf_thread *thread)
{
	const struct vp_perf_event *event = vp_perf_table_events(&p->table, thread);
	uint64_t sum = 0, count;

	for (uint32_t i = 0; i < p->table.stride; i++)
		if (event[i].fd >= 0 && !event[i].faults &&
		    vp_sys_read(event[i].fd, &count, sizeof(count)) == (long)sizeof(count))
			sum += count;
	return sum;
}

/* No record has come: it was on a CPU all the time, or never. */
static void find_out(struct vp_perf *p, struct vp_perf_thread *thread, uint64_t now_ns)
{
	struct vp_perf_away *away = &thread->away;
	uint64_t ran_ns = counted_ns(p, thread) - away->counted_ns;

	away->known = 1;
	if (ran_ns * 2 < now_ns - away->opened_ns)
		away->since_ns = away->opened_ns;
}

static void hand_thread(struct vp_perf *p, struct vp_perf_thread *thread, uint64_t until)
{
	struct vp_perf_away *away = &thread->away;

	if (!thread->tid || !thread->watched || away->given_up || away->opened_ns >= until)
		return;
	if (!away->known)
		find_out(p, thread, until);
	vp_perf_away_so_far(thread, until, p->sinks->off);
}

uint64_t vp_perf_off_so_far(const struct vp_perf_sinks *sinks, int last)
{
	struct vp_perf *p = vp_perf_engine();
	uint64_t until;

	if (!p->common.switches || p->paused)
		return 0;
	p->sinks = sinks;
	until = vp_perf_off_settle(p, last);
	for (uint32_t i = 0; i < p->table.high; i++)
		hand_thread(p, &p->table.thread[i], until);
	return until;
}

static void open_faults(struct vp_perf *p, struct vp_perf_thread *thread)
{
	struct vp_perf_event *clocks = vp_perf_table_events(&p->table, thread);
	struct vp_perf_event *event = clocks + p->clocks;

	thread->faults = 1;
	for (uint32_t i = 0; i < p->clocks; i++) {
		int cpu = thread->shared ? p->cpu[i] : -1, fd;

		if (clocks[i].fd < 0) /* offline; or it has one clock for all CPUs */
			continue;
		fd = vp_perf_event_open_faults(&p->common, &event[i], thread->tid, cpu);
		if (fd < 0 || vp_sys(SYS_ioctl, fd, PERF_EVENT_IOC_SET_OUTPUT,
				     thread->shared ? p->ring_fd[i] : clocks[i].fd) < 0)
			thread->faults = 0;
	}
	for (uint32_t i = 0; i < p->clocks && !thread->faults; i++)
		vp_perf_event_close(&p->common, &event[i]);
}

static uint64_t delay_of(const struct vp_perf_thread *thread)
{
	struct vp_schedstat stat;

	return vp_schedstat_read(thread->tid, &stat) == 0 ? stat.run_delay_ns : 0;
}

static void hand_begin(const struct vp_perf_thread *thread, uint64_t cpu_ns, uint64_t delay_ns)
{
	const struct vp_perf_away *away = &thread->away;

	if (away->watched_ns == away->opened_ns)
		vp_perf_engine()->sinks->off(&(struct vp_perf_off){.tid = thread->tid,
								   .begin_ns = away->opened_ns,
								   .end_ns = away->opened_ns,
								   .begins = 1,
								   .fault = (uint8_t)thread->faults,
								   .ran_ns = cpu_ns,
								   .delay_ns = delay_ns});
}

/* Its next record tells where it was from now on.  If that was off the CPU, could it run? */
static void begin(struct vp_perf_thread *thread, uint64_t counted)
{
	const struct vp_perf_away old = thread->away;
	/* We may lose the CPU between any two of these: both looks have to say the same. */
	int waits = vp_schedstat_waits(thread->tid);
	uint64_t now = vp_clock_mono(), cpu_ns = vp_proc_thread_cpu_ns(thread->tid);
	uint64_t delay_ns = delay_of(thread);

	thread->away = (struct vp_perf_away){.opened_ns = now,
					     .watched_ns = old.watched_ns ? old.watched_ns : now,
					     .counted_ns = counted,
					     .given_up = old.given_up};
	thread->away.guessed = 1;
	thread->away.preempted = !waits && !vp_schedstat_waits(thread->tid);
	hand_begin(thread, cpu_ns, delay_ns);
	if (old.gap_ns)
		vp_perf_engine()->sinks->off(
		    &(struct vp_perf_off){.tid = thread->tid,
					  .begin_ns = old.gap_ns,
					  .end_ns = now,
					  .gap = 1,
					  .ran_ns = cpu_ns - old.gap_cpu_ns,
					  .delay_ns = delay_ns - old.gap_delay_ns});
}

void vp_perf_off_opened(struct vp_perf *p, struct vp_perf_thread *thread)
{
	thread->watched = vp_perf_off_is_wanted(p, thread);
	if (!thread->watched)
		return;
	/* Clocks come first where descriptors are few. */
	if (p->common.files + p->clocks <= p->files_max / 2)
		open_faults(p, thread);
	begin(thread, 0);
}

void vp_perf_off_end(struct vp_perf *p, struct vp_perf_thread *thread)
{
	uint64_t now = vp_clock_mono();

	thread->away.given_up = VP_PERF_GAVE_UP;
	p->gave_up++;
	if (!p->common.switches)
		return;
	p->sinks->off(&(struct vp_perf_off){.tid = thread->tid,
					    .begin_ns = now,
					    .end_ns = now,
					    .ends = 1,
					    .ran_ns = vp_proc_thread_cpu_ns(thread->tid),
					    .delay_ns = delay_of(thread)});
}

void vp_perf_off_unknown(struct vp_perf *p)
{
	for (uint32_t i = 0; p->common.switches && i < p->table.high; i++) {
		struct vp_perf_thread *thread = &p->table.thread[i];

		if (!thread->tid || !thread->watched)
			continue;
		thread->away.watched_ns = thread->away.gap_ns = 0;
		begin(thread, counted_ns(p, thread));
	}
}

/* We may lose the CPU for long at any place: only these two readings belong together. */
void vp_perf_off_gap(struct vp_perf *p)
{
	for (uint32_t i = 0; i < p->table.high; i++) {
		struct vp_perf_thread *thread = &p->table.thread[i];

		if (!thread->tid || !thread->shared)
			continue;
		thread->away.gap_delay_ns = delay_of(thread);
		thread->away.gap_ns = vp_clock_mono();
		thread->away.gap_cpu_ns = vp_proc_thread_cpu_ns(thread->tid);
	}
}

void vp_perf_off_renew(struct vp_perf *p)
{
	vp_perf_drain(p->sinks);
	vp_perf_switch_settle(vp_clock_mono(), take);
	for (uint32_t i = 0; i < p->table.high; i++)
		if (p->table.thread[i].away.gap_ns)
			hand_thread(p, &p->table.thread[i], p->table.thread[i].away.gap_ns);
}

int vp_perf_off_is_known(int tid)
{
	struct vp_perf *p = vp_perf_engine();
	const struct vp_perf_thread *thread =
	    p->common.switches ? vp_perf_table_find(&p->table, tid) : NULL;

	return thread && thread->watched && !p->paused;
}
