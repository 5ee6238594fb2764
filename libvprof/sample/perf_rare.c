/* Threads that switch very often are sampled a small part of the time.
 *
 * An event on a thread, whatever it counts, costs it 0.2 to 0.3 us at each switch, and a clock
 * 1.3 us, in which the kernel starts and stops a timer (docs/decisions/rare.md).  So such a
 * thread has none but for windows at random times.  In a window it is sampled more often, and
 * what a sample stands for is multiplied: by the CPU time that there was, for that which was in
 * windows.  What is left of a period when a window closes is left when the next one opens, so
 * that a thread of little CPU time has its share of samples, too. */
#include "sample/perf.h"

#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/proc_thread.h"
#include "base/schedstat.h"
#include "base/sys.h"

#define MS	     1000000ULL
#define WINDOW_NS    (4 * MS)
#define APART_NS     (200 * MS) /* on average: windows are a fiftieth of the time */
#define THREADS_LESS 8U		/* of more, the helper opens windows less often */

/* Back to all of the time, after so many looks in a row at half of the switches that were too
 * many; a thread that comes again is not believed as soon. */
#define CALM_LOOKS 5U
#define CALM_MOST  320U

#define SUMS_KEPT 32U /* windows, whose CPU time counts in full */

static uint64_t from_now(struct vp_perf *p)
{
	uint64_t times = p->rare > THREADS_LESS ? p->rare / THREADS_LESS : 1;
	uint64_t apart = APART_NS * times;

	return vp_clock_mono() + apart / 2 + vp_perf_event_random(&p->common) % apart;
}

void vp_perf_rare_begin(struct vp_perf *p, struct vp_perf_thread *thread)
{
	struct vp_perf_event *event = vp_perf_table_events(&p->table, thread);
	struct vp_perf_rare *rare = &thread->rare;
	uint32_t calm = rare->calm_looks ? rare->calm_looks * 4 : CALM_LOOKS;

	*rare = (struct vp_perf_rare){.on = 1, .scale = VP_PERF_RARE_ONE};
	rare->calm_looks = calm < CALM_MOST ? calm : CALM_MOST;
	rare->cpu_ns = vp_proc_thread_cpu_ns(thread->tid);
	for (uint32_t i = 0; i < p->table.stride; i++) {
		rare->all_ns += event[i].carry_ns;
		event[i].carry_ns = event[i].left_ns = 0;
	}
	p->rare++;
	p->rare_changes++;
	rare->next_ns = from_now(p);
}

void vp_perf_rare_end(struct vp_perf *p, struct vp_perf_thread *thread)
{
	p->rare -= thread->rare.on;
	p->rare_changes += thread->rare.on;
	thread->rare.on = thread->rare.open = 0;
}

/* Does it still switch often?  slices: so far; 0: the kernel does not tell */
static int is_calm(struct vp_perf_rare *rare, uint64_t slices, uint64_t now)
{
	uint64_t ns = now - rare->looked_ns, more = slices - rare->slices;
	int less = slices && rare->looked_ns && more * 1000 * MS < VP_SWITCHES_CALM * ns;

	rare->slices = slices;
	rare->looked_ns = now;
	rare->calm = less ? rare->calm + 1 : 0;
	return rare->calm >= rare->calm_looks;
}

/* It is a thread like others again. */
static void leave(struct vp_perf *p, struct vp_perf_thread *thread)
{
	struct vp_perf_event *event = vp_perf_table_events(&p->table, thread);

	for (uint32_t i = 0; i < p->table.stride; i++)
		event[i].carry_ns = event[i].carry_ns * thread->rare.scale / VP_PERF_RARE_ONE;
	vp_perf_rare_end(p, thread);
	thread->away = (struct vp_perf_away){0};
	vp_perf_open_events(p, thread);
}

static void open_window(struct vp_perf *p, struct vp_perf_thread *thread)
{
	struct vp_perf_rare *rare = &thread->rare;
	struct vp_schedstat stat = {0};
	uint64_t now = vp_clock_mono(), cpu_ns = vp_proc_thread_cpu_ns(thread->tid);

	rare->next_ns = cpu_ns ? now + WINDOW_NS : from_now(p);
	if (!cpu_ns)
		return; /* it has ended */
	vp_schedstat_read(thread->tid, &stat);
	if (is_calm(rare, stat.slices, now)) {
		leave(p, thread);
		return;
	}
	if (vp_perf_open_events(p, thread) != 0) {
		vp_perf_rare_end(p, thread);
		return;
	}
	rare->open = 1;
	rare->all_ns += cpu_ns > rare->cpu_ns ? cpu_ns - rare->cpu_ns : 0;
	rare->cpu_ns = cpu_ns;
}

