#include "helper/unit_rows.h"
#include "base/private_heap.h"
#include "helper/books.h"
#include "helper/outside.h"
#include "helper/unit_calls.h"
#include "helper/unit_others.h"
#include "ring/tables.h"
#include "track/call_rows.h"
#include "track/cpu.h"

#include <string.h>

#define ROWS	   (VPROF_UNITS_BYTES / sizeof(struct vprof_unit))
#define OF_WORST   2u /* rows: itself, and more of it */
#define OF_A_LOOP  (1 + OF_WORST * VPROF_UNITS_WORST + VPROF_UNITS_OTHERS)
#define NOTE_READS 3
#define SAMPLES	   (VPROF_UNIT_SAMPLES + VPROF_UNIT_MORE_SAMPLES)
_Static_assert(sizeof(struct vprof_unit) == sizeof(struct vprof_unit_sums) &&
		   sizeof(struct vprof_unit) == sizeof(struct vprof_unit_more),
	       "rows of one section");

/* Rows that were promised to loops, and those of them that are in use: what is beyond them is
 * free for the worst of each hour. */
static uint32_t promised, used;

void vp_unit_rows_init(void)
{
	promised = used = 0;
	vp_unit_others_init();
}

static uint32_t free_rows(void)
{
	uint32_t taken = vp_table_used(VPROF_SEC_UNITS) + promised - used;

	return taken < ROWS ? ROWS - taken : 0;
}

uint32_t vp_unit_rows_room(void)
{
	uint32_t left = free_rows();

	return left > OF_A_LOOP ? (left - OF_A_LOOP) / 3 : 0;
}

int vp_unit_rows_begin(struct vp_unit_rows *rows)
{
	uint32_t places = VP_UNIT_FIXED + rows->units->room;
	struct vprof_unit_sums *sums = vp_table_add(VPROF_SEC_UNITS, &rows->sums);

	if (!sums)
		return 0;
	rows->row = vp_private_get(2 * (size_t)places * sizeof(rows->row[0]));
	if (!rows->row)
		return 0;
	memset(rows->row, 0xff, places * sizeof(rows->row[0]));
	rows->taken = rows->row + places;
	promised += OF_A_LOOP + rows->units->room;
	used++;
	sums->loop = rows->units->loop;
	sums->span = rows->units->span;
	sums->thread = rows->thread;
	sums->room = rows->units->room;
	sums->known = 1u << VPROF_CLASS_BLOCKED | 1u << VPROF_CLASS_LOCK;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&sums->kind, VPROF_UNIT_SUMS, __ATOMIC_RELEASE);
	return 1;
}

/* ---- places ------------------------------------------------------------------- */

static int is_of_hour(uint32_t place)
{
	return place >= VPROF_UNITS_WORST && place < VP_UNIT_FIXED;
}

static struct vprof_unit *unit_at(uint32_t id)
{
	return vp_table_row(VPROF_SEC_UNITS, id);
}

static uint32_t add_row(int with_more)
{
	uint32_t id, more;
	struct vprof_unit *row = vp_table_add(VPROF_SEC_UNITS, &id);
	struct vprof_unit_more *beyond;

	if (!row)
		return VPROF_NONE;
	row->more = VPROF_NONE;
	beyond = with_more ? vp_table_add(VPROF_SEC_UNITS, &more) : NULL;
	if (!beyond)
		return id;
	beyond->unit = id;
	row->more = more;
	/* Pairs with a reader of the file. */
	__atomic_store_n(&beyond->kind, VPROF_UNIT_MORE, __ATOMIC_RELEASE);
	return id;
}

/* One of the oldest hour's, where there is no room for more. */
static uint32_t row_of_hour(struct vp_unit_rows *rows)
{
	uint32_t most = sizeof(rows->over) / sizeof(rows->over[0]), id;

	if (free_rows() >= OF_WORST)
		return add_row(1);
	if (!rows->hours_count)
		return VPROF_NONE;
	id = rows->over[rows->hours_first];
	rows->hours_first = (rows->hours_first + 1) % most;
	rows->hours_count--;
	return id;
}

