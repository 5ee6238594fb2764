#include "helper/units.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/private_heap.h"
#include "helper/books.h"
#include "helper/engine.h"
#include "helper/loopers.h"
#include "helper/unit_others.h"
#include "helper/unit_rows.h"
#include "ring/tables.h"
#include "thread/threads.h"
#include "track/span.h"

#include <string.h>

/* Loops and names of spans whose units are kept at most: the section has no room for more. */
#define KEPT 64u
/* A name of which there are fewer spans has no places yet: there may be thousands of those. */
#define SPANS_LEAST 16u
/* Rows of SPANS that are looked at in a tick. */
#define SPANS_AT_ONCE 128u
/* Fewer units than this by chance are no controls. */
#define ROOM_LEAST 32u
/* Records of the time before this are all in when rings are drained. */
#define LATE_NS 1000000u

static struct kept {
	struct vp_unit_rows rows;
	struct vp_thread *thread; /* NULL: it has ended */
	uint32_t looper;	  /* its place among them; VPROF_NONE: these are spans */
} kept[KEPT];
static uint32_t kept_count;
static uint64_t refused; /* bit i: looper i has a loop for which there was no room */
/* Of each row of SPANS, 1: it has places, or there was no room; and the row to go on with. */
static uint8_t *asked;
static uint32_t asked_room, next_span;
static struct kept *given; /* to be shown to its thread */

int vp_units_init(void)
{
	/* Not given back: the helper may have been at it when we were forked. */
	memset(kept, 0, sizeof(kept));
	kept_count = 0;
	refused = 0;
	asked = NULL;
	asked_room = next_span = 0;
	vp_unit_rows_init();
	return 0;
}

/* ---- who gets places ---------------------------------------------------------- */

static struct vp_units *new_units(uint32_t room)
{
	uint32_t places = VP_UNIT_FIXED + room;
	size_t notes = places * sizeof(struct vp_unit_note);
	struct vp_units *units =
	    vp_private_get(sizeof(*units) + notes + places * sizeof(units->sequence[0]));

	if (!units)
		return NULL;
	units->sequence = (uint32_t *)(void *)((char *)units->note + notes);
	units->room = room;
	units->skip = 1;
	units->random = vp_clock_now() | 1;
	return units;
}

static struct kept *find(const struct vp_looper *one, uint32_t loop)
{
	for (uint32_t i = 0; i < kept_count; i++)
		if (kept[i].rows.units && kept[i].rows.thread == one->row &&
		    kept[i].rows.units->loop == loop)
			return &kept[i];
	return NULL;
}

/* The first have most: what is left is a third's for each.
 *   loop, span  of which the units are: a row, the other VPROF_NONE */
static struct kept *make(uint32_t thread, uint32_t loop, uint32_t span)
{
	uint32_t room = vp_unit_rows_room();
	struct kept *fresh = &kept[kept_count];

	if (kept_count == KEPT || room < ROOM_LEAST)
		return NULL;
	room = room < VPROF_UNITS_PLAIN ? room : VPROF_UNITS_PLAIN;
	fresh->rows = (struct vp_unit_rows){.units = new_units(room), .thread = thread};
	if (!fresh->rows.units)
		return NULL;
	fresh->rows.units->loop = loop;
	fresh->rows.units->span = span;
	if (!vp_unit_rows_begin(&fresh->rows)) {
		vp_private_put(fresh->rows.units);
		fresh->rows.units = NULL;
		return NULL;
	}
	kept_count++;
	return fresh;
}

static void give(struct vp_looper *one, uint32_t looper)
{
	struct vp_stalls *stalls = &one->thread->stalls;
	uint32_t other = __atomic_load_n(&stalls->unit_loop, __ATOMIC_RELAXED), loop;
	struct kept *to;

	if (stalls->units && !other)
		return;
	loop = other ? other - 1 : vp_looper_loop(one);
	if (loop == VPROF_NONE)
		return;
	to = find(one, loop);
	to = to ? to : make(one->row, loop, VPROF_NONE);
	if (!to) {
		if (!(refused >> looper % 64 & 1))
			vp_lost(VPROF_LOST_UNITS, 1);
		refused |= 1ull << looper % 64;
		return;
	}
	to->looper = looper;
	vp_threads_lock();
	if (vp_looper_lives(one)) {
		to->thread = one->thread;
		stalls->unit_loop = 0;
		/* Pairs with the thread, at the end of an iteration. */
		__atomic_store_n(&stalls->units, to->rows.units, __ATOMIC_RELEASE);
	}
	vp_threads_unlock();
}