static void weigh(struct vp_perf_rare *rare, uint64_t ran_ns)
{
	rare->all_ns += ran_ns;
	rare->windows_ns += ran_ns;
	if (rare->windows_ns)
		rare->scale = (uint32_t)(rare->all_ns / (rare->windows_ns / VP_PERF_RARE_ONE + 1));
	if (rare->scale < VP_PERF_RARE_ONE)
		rare->scale = VP_PERF_RARE_ONE;
	if (++rare->windows < SUMS_KEPT)
		return;
	rare->windows = SUMS_KEPT / 2;
	rare->all_ns /= 2;
	rare->windows_ns /= 2;
}

/* Its samples are taken while the events are there, which say what they are worth. */
void vp_perf_rare_close(struct vp_perf *p, struct vp_perf_thread *thread)
{
	struct vp_perf_event *event = vp_perf_table_events(&p->table, thread);
	struct vp_perf_rare *rare = &thread->rare;
	uint64_t cpu_ns;

	for (uint32_t i = 0; i < p->table.stride; i++)
		if (event[i].fd >= 0)
			vp_sys(SYS_ioctl, event[i].fd, PERF_EVENT_IOC_DISABLE, 0);
	cpu_ns = vp_proc_thread_cpu_ns(thread->tid);
	weigh(rare, cpu_ns > rare->cpu_ns ? cpu_ns - rare->cpu_ns : 0);
	if (cpu_ns)
		rare->cpu_ns = cpu_ns;
	vp_perf_drain(p->sinks);
	for (uint32_t i = 0; i < p->table.stride; i++)
		vp_perf_event_retire(&p->common, &event[i]);
	vp_perf_close_events(p, thread);
	rare->open = 0;
	rare->next_ns = from_now(p);
}

void vp_perf_rare_pause(struct vp_perf *p)
{
	for (uint32_t i = 0; p->rare && i < p->table.high; i++) {
		struct vp_perf_thread *thread = &p->table.thread[i];

		if (!thread->tid || !thread->rare.on)
			continue;
		if (thread->rare.open)
			vp_perf_rare_close(p, thread);
		thread->rare.cpu_ns = vp_proc_thread_cpu_ns(thread->tid);
	}
}

void vp_perf_rare_run(const struct vp_perf_sinks *sinks, uint64_t now_ns)
{
	struct vp_perf *p = vp_perf_engine();

	p->sinks = sinks;
	for (uint32_t i = 0; p->rare && !p->paused && i < p->table.high; i++) {
		struct vp_perf_thread *thread = &p->table.thread[i];

		if (!thread->tid || !thread->rare.on || thread->rare.next_ns > now_ns)
			continue;
		if (thread->rare.open)
			vp_perf_rare_close(p, thread);
		else
			open_window(p, thread);
	}
}

uint64_t vp_perf_rare_due(void)
{
	const struct vp_perf *p = vp_perf_engine();
	uint64_t due = ~0ULL;

	for (uint32_t i = 0; p->rare && !p->paused && i < p->table.high; i++) {
		const struct vp_perf_thread *thread = &p->table.thread[i];

		if (thread->tid && thread->rare.on && thread->rare.next_ns < due)
			due = thread->rare.next_ns;
	}
	return due;
}

int vp_perf_switches_often(int tid)
{
	struct vp_perf *p = vp_perf_engine();
	struct vp_perf_thread *thread =
	    p->table.stride && !p->common.switches ? vp_perf_table_find(&p->table, tid) : NULL;

	if (!thread)
		return 0;
	if (!thread->away.given_up)
		thread->away.given_up = VP_PERF_GIVES_UP;
	return 1;
}

int vp_perf_is_rare(int tid)
{
	struct vp_perf *p = vp_perf_engine();
	const struct vp_perf_thread *thread = p->rare ? vp_perf_table_find(&p->table, tid) : NULL;

	return thread && thread->rare.on;
}

uint32_t vp_perf_rare_changes(void)
{
	return vp_perf_engine()->rare_changes;
}