static struct vprof_unit *row_of(struct vp_unit_rows *rows, uint32_t place)
{
	uint32_t id = rows->row[place], before = vp_table_used(VPROF_SEC_UNITS);

	if (id != VPROF_NONE)
		return unit_at(id);
	if (is_of_hour(place)) {
		id = row_of_hour(rows);
	} else {
		id = add_row(place < VPROF_UNITS_WORST);
		used += vp_table_used(VPROF_SEC_UNITS) - before;
	}
	rows->row[place] = id;
	return id == VPROF_NONE ? NULL : unit_at(id);
}

/* An hour begins: its places were those of the hour before the last, whose rows stay. */
static void begin_hour(struct vp_unit_rows *rows, uint64_t hour)
{
	uint32_t most = sizeof(rows->over) / sizeof(rows->over[0]);
	uint32_t *row = rows->row + VPROF_UNITS_WORST + (hour & 1) * VPROF_UNITS_HOUR;

	for (uint32_t i = 0; i < VPROF_UNITS_HOUR; i++) {
		if (row[i] != VPROF_NONE && rows->hours_count < most)
			rows->over[(rows->hours_first + rows->hours_count++) % most] = row[i];
		row[i] = VPROF_NONE;
	}
	rows->hour = hour;
}

/* ---- what is known of it ------------------------------------------------------ */

/* Of its time outside of calls, off the CPU as switches tell, the rest on it. */
static void set_classes(const struct vp_unit_rows *rows, const struct vp_unit_note *note,
			struct vprof_unit *row)
{
	static const uint32_t outside[] = {VPROF_CLASS_PREEMPTED, VPROF_CLASS_FAULT,
					   VPROF_CLASS_UNHOOKED};
	uint64_t off[VPROF_CLASS_COUNT] = {0}, left = note->end_ns - note->begin_ns;

	memset(row->ns, 0, sizeof(row->ns));
	for (uint32_t i = 0; i < note->calls; i++)
		left -= note->call[i].ns < left ? note->call[i].ns : left;
	left -= note->calls_left_ns < left ? note->calls_left_ns : left;
	if (vp_books_between(rows->thread, note->begin_ns, note->end_ns, off)) {
		row->flags |= VPROF_UNIT_EXACT;
		for (uint32_t i = 0; i < 3; i++) {
			uint64_t ns = off[outside[i]];

			row->ns[outside[i]] = ns < left ? ns : left;
			left -= row->ns[outside[i]];
		}
	}
	row->ns[VPROF_CLASS_RUN] = left;
}

static void set_calls(const struct vp_unit_note *note, struct vprof_unit *row,
		      struct vprof_unit_more *more)
{
	uint32_t room = more ? VP_UNIT_CALLS : VPROF_UNIT_CALLS;

	memset(row->call, 0, sizeof(row->call));
	row->calls_left_ns = note->calls_left_ns;
	for (uint32_t i = 0; i < note->calls; i++) {
		struct vprof_unit_call *to = i < VPROF_UNIT_CALLS ? &row->call[i] : NULL;

		if (i >= room) {
			row->calls_left_ns += note->call[i].ns;
			continue;
		}
		to = to ? to : &more->call[i - VPROF_UNIT_CALLS];
		to->node = note->call[i].node;
		to->name = vp_call_name(note->call[i].kind);
		to->ns = note->call[i].ns;
		to->times = note->call[i].times;
		to->class = note->call[i].class;
	}
}

static void set_samples(const struct vp_unit_rows *rows, const struct vp_unit_note *note,
			struct vprof_unit *row, struct vprof_unit_more *more)
{
	struct vprof_unit_sample sample[SAMPLES] = {{0}};

