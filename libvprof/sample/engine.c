/* L4 */
#include "sample/engine.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/sys.h"
#include "base/thread.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "sample/cpu.h"
#include "track/cpu.h"
#include "track/threads.h"

#include <errno.h>
#include <string.h>

static int perf_is_open;
static int perf_error; /* why not */
static uint64_t drain_ns = ~0ull;

int vp_engine_is_perf(void)
{
	return perf_is_open;
}

uint64_t vp_engine_drain_ns(void)
{
	return drain_ns;
}

/* One to two hundredths faster than asked, differently in each process.
 * Programs have round periods too: a busy 4 ms frame split 70:20:10 came out as
 * 0:100:0 at exactly 250 Hz, always hit at the same place; slightly off, the
 * samples sweep it.  (Jitter by sample cannot be had from perf: all threads
 * inherit one period.  Each sample carries the true one.) */
static uint64_t period_ns(void)
{
	uint64_t exact = 1000000000u / vp_config.cpu_hz;
	uint64_t seed = (uint64_t)vp_sys_pid() * 0x9e3779b97f4a7c15u;

	return exact - exact / 100 - (seed >> 40) % (exact / 100 + 1);
}

static void note(const char *text)
{
	vp_file.header->engine_note = vp_string_add(text, strlen(text));
}

static void note_error(const char *what, int err)
{
	const char *why = strerrordesc_np(-err);
	struct vp_text text;
	char buf[160];

	vp_text_init(&text, buf, sizeof(buf));
	vp_text_str(&text, what);
	vp_text_str(&text, ": ");
	vp_text_str(&text, why ? why : "error");
	note(buf);
}

static void open_perf(void)
{
	struct vprof_header *header = vp_file.header;
	struct vp_perf_stats stats;
	uint64_t period = period_ns();

	perf_error = vp_perf_open(vp_control.pid, period);
	if (perf_error)
		return;
	perf_is_open = 1;
	vp_perf_stats(&stats);
	/* Drained before half of a ring of full-size samples is used. */
	drain_ns = (stats.ring_bytes / 2 / (stats.stack_bytes + 128) + 1) * period;
	header->engine = VPROF_ENGINE_PERF;
	header->cpu_period_ns = period;
	if (stats.exclude_kernel)
		__atomic_fetch_or(&header->flags, VPROF_F_EXCLUDE_KERNEL, __ATOMIC_RELAXED);
	note(stats.exclude_kernel ? "perf_event_open; kernel samples not permitted"
				  : "perf_event_open; kernel included");
}

void vp_engine_open(int private_files)
{
	if (!vp_config.cpu_hz || vp_config.engine == VP_ENGINE_TIMER)
		return;
	if (!private_files)
		perf_error = -EPERM;
	else
		open_perf();
}

void vp_engine_fall_back(void)
{
	struct vprof_header *header = vp_file.header;
	uint64_t period;
	int err;

	if (!vp_config.cpu_hz || perf_is_open)
		return;
	if (vp_config.engine == VP_ENGINE_PERF) {
		note_error("perf_event_open refused", perf_error);
		vp_log_error("engine=perf", "no CPU samples", perf_error);
		return;
	}
	period = period_ns();
	err = vp_timer_start(period, vp_track_cpu_timer);
	if (err) {
		note_error("no timer", err);
		return;
	}
	header->engine = VPROF_ENGINE_TIMER;
	header->cpu_period_ns = period;
	if (vp_config.engine == VP_ENGINE_TIMER)
		note("timer, as asked");
	else
		note_error("timer, because perf_event_open was refused", perf_error);
	vp_control.cpu_timer = 1;
	if (vp_thread_self())
		vp_timer_thread_start(&vp_thread_self()->timer_id);
}

void vp_engine_drain(void)
{
	struct vp_perf_stats stats;

	if (!perf_is_open) {
		if (vp_control.cpu_timer)
			vp_file.header->lost[VPROF_LOST_SAMPLES] = vp_timer_lost();
		return;
	}
	vp_perf_drain(vp_track_cpu_perf);
	vp_perf_stats(&stats);
	vp_file.header->lost[VPROF_LOST_SAMPLES] = stats.lost;
	vp_file.header->lost[VPROF_LOST_THROTTLES] = stats.throttles;
}

void vp_engine_close(void)
{
	if (perf_is_open)
		vp_perf_close();
	perf_is_open = 0;
}

void vp_engine_fork_child(void)
{
	perf_is_open = 0;
	perf_error = 0;
	drain_ns = ~0ull;
}
