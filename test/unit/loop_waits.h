/* Made-up sequences of waits for track/loop, in a time of their own. */
#ifndef TEST_UNIT_LOOP_WAITS_H
#define TEST_UNIT_LOOP_WAITS_H

#include "check_main.h"
#include "track/loop.h"

#include <string.h>

#define STACK 0x7fff00000000ull /* the thread's own: a MiB from here on */
#define OUTER (STACK + 0xf0000)
#define INNER (STACK + 0xe0000)
#define FIBER 0x600000000000ull

#define US 1000u
#define MS 1000000u
#define S  1000000000ull

enum { EPOLL = 0x1000, POLL = 0x2000, RECV = 0x3000, SLEEP = 0x4000, COND = 0x5000 };

static struct vp_loops loops;
static struct vprof_loop rows[VP_LOOP_SITES + 4];
static uint32_t used;
static uint64_t moved, moved_ns; /* waits that were taken for others */
static uint64_t now;
/* How the program's functions call each other. */
static enum {
	PLAIN,	 /* the outer loop waits in the frame that calls the inner one */
	WRAPPED, /* ... in a function of its own, which has returned by then */
	PYTHON,	 /* each in functions of an interpreter, the outer one somewhat deeper */
	LIBUV	 /* ... that has a large frame: the inner one's lies higher */
} shape;

/* The frames around a wait. */
static inline struct vp_loop_around stack_of(uint64_t sp)
{
	static const struct vp_loop_frame top = {OUTER + 512, 3};
	struct vp_loop_frame caller = {OUTER + 128, 2}, callback = {OUTER + 128, 4};

	if (shape == PYTHON)
		return sp == OUTER ? (struct vp_loop_around){4,
							     {{OUTER + 16, 7},
							      {OUTER + 64, 8},
							      caller,
							      top}}
				   : (struct vp_loop_around){3, {{OUTER + 64, 5}, callback, top}};
	if (shape == PLAIN)
		return sp == OUTER ? (struct vp_loop_around){1, {top}}
				   : (struct vp_loop_around){3, {{INNER + 64, 5}, {OUTER, 6}, top}};
	if ((sp == OUTER) == (shape == WRAPPED))
		return (struct vp_loop_around){2, {caller, top}};
	return (struct vp_loop_around){3, {{OUTER + 64, 5}, callback, top}};
}

static void setup(void)
{
	memset(&loops, 0, sizeof(loops));
	memset(rows, 0, sizeof(rows));
	loops.stack_lo = STACK;
	loops.stack_hi = STACK + (1 << 20);
	vp_control.pauses = 0;
	vp_tls.busy = 0;
	used = 0;
	moved = moved_ns = 0;
	now = 1000000;
	shape = PLAIN;
}

static enum vp_loop_rank rank_of(uint64_t pc)
{
	switch (pc & ~0xffull) {
	case EPOLL:
	case POLL:
		return VP_LOOP_MULTI;
	case SLEEP:
		return VP_LOOP_PACED;
	case 0:
		return VP_LOOP_NEVER;
	default:
		return VP_LOOP_SLEPT;
	}
}

/* What track/loop_rows.c does. */
static void settle(struct vp_loop *site)
{
	struct vp_loop_around around = stack_of(site->sp);
	enum vp_loop_over how = vp_loop_takes_over(&loops, site, &around, now);
	struct vp_loop_past past;

	if (how == VP_LOOP_STAYS)
		return;
	if (!site->row && site->void_row) {
		site->row = site->void_row;
		site->row->site = site->pc;
	} else if (!site->row) {
		ck_assert_uint_lt(used, sizeof(rows) / sizeof(rows[0]));
		site->row_id = used;
		site->row = &rows[used++];
		site->row->site = site->pc;
	}
	site->around = around;
	site->void_row = NULL;
	past = site->past;
	if (loops.now && how == VP_LOOP_TAKES_OVER)
		vp_loop_past_alone(&past);
	moved += past.waits;
	moved_ns += past.waited_ns;
	vp_loop_take(&loops, site, how);
}

static struct vp_loop_at at;
static struct vp_loop *site;
static uint64_t begun, limit;

static enum vp_loop_where begin(uint64_t pc, uint64_t sp, uint64_t limit_ns)
{
	at = (struct vp_loop_at){pc, sp, rank_of(pc) == VP_LOOP_PACED ? 0 : 7, rank_of(pc)};
	begun = now;
	limit = limit_ns;
	return vp_loop_begin(&loops, at, limit_ns, now, &site);
}

static void end(uint64_t lasts, uint64_t events, int timed_out)
{
	struct vp_loop_result result = {
	    .begin_ns = begun, .limit_ns = limit, .events = events, .timed_out = timed_out};

	now += lasts;
	result.end_ns = now;
	result.slept = lasts >= 2 * US;
	result.nothing = !events;
	if (site && vp_loop_end(&loops, site, at.pc, &result))
		settle(site);
}

/* A wait that sleeps `lasts` and brings one event. */
static enum vp_loop_where wait_for(uint64_t pc, uint64_t sp, uint64_t lasts)
{
	enum vp_loop_where where = begin(pc, sp, VP_LOOP_NO_LIMIT);

	end(lasts, 1, 0);
	if (where == VP_LOOP_INSIDE)
		vp_loop_blocked(&loops, lasts);
	return where;
}

/* `count` turns of a loop: a wait, some work. */
static void turns(uint64_t pc, uint64_t sp, int count)
{
	for (int i = 0; i < count; i++) {
		wait_for(pc, sp, 500 * US);
		now += 100 * US;
	}
}

static uint64_t in_histogram(const struct vprof_loop *row)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < VPROF_LOOP_BUCKETS; i++)
		sum += row->histogram[i];
	return sum;
}

#endif