	row->samples_left = vp_track_cpu_between(rows->thread, note->begin_ns, note->end_ns, sample,
						 more ? SAMPLES : VPROF_UNIT_SAMPLES);
	memcpy(row->sample, sample, sizeof(row->sample));
	if (more)
		memcpy(more->sample, sample + VPROF_UNIT_SAMPLES, sizeof(more->sample));
}

/* ---- what others did ---------------------------------------------------------- */

static uint64_t duration_of(const struct vp_unit_rows *rows, uint32_t nth)
{
	return unit_at(rows->row[rows->others_of[nth]])->duration_ns;
}

/* Which of the rows is for the unit in this place, where it is among the longest. */
static uint32_t others_row(struct vp_unit_rows *rows, uint32_t place, uint64_t duration_ns)
{
	uint32_t shortest = 0, id;

	for (uint32_t i = 0; i < rows->others_count; i++) {
		if (rows->others_of[i] == place)
			return rows->others[i];
		if (duration_of(rows, i) < duration_of(rows, shortest))
			shortest = i;
	}
	if (rows->others_count < VPROF_UNITS_OTHERS) {
		if (!vp_table_add(VPROF_SEC_UNITS, &id))
			return VPROF_NONE;
		used++;
		shortest = rows->others_count++;
		rows->others[shortest] = id;
	} else if (duration_of(rows, shortest) >= duration_ns) {
		return VPROF_NONE;
	}
	rows->others_of[shortest] = place;
	return rows->others[shortest];
}

static void ask_others(struct vp_unit_rows *rows, uint32_t place, const struct vprof_unit *row)
{
	struct vp_unit_asks asks = {.unit = rows->row[place],
				    .thread = rows->thread,
				    .begin_ns = row->begin_ns,
				    .end_ns = row->begin_ns + row->duration_ns};

	asks.row = others_row(rows, place, row->duration_ns);
	if (asks.row != VPROF_NONE && !vp_unit_others_ask(&asks)) {
		vp_unit_others_write();
		vp_unit_others_ask(&asks);
	}
}

static uint16_t why(uint32_t place)
{
	if (place < VPROF_UNITS_WORST)
		return VPROF_UNIT_WORST;
	return is_of_hour(place) ? VPROF_UNIT_HOUR : VPROF_UNIT_PLAIN;
}

static void fill(struct vp_unit_rows *rows, uint32_t place, const struct vp_unit_note *note)
{
	struct vprof_unit *row = row_of(rows, place);
	struct vprof_unit_more *more;

	if (!row)
		return;
	more = row->more == VPROF_NONE ? NULL : vp_table_row(VPROF_SEC_UNITS, row->more);
	if (more)
		memset(more->call, 0, sizeof(more->call));
	/* Around it: a reader of the file. */
	__atomic_store_n(&row->sequence, row->sequence | 1, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	row->flags = why(place);
	row->loop = rows->units->loop;
	row->span = rows->units->span;
	row->thread = rows->thread;
	row->label = note->label;
	row->begin_ns = note->begin_ns;
	row->duration_ns = note->end_ns - note->begin_ns;
	row->events = note->events;
	row->bytes = note->bytes;
	row->size = note->size;
	set_classes(rows, note, row);
	set_calls(note, row, more);
	set_samples(rows, note, row, more);
	if (vp_outside_frozen(note->begin_ns, note->end_ns))
		row->flags |= VPROF_UNIT_FROZEN;
	row->kind = VPROF_UNIT_KEPT;
	__atomic_store_n(&row->sequence, row->sequence + 1, __ATOMIC_RELEASE);
	if (place < VPROF_UNITS_WORST)
		ask_others(rows, place, row);
}

/* ---- notes -------------------------------------------------------------------- */

/* Returns 0 while it is being written. */
static int read_note(const struct vp_units *units, uint32_t place, struct vp_unit_note *note,
		     uint32_t *sequence)
{
	for (int i = 0; i < NOTE_READS; i++) {
		*sequence = __atomic_load_n(&units->sequence[place], __ATOMIC_ACQUIRE);
		*note = units->note[place];
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(*sequence & 1) &&
		    __atomic_load_n(&units->sequence[place], __ATOMIC_RELAXED) == *sequence)
			return 1;
	}
	return 0;
}

