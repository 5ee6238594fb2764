#include "thread/unit.h"
#include "base/poisson.h"
#include "thread/threads.h"

/* --- the calls that lasted ---------------------------------------------------- */

struct parts {
	struct vp_unit_note note;
	uint64_t blocked_ns, lock_ns;
};

#define US 1000u

/* Where in the unit it was; of more than an hour it is not known. */
static void set_longest(struct vp_unit_note_call *call, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t to_us = (to_ns + US - 1) / US;

	if (to_us > UINT32_MAX || to_ns - from_ns <= (uint64_t)(call->to_us - call->from_us) * US)
		return;
	call->from_us = (uint32_t)(from_ns / US);
	call->to_us = (uint32_t)to_us;
}

/*   from_ns, ns  the part of the call that is in the unit, since that began */
static void add_part(struct parts *parts, const struct vp_unit_lasted *call, uint64_t from_ns,
		     uint64_t ns)
{
	struct vp_unit_note *note = &parts->note;
	uint32_t i = 0;

	*(call->class == VPROF_CLASS_LOCK ? &parts->lock_ns : &parts->blocked_ns) += ns;
	while (i < note->calls &&
	       (note->call[i].node != call->node || note->call[i].kind != call->kind))
		i++;
	if (i == VP_UNIT_CALLS) {
		note->calls_left_ns += ns;
		return;
	}
	if (i == note->calls) {
		note->calls++;
		note->call[i] = (struct vp_unit_note_call){
		    .node = call->node,
		    .kind = call->kind,
		    .class =
			call->class == VPROF_CLASS_LOCK ? VPROF_CLASS_LOCK : VPROF_CLASS_BLOCKED};
	}
	note->call[i].times++;
	note->call[i].ns += ns;
	set_longest(&note->call[i], from_ns, from_ns + ns);
}

/* From the last one back; of those that lie in each other the outer. */
static void find_parts(const struct vp_unit_calls *calls, const struct vp_unit_end *unit,
		       struct parts *parts)
{
	uint64_t oldest = calls->head > VP_UNIT_LASTED ? calls->head - VP_UNIT_LASTED : 0;
	uint64_t free_to = unit->end_ns;

	parts->note.calls = 0;
	parts->note.calls_left_ns = 0;
	parts->blocked_ns = parts->lock_ns = 0;
	for (uint64_t n = calls->head; n > oldest; n--) {
		const struct vp_unit_lasted *call = &calls->call[(n - 1) % VP_UNIT_LASTED];
		uint64_t begin = call->begin_ns, end = call->end_ns;

		if (end <= unit->begin_ns)
			break;
		begin = begin > unit->begin_ns ? begin : unit->begin_ns;
		end = end < free_to ? end : free_to;
		if (end <= begin)
			continue;
		add_part(parts, call, begin - unit->begin_ns, end - begin);
		free_to = begin;
	}
}

/* --- who is kept -------------------------------------------------------------- */

static uint32_t least_of(const uint64_t *ns, uint32_t count)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < count; i++)
		if (ns[i] < ns[least])
			least = i;
	return least;
}

/* After t units each of `room` places has one of them: how many pass until the next is taken,
 * whose chance is room / t and gets smaller (Li 1994, by the series of u^(-1/room)). */
static uint64_t next_skip(struct vp_units *units)
{
	double wait, skip;

	if (units->count < units->room)
		return 1;
	wait = vp_poisson_wait(&units->random) / (double)units->room;
	skip = (double)units->count * wait * (1 + wait / 2 * (1 + wait / 3));
	return skip < 1 ? 1 : skip < 0x1p62 ? (uint64_t)skip + 1 : 1ull << 62;
}

static uint32_t place_by_chance(struct vp_units *units)
{
	if (units->count <= units->room)
		return (uint32_t)units->count - 1;
	return (uint32_t)((__uint128_t)vp_poisson_random(&units->random) * units->room >> 64);
}

static void put(struct vp_units *units, uint32_t place, const struct parts *parts)
{
	uint32_t sequence = units->sequence[place];

	__atomic_store_n(&units->sequence[place], sequence | 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	units->note[place] = parts->note;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	units->changed[units->written % VP_UNIT_CHANGES] = (uint16_t)place;
	/* Pairs with the helper, which reads the note. */
	__atomic_store_n(&units->sequence[place], (sequence | 1) + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&units->written, units->written + 1, __ATOMIC_RELEASE);
}

static void put_longest(struct vp_units *units, uint64_t ns, const struct parts *parts)
{
	uint64_t hour = parts->note.end_ns / VP_UNIT_HOUR_NS;
	uint32_t worst = least_of(units->worst_ns, VPROF_UNITS_WORST), of_hour;

	if (hour != units->hour) {
		units->hour = hour;
		for (uint32_t i = 0; i < VPROF_UNITS_HOUR; i++)
			units->hour_ns[i] = 0;
	}
	of_hour = least_of(units->hour_ns, VPROF_UNITS_HOUR);
	if (ns > units->worst_ns[worst]) {
		units->worst_ns[worst] = ns;
		put(units, worst, parts);
		worst = least_of(units->worst_ns, VPROF_UNITS_WORST);
	}
	if (ns > units->hour_ns[of_hour]) {
		units->hour_ns[of_hour] = ns;
		put(units, VPROF_UNITS_WORST + (uint32_t)(hour & 1) * VPROF_UNITS_HOUR + of_hour,
		    parts);
		of_hour = least_of(units->hour_ns, VPROF_UNITS_HOUR);
	}
	/* As long as the shortest of both is longer than that of neither. */
	ns = units->worst_ns[worst] < units->hour_ns[of_hour] ? units->worst_ns[worst]
							      : units->hour_ns[of_hour];
	__atomic_store_n(&units->keep_ns, ns + 1, __ATOMIC_RELAXED);
}

static void keep(struct vp_units *units, const struct vp_unit_calls *calls,
		 const struct vp_unit_end *end)
{
	uint64_t ns = end->end_ns - end->begin_ns;
	struct parts parts;

	find_parts(calls, end, &parts);
	units->calls_seen = calls->head;
	units->blocked.ns += (double)parts.blocked_ns;
	units->blocked.product += (double)parts.blocked_ns * (double)ns;
	units->lock.ns += (double)parts.lock_ns;
	units->lock.product += (double)parts.lock_ns * (double)ns;
	parts.note.begin_ns = end->begin_ns;
	parts.note.end_ns = end->end_ns;
	/* Of the first it is not known what came before. */
	parts.note.events = units->count > 1 ? end->events - units->events : 0;
	parts.note.bytes = units->count > 1 ? end->bytes - units->bytes : 0;
	parts.note.size = end->size;
	parts.note.label = end->label;
	if (ns >= units->keep_ns) {
		put_longest(units, ns, &parts);
		units->skip--; /* it was not counted down */
	}
	if ((int64_t)units->skip <= 0) {
		if (units->room)
			put(units, VP_UNIT_FIXED + place_by_chance(units), &parts);
		units->skip = units->room ? next_skip(units) : 1ull << 62;
	}
}

void vp_unit_keep(struct vp_units *units, const struct vp_unit_calls *calls,
		  const struct vp_unit_end *end)
{
	/* A handler's unit that ends in here is not kept. */
	if (units->writing)
		return;
	units->writing = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	keep(units, calls, end);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	units->writing = 0;
}
