#include "helper/engine.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fmt.h"
#include "base/log.h"
#include "base/state.h"
#include "base/sys.h"
#include "helper/books.h"
#include "helper/reading.h"
#include "helper/sampled_threads.h"
#include "ring/file.h"
#include "ring/tables.h"
#include "sample/engines.h"
#include "sample/standing.h"
#include "thread/threads.h"
#include "track/cpu.h"

#include <errno.h>
#include <string.h>

static int perf_is_open;
static int perf_error;		     /* why not */
static uint64_t next_change = ~0ull; /* of periods, CLOCK_MONOTONIC */

/* When a process is worth large rings; a small one has room for eight samples. */
#define GROW_SAMPLES 3
#define GROW_NS	     (100ull * 1000 * 1000)
static uint64_t opened_ns, samples;
static struct vp_perf_sinks sinks = {vp_track_cpu_perf, NULL};

int vp_engine_is_perf(void)
{
	return perf_is_open;
}

/* For CPU timers: one to two hundredths faster than asked, differently in each
 * process.  Programs have round periods too: a busy 4 ms frame split 70:20:10
 * came out as 0:100:0 at exactly 250 Hz, always hit at the same place; slightly
 * off, the samples sweep it. */
static uint64_t timer_period_ns(void)
{
	uint64_t exact = 1000000000u / vp_config.cpu_hz;
	uint64_t seed = (uint64_t)vp_sys_pid() * 0x9e3779b97f4a7c15u;

	return exact - exact / 100 - (seed >> 40) % (exact / 100 + 1);
}

void vp_engine_note(const char *text)
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
	vp_engine_note(buf);
}

/* Half to all of the time a ring lasts, at random: the kernel starts a timer
 * anew when its period changes, which must not happen in step with the host. */
static uint64_t change_after(uint64_t now)
{
	uint64_t half = vp_perf_drain_ns() / 2;

	return now + half + (now * 0x9e3779b97f4a7c15u >> 32) % half;
}

static void read_stats(void)
{
	struct vprof_header *header = vp_file.header;
	struct vp_perf_stats stats;

	vp_perf_stats(&stats);
	vp_reading_lost(stats.lost);
	header->lost[VPROF_LOST_THROTTLES] = stats.throttles;
	header->lost[VPROF_LOST_THREAD_EVENTS] = stats.refused;
	header->lost[VPROF_LOST_SWITCHES] = stats.unpaired;
	header->lost[VPROF_LOST_GAVE_UP] = stats.gave_up;
	/* A host that gives up its rights is refused later than at the start. */
	if (stats.exclude_kernel && !(header->flags & VPROF_F_EXCLUDE_KERNEL)) {
		__atomic_fetch_or(&header->flags, VPROF_F_EXCLUDE_KERNEL, __ATOMIC_RELAXED);
		vp_engine_note("perf_event_open; kernel samples not permitted");
	}
}

static void open_perf(void)
{
	struct vprof_header *header = vp_file.header;
	uint64_t period = 1000000000u / vp_config.cpu_hz;

	vp_standing_open(period);
	sinks.off = vp_config.waits ? vp_books_off : NULL;
	perf_error = vp_perf_open(vp_control.pid, period, &sinks);
	if (perf_error)
		return;
	perf_is_open = 1;
	vp_perf_pause(vp_control.paused != 0);
	header->engine = VPROF_ENGINE_PERF;
	header->cpu_period_ns = period;
	read_stats();
	if (!(header->flags & VPROF_F_EXCLUDE_KERNEL))
		vp_engine_note("perf_event_open; kernel included");
	vp_sampled_threads_open();
	samples = 0;
	opened_ns = vp_clock_mono();
	next_change = change_after(opened_ns);
}

void vp_engine_open(void)
{
	/* A helper started once more finds the timers at work, where there are some. */
	if (vp_config.cpu_hz && vp_config.engine != VP_ENGINE_TIMER && !vp_control.cpu_timer)
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
	period = timer_period_ns();
	err = vp_timer_start(period, vp_track_cpu_timer);
	if (err) {
		note_error("no timer", err);
		return;
	}
	header->engine = VPROF_ENGINE_TIMER;
	header->cpu_period_ns = period;
	if (vp_config.engine == VP_ENGINE_TIMER)
		vp_engine_note("timer, as asked");
	else
		note_error("timer, because perf_event_open was refused", perf_error);
	vp_control.cpu_timer = 1;
	if (vp_thread_self())
		vp_track_cpu_thread_start(vp_thread_self());
}

int vp_engine_set_rate(void)
{
	struct vprof_header *header = vp_file.header;
	uint64_t period = perf_is_open ? 1000000000u / vp_config.cpu_hz : timer_period_ns();
	int err = perf_is_open ? vp_perf_set_period(period, &sinks) : vp_timer_set_period(period);

	if (err)
		return err;
	vp_reading_rate_changes();
	header->cpu_hz = vp_config.cpu_hz;
	header->cpu_period_ns = period;
	next_change = perf_is_open ? change_after(vp_clock_mono()) : ~0ull;
	return 0;
}

void vp_engine_drain(void)
{
	if (perf_is_open) {
		samples += vp_perf_drain(&sinks);
		vp_standing_watch();
		vp_books_join();
		read_stats();
	} else if (vp_control.cpu_timer) {
		vp_reading_lost(vp_timer_lost());
	}
}

uint64_t vp_engine_off_so_far(int last)
{
	return perf_is_open ? vp_perf_off_so_far(&sinks, last) : 0;
}

const char *vp_engine_why_no_switches(void)
{
	if (perf_is_open)
		return vp_config.waits ? NULL : "waits=off";
	if (!vp_config.cpu_hz)
		return "cpu=off";
	if (vp_config.engine == VP_ENGINE_TIMER || !perf_error)
		return "engine=timer";
	return "perf_event_open refused";
}

void vp_engine_run(uint64_t now)
{
	vp_engine_drain();
	if (!perf_is_open)
		return;
	vp_sampled_threads_update(now);
	if (now >= vp_perf_rare_due()) {
		vp_perf_rare_run(&sinks, now);
		vp_books_join();
	}
	if (now < next_change)
		return;
	if (samples >= GROW_SAMPLES || now >= opened_ns + GROW_NS)
		vp_perf_grow(&sinks);
	vp_perf_change_periods();
	vp_books_join();
	next_change = change_after(now);
}

void vp_engine_pause(int on)
{
	vp_engine_drain();
	if (perf_is_open)
		vp_perf_pause(on);
}

void vp_engine_tick(uint32_t threads)
{
	if (perf_is_open)
		vp_sampled_threads_tick(threads);
}

uint64_t vp_engine_due(void)
{
	uint64_t look, hurry;

	if (!perf_is_open)
		return ~0ull;
	look = vp_sampled_threads_due();
	hurry = vp_standing_due();
	look = look < hurry ? look : hurry;
	hurry = vp_perf_rare_due();
	look = look < hurry ? look : hurry;
	return look < next_change ? look : next_change;
}

void vp_engine_close(void)
{
	if (perf_is_open) {
		vp_sampled_threads_close();
		vp_standing_close();
		vp_perf_close();
	}
	perf_is_open = 0;
}

void vp_engine_fork_child(void)
{
	perf_is_open = 0;
	perf_error = 0;
	next_change = ~0ull;
}