int vp_unit_rows_have_notes(const struct vp_unit_rows *rows)
{
	return __atomic_load_n(&rows->units->written, __ATOMIC_ACQUIRE) != rows->written;
}

static void write_sums(const struct vp_unit_rows *rows)
{
	struct vprof_unit_sums *sums = vp_table_row(VPROF_SEC_UNITS, rows->sums);
	const struct vp_units *units = rows->units;
	uint64_t worst = ~0ull;

	if (sums->units == units->count)
		return;
	for (uint32_t i = 0; i < VPROF_UNITS_WORST; i++)
		worst = units->worst_ns[i] < worst ? units->worst_ns[i] : worst;
	sums->units = units->count;
	sums->worst_ns = worst;
	sums->ns = (double)units->ns;
	sums->square = units->square;
	sums->part[VPROF_CLASS_BLOCKED].ns = units->blocked.ns;
	sums->part[VPROF_CLASS_BLOCKED].product = units->blocked.product;
	sums->part[VPROF_CLASS_LOCK].ns = units->lock.ns;
	sums->part[VPROF_CLASS_LOCK].product = units->lock.product;
}

/* The thread is to see that another hour has begun, in which nothing was long yet. */
static void look_at_hour(struct vp_unit_rows *rows, uint64_t now_ns)
{
	uint64_t hour = now_ns / VP_UNIT_HOUR_NS;

	if (hour != rows->hour)
		begin_hour(rows, hour);
	if (__atomic_load_n(&rows->units->hour, __ATOMIC_RELAXED) != hour)
		__atomic_store_n(&rows->units->keep_ns, 0, __ATOMIC_RELAXED);
}

/* Returns 0 where there is a note that is not to be taken yet. */
static int take(struct vp_unit_rows *rows, uint32_t place, uint64_t until_ns)
{
	struct vp_unit_note note;
	uint32_t sequence;

	if (rows->units->sequence[place] == rows->taken[place])
		return 1;
	if (!read_note(rows->units, place, &note, &sequence) || note.end_ns > until_ns)
		return 0;
	rows->taken[place] = sequence;
	vp_unit_calls_preempted(&note, rows->thread, vp_books_between);
	fill(rows, place, &note);
	return 1;
}

static void take_all(struct vp_unit_rows *rows, uint64_t until_ns)
{
	uint64_t written = __atomic_load_n(&rows->units->written, __ATOMIC_ACQUIRE);
	uint32_t places = VP_UNIT_FIXED + rows->units->room, left = 0;

	for (uint32_t i = 0; i < places; i++)
		left += !take(rows, i, until_ns);
	if (!left)
		rows->written = written;
}

/* Those that the thread says have changed.  Returns 0 where there are more than it can say. */
static int take_changed(struct vp_unit_rows *rows, uint64_t until_ns)
{
	const struct vp_units *units = rows->units;
	uint64_t written = __atomic_load_n(&units->written, __ATOMIC_ACQUIRE), from = rows->written;
	uint64_t all = 1;

	for (uint64_t n = from; n < written && written - from <= VP_UNIT_CHANGES; n++) {
		all &= (uint64_t)take(rows, units->changed[n % VP_UNIT_CHANGES], until_ns);
		rows->written += all;
	}
	/* The oldest may have been overwritten meanwhile. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&units->written, __ATOMIC_RELAXED) - from < VP_UNIT_CHANGES)
		return 1;
	rows->written = from;
	return 0;
}

void vp_unit_rows_write(struct vp_unit_rows *rows, uint64_t until_ns, uint64_t now_ns)
{
	look_at_hour(rows, now_ns);
	if (!take_changed(rows, until_ns))
		take_all(rows, until_ns);
	write_sums(rows);
}