static void give_all(void)
{
	uint32_t count;
	struct vp_looper *one = vp_loopers(&count);

	for (uint32_t i = 0; i < count; i++)
		if (vp_looper_lives(&one[i]))
			give(&one[i], i);
}

/* ---- spans -------------------------------------------------------------------- */

/* Of some rows that have no places yet, the one that took most time; VPROF_NONE. */
static uint32_t find_span(void)
{
	uint32_t rows = vp_table_used(VPROF_SEC_SPANS), best = VPROF_NONE;
	uint64_t most = 0;

	if (!vp_array_room((void **)&asked, asked_room, &asked_room, rows, sizeof(*asked)))
		return VPROF_NONE;
	for (uint32_t i = 0; i < SPANS_AT_ONCE && i < rows; i++) {
		uint32_t id = next_span++ % rows;
		const struct vprof_span *row = vp_table_row(VPROF_SEC_SPANS, id);
		uint32_t flags = __atomic_load_n(&row->flags, __ATOMIC_ACQUIRE);

		if (asked[id] || !(flags & VPROF_SPAN_NAMED) || flags & VPROF_SPAN_ASYNC ||
		    row->count < SPANS_LEAST || row->time_ns < most)
			continue;
		best = id;
		most = row->time_ns;
	}
	return best;
}

/* Context: the registry's lock held, without which the thread does not go away. */
static void show(const struct vp_thread *thread)
{
	if (thread->row_id == given->rows.thread && !given->thread &&
	    vp_span_give((struct vp_thread *)(uintptr_t)thread, given->rows.units))
		given->thread = (struct vp_thread *)(uintptr_t)thread;
}

static void give_span(uint32_t span)
{
	const struct vprof_span *row = vp_table_row(VPROF_SEC_SPANS, span);

	asked[span] = 1;
	given = make(row->thread, VPROF_NONE, span);
	if (!given) {
		vp_lost(VPROF_LOST_UNITS, 1);
		return;
	}
	given->looper = VPROF_NONE;
	vp_books_watch(given->rows.thread);
	vp_threads_each(show);
	if (!given->thread) /* it has ended meanwhile */
		given->rows.units->ended = 1;
}

static void give_spans(void)
{
	uint32_t span;

	for (int i = 0; i < 4 && (span = find_span()) != VPROF_NONE; i++)
		give_span(span);
}

/* ---- what they noted ---------------------------------------------------------- */

static int has_ended(const struct kept *one)
{
	uint32_t count;
	struct vp_looper *looper = vp_loopers(&count);

	if (one->looper == VPROF_NONE)
		/* Pairs with the thread's end. */
		return __atomic_load_n(&one->rows.units->ended, __ATOMIC_ACQUIRE) != 0;
	looper += one->looper;
	return one->looper >= count || looper->row != one->rows.thread || !vp_looper_lives(looper);
}

void vp_units_tick(int last)
{
	uint64_t now = vp_clock_now(), until = now - LATE_NS;
	int drained = 0;

	give_all();
	give_spans();
	for (uint32_t i = 0; i < kept_count; i++) {
		struct kept *one = &kept[i];
		int ended;

		if (!one->rows.units)
			continue;
		ended = (one->thread || one->looper == VPROF_NONE) && has_ended(one);
		if (vp_unit_rows_have_notes(&one->rows) && !drained) {
			vp_engine_drain();
			drained = 1;
		}
		vp_unit_rows_write(&one->rows, last || ended ? ~0ull : until, now);
		if (!ended)
			continue;
		vp_private_put(one->rows.units);
		vp_private_put(one->rows.row);
		one->rows.units = NULL;
		one->thread = NULL;
	}
	vp_unit_others_write();
}
