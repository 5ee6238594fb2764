#include "helper/pause.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/state.h"
#include "helper/books.h"
#include "helper/engine.h"
#include "helper/watch.h"
#include "ring/file.h"

#include <errno.h>

#define NEVER (~0ull)

/* Copied into a forked child at any moment: what a flag makes valid is written before it.
 * Times are of CLOCK_MONOTONIC. */
static int is_paused, is_over;
static uint64_t begins_ns;  /* a pause ends by itself then (delay=) */
static uint64_t ends_ns;    /* recording does (duration=), when it is not paused */
static uint64_t left_ns;    /* what is left of duration=, when it is */
static struct vp_lock lock; /* where no helper takes one request after the other */

static uint64_t after(uint64_t now, uint64_t ns)
{
	return ns == NEVER ? NEVER : now + ns;
}

/* The last entry stands for all periods that have none of their own. */
static struct vprof_window *last_window(struct vprof_header *header)
{
	uint32_t count = header->windows < VPROF_WINDOWS ? header->windows : VPROF_WINDOWS;

	return &header->window[count ? count - 1 : 0];
}

static void open_window(struct vprof_header *header, uint64_t now)
{
	if (header->windows < VPROF_WINDOWS)
		header->window[header->windows].from_ns = now;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->windows, header->windows + 1, __ATOMIC_RELEASE);
	last_window(header)->to_ns = 0;
}

static void note_begin(struct vprof_header *header, enum vprof_pause_why why)
{
	uint64_t now = vp_clock_now();

	header->paused_since_ns = now;
	header->pause_why = why;
	if (header->windows)
		last_window(header)->to_ns = now;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->pauses, header->pauses + 1, __ATOMIC_RELEASE);
	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->paused, 1, __ATOMIC_RELEASE);
}

static void note_end(struct vprof_header *header)
{
	uint64_t now = vp_clock_now();

	/* Pairs with a reader of the file. */
	__atomic_store_n(&header->paused, 0, __ATOMIC_RELEASE);
	header->paused_ns += now - header->paused_since_ns;
	open_window(header, now);
}

static void begin(enum vprof_pause_why why)
{
	uint64_t now = vp_clock_mono();

	left_ns = ends_ns == NEVER ? NEVER : ends_ns > now ? ends_ns - now : 0;
	begins_ns = NEVER;
	vp_books_pause(1);
	/* Pairs with a forked child, which finds one state or the other. */
	__atomic_store_n(&is_paused, 1, __ATOMIC_RELEASE);
	vp_set_paused(1);
	vp_control.pauses++;
	vp_engine_pause(1);
	vp_watch_pause(1);
	note_begin(vp_file.header, why);
}

static void end(void)
{
	ends_ns = after(vp_clock_mono(), left_ns);
	begins_ns = NEVER;
	/* As in begin(). */
	__atomic_store_n(&is_paused, 0, __ATOMIC_RELEASE);
	vp_watch_pause(0);
	vp_books_pause(0);
	note_end(vp_file.header);
	vp_engine_pause(0);
	vp_set_paused(0);
}

static void as_asked(void)
{
	is_over = 0;
	is_paused = vp_config.start_paused || vp_config.delay_ns;
	begins_ns = vp_config.delay_ns ? vp_clock_start_mono() + vp_config.delay_ns : NEVER;
	left_ns = vp_config.duration_ns ? vp_config.duration_ns : NEVER;
	ends_ns = after(vp_clock_start_mono(), left_ns);
}

void vp_pause_start(int forked)
{
	struct vprof_header *header = vp_file.header;

	lock.word = 0;
	if (!forked)
		as_asked();
	header->delay_ns = vp_config.delay_ns;
	header->duration_ns = vp_config.duration_ns;
	if (!is_paused) {
		open_window(header, 0);
		return;
	}
	vp_set_paused(1);
	note_begin(header, begins_ns != NEVER	    ? VPROF_PAUSE_DELAY
			   : vp_config.start_paused ? VPROF_PAUSE_START
						    : VPROF_PAUSE_ASKED);
	/* All of the process so far is in it: threads are told by their start. */
	header->paused_since_ns = 0;
}

int vp_pause_is_over(void)
{
	return is_over || (!is_paused && ends_ns != NEVER && vp_clock_mono() >= ends_ns);
}

int vp_pause_ask(int on)
{
	if (on && !is_paused)
		begin(VPROF_PAUSE_ASKED);
	else if (on)
		begins_ns = NEVER;
	else if (is_over)
		return -EALREADY;
	else if (is_paused)
		end();
	return 0;
}

void vp_pause_ask_alone(int on)
{
	vp_lock_take(&lock);
	vp_pause_ask(on);
	vp_lock_drop(&lock);
}

void vp_pause_without_helper(int said)
{
	int waits = is_paused && begins_ns != NEVER;

	if (!waits && left_ns == NEVER && ends_ns == NEVER)
		return;
	if (said)
		vp_log_line("no helper to keep delay= and duration=: recording goes on to the end");
	left_ns = ends_ns = NEVER;
	if (waits)
		vp_pause_ask_alone(0);
}

void vp_pause_limit(uint64_t ns)
{
	is_over = 0;
	left_ns = ns ? ns : NEVER;
	ends_ns = after(vp_clock_mono(), left_ns);
}

void vp_pause_look(uint64_t now_ns)
{
	if (is_paused && now_ns >= begins_ns) {
		end();
	} else if (!is_paused && now_ns >= ends_ns) {
		is_over = 1;
		begin(VPROF_PAUSE_OVER);
	}
}

uint64_t vp_pause_due(void)
{
	return is_paused ? begins_ns : ends_ns;
}
