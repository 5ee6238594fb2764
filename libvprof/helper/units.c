#include "helper/units.h"
#include "base/array.h"
#include "base/clock.h"
#include "base/private_heap.h"
#include "helper/engine.h"
#include "helper/loopers.h"
#include "helper/unit_rows.h"
#include "ring/tables.h"
#include "thread/threads.h"

#include <string.h>

/* Loops whose iterations are kept at most: the section has no room for more. */
#define KEPT 32u
/* Fewer units than this by chance are no controls. */
#define ROOM_LEAST 32u
/* Records of the time before this are all in when rings are drained. */
#define LATE_NS 1000000u

static struct kept {
	struct vp_unit_rows rows;
	struct vp_thread *thread; /* NULL: it has ended */
	uint32_t looper;	  /* its place among them */
} kept[KEPT];
static uint32_t kept_count;
static uint64_t refused; /* bit i: looper i has a loop for which there was no room */

int vp_units_init(void)
{
	/* Not given back: the helper may have been at it when we were forked. */
	memset(kept, 0, sizeof(kept));
	kept_count = 0;
	refused = 0;
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
	units->loop = units->span = VPROF_NONE;
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

/* The first have most: what is left is a third's for each. */
static struct kept *make(const struct vp_looper *one, uint32_t loop)
{
	uint32_t room = vp_unit_rows_room();
	struct kept *fresh = &kept[kept_count];

	if (kept_count == KEPT || room < ROOM_LEAST)
		return NULL;
	room = room < VPROF_UNITS_PLAIN ? room : VPROF_UNITS_PLAIN;
	fresh->rows = (struct vp_unit_rows){.units = new_units(room), .thread = one->row};
	if (!fresh->rows.units)
		return NULL;
	fresh->rows.units->loop = loop;
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
	to = to ? to : make(one, loop);
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

/* ---- what they noted ---------------------------------------------------------- */

static int has_ended(const struct kept *one)
{
	uint32_t count;
	struct vp_looper *looper = vp_loopers(&count);

	looper += one->looper;
	return one->looper >= count || looper->row != one->rows.thread || !vp_looper_lives(looper);
}

void vp_units_tick(int last)
{
	uint64_t now = vp_clock_now(), until = now - LATE_NS;
	int drained = 0;

	give_all();
	for (uint32_t i = 0; i < kept_count; i++) {
		struct kept *one = &kept[i];
		int ended = one->thread && has_ended(one);

		if (!one->rows.units)
			continue;
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
}
