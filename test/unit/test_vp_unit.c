/* thread/unit and helper/unit_calls: which units are kept, and what their notes say. */
#include <stdlib.h>

#include "check_main.h"
#include "helper/unit_calls.h"
#include "random.h"
#include "thread/unit.h"

#define ROOM  256u
#define UNITS 100000u

static struct vp_units *units;
static struct vp_unit_calls calls;

static void begin(void)
{
	uint32_t places = VP_UNIT_FIXED + ROOM;

	units = calloc(1, sizeof(*units) + places * sizeof(units->note[0]));
	units->sequence = calloc(places, sizeof(units->sequence[0]));
	units->room = ROOM;
	units->skip = 1;
	units->random = 12345;
	calls.head = 0;
}

static void end(void)
{
	free(units->sequence);
	free(units);
}

static void add(uint64_t at_ns, uint64_t ns, uint64_t events)
{
	vp_unit_ends(
	    units, &calls,
	    &(struct vp_unit_end){.begin_ns = at_ns, .end_ns = at_ns + ns, .events = events});
}

static void call(uint64_t begin_ns, uint64_t end_ns, uint32_t node, uint16_t class)
{
	vp_unit_call(&calls, &(struct vp_unit_lasted){begin_ns, end_ns, node, 7, class});
}

static int longer(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

static uint64_t length(const struct vp_unit_note *note)
{
	return note->end_ns - note->begin_ns;
}

START_TEST(the_longest_are_kept)
{
	uint64_t *ns = calloc(UNITS, sizeof(*ns)), kept[VPROF_UNITS_WORST];
	uint64_t sum = 0;

	begin();
	random_seed((unsigned)_i);
	for (uint32_t i = 0; i < UNITS; i++) {
		ns[i] = (uint64_t)(1000 / (1 - uniform()));
		sum += ns[i];
		add((uint64_t)i * 1000, ns[i], 0);
	}
	for (uint32_t i = 0; i < VPROF_UNITS_WORST; i++)
		kept[i] = length(&units->note[i]);
	qsort(ns, UNITS, sizeof(*ns), longer);
	qsort(kept, VPROF_UNITS_WORST, sizeof(*kept), longer);
	for (uint32_t i = 0; i < VPROF_UNITS_WORST; i++)
		ck_assert_uint_eq(kept[i], ns[i]);
	ck_assert_uint_eq(units->count, UNITS);
	ck_assert_uint_eq(units->ns, sum);
	free(ns);
	end();
}
END_TEST

/* Of each hour the four longest are there until the hour after the next; those of the run stay. */
START_TEST(hours_have_their_own)
{
	begin();
	for (uint64_t hour = 0; hour < 3; hour++) {
		units->keep_ns = 0; /* as the helper does */
		for (uint64_t i = 1; i <= 200; i++)
			add(hour * VP_UNIT_HOUR_NS + i * 1000000, (hour == 0 ? 1000 : 10) * i, 0);
	}
	for (uint32_t i = 0; i < VPROF_UNITS_HOUR; i++) {
		const struct vp_unit_note *even = &units->note[VPROF_UNITS_WORST + i];
		const struct vp_unit_note *odd = even + VPROF_UNITS_HOUR;

		ck_assert_uint_eq(even->begin_ns / VP_UNIT_HOUR_NS, 2);
		ck_assert_uint_eq(odd->begin_ns / VP_UNIT_HOUR_NS, 1);
		ck_assert_uint_ge(length(even), 1970);
		ck_assert_uint_ge(length(odd), 1970);
	}
	for (uint32_t i = 0; i < VPROF_UNITS_WORST; i++)
		ck_assert_uint_gt(length(&units->note[i]), 136000);
	end();
}
END_TEST

/* Each unit has the same chance: of 20 parts of the run none is there more often than others. */
START_TEST(chance_is_the_same_for_all)
{
	uint32_t in[20] = {0};
	double off = 0, mean = 0;

	for (unsigned run = 0; run < 40; run++) {
		begin();
		units->random = 1000003 * (run + 1);
		for (uint32_t i = 0; i < UNITS; i++)
			add((uint64_t)i * 1000, 500, 0);
		for (uint32_t i = 0; i < ROOM; i++)
			in[units->note[VP_UNIT_FIXED + i].begin_ns / 1000 / (UNITS / 20)]++;
		end();
	}
	mean = 40.0 * ROOM / 20;
	for (int i = 0; i < 20; i++)
		off += (in[i] - mean) * (in[i] - mean) / mean;
	/* Chi-square of 19 degrees of freedom: above 43.8 once in a thousand. */
	ck_assert_msg(off < 43.8, "chi-square %g", off);
}
END_TEST

/* Whoever looks only where the thread says that notes have changed has seen all of them. */
START_TEST(changed_places_are_named)
{
	uint32_t seen[VP_UNIT_FIXED + ROOM] = {0};
	uint64_t written = 0;

	begin();
	random_seed((unsigned)_i);
	for (uint32_t i = 0; i < UNITS; i++) {
		add((uint64_t)i * 1000, (uint64_t)(1000 / (1 - uniform())), 0);
		ck_assert_uint_le(units->written - written, 3);
		for (; written < units->written; written++) {
			uint32_t place = units->changed[written % VP_UNIT_CHANGES];

			ck_assert_uint_lt(place, VP_UNIT_FIXED + ROOM);
			seen[place] = units->sequence[place];
		}
	}
	for (uint32_t i = 0; i < VP_UNIT_FIXED + ROOM; i++)
		ck_assert_uint_eq(seen[i], units->sequence[i]);
	end();
}
END_TEST

START_TEST(a_note_has_its_calls)
{
	const struct vp_unit_note *note;

	begin();
	add(1000, 10, 5);
	call(90000, 120000, 1, VPROF_CLASS_BLOCKED);  /* begins before it */
	call(200000, 230000, 2, VPROF_CLASS_BLOCKED); /* lies within the next */
	call(190000, 240000, 1, VPROF_CLASS_BLOCKED);
	call(300000, 350000, 3, VPROF_CLASS_LOCK);
	add(100000, 300000, 9);
	note = &units->note[VP_UNIT_FIXED + 1];
	ck_assert_uint_eq(note->begin_ns, 100000);
	ck_assert_uint_eq(note->events, 4);
	ck_assert_uint_eq(note->calls, 2);
	ck_assert_uint_eq(note->call[0].node, 3);
	ck_assert_uint_eq(note->call[0].class, VPROF_CLASS_LOCK);
	ck_assert_uint_eq(note->call[0].ns, 50000);
	ck_assert_uint_eq(note->call[1].node, 1);
	ck_assert_uint_eq(note->call[1].times, 2);
	ck_assert_uint_eq(note->call[1].ns, 50000 + 20000);
	/* the longest of them */
	ck_assert_uint_eq(note->call[0].from_us, 200);
	ck_assert_uint_eq(note->call[0].to_us, 250);
	ck_assert_uint_eq(note->call[1].from_us, 90);
	ck_assert_uint_eq(note->call[1].to_us, 140);
	ck_assert_double_eq(units->blocked.ns, 70000);
	ck_assert_double_eq(units->lock.ns, 50000);
	ck_assert_double_eq(units->lock.product, 50000.0 * 300000.0);
	end();
}
END_TEST

START_TEST(more_places_than_a_note_has)
{
	const struct vp_unit_note *note;

	begin();
	for (uint32_t i = 0; i < 10; i++)
		call(1000 + 100 * i, 1050 + 100 * i, 10 + i, VPROF_CLASS_BLOCKED);
	add(0, 5000, 0);
	note = &units->note[VP_UNIT_FIXED];
	ck_assert_uint_eq(note->calls, VP_UNIT_CALLS);
	ck_assert_uint_eq(note->calls_left_ns, 50 * (10 - VP_UNIT_CALLS));
	end();
}
END_TEST

START_TEST(of_more_than_an_hour_it_is_not_known_where_a_call_was)
{
	const struct vp_unit_note *note;
	const uint64_t hours = 2 * VP_UNIT_HOUR_NS;

	begin();
	call(hours, hours + 50000, 1, VPROF_CLASS_BLOCKED);
	add(0, hours + 60000, 0);
	note = &units->note[VP_UNIT_FIXED];
	ck_assert_uint_eq(note->calls, 1);
	ck_assert_uint_eq(note->call[0].ns, 50000);
	ck_assert_uint_eq(note->call[0].from_us, note->call[0].to_us);
	end();
}
END_TEST

/* Others had the CPU from 210 to 250 us after the unit began. */
static int off(uint32_t thread, uint64_t from_ns, uint64_t to_ns, uint64_t ns[VPROF_CLASS_COUNT])
{
	uint64_t begin_ns = 1000000 + 210000, end_ns = 1000000 + 250000;

	ck_assert_uint_eq(thread, 4);
	begin_ns = from_ns > begin_ns ? from_ns : begin_ns;
	end_ns = to_ns < end_ns ? to_ns : end_ns;
	if (begin_ns < end_ns)
		ns[VPROF_CLASS_PREEMPTED] += end_ns - begin_ns;
	ns[VPROF_CLASS_BLOCKED] += 7;
	return from_ns != 1000000 + 400000;
}

START_TEST(a_call_is_not_what_others_took_of_the_cpu)
{
	struct vp_unit_note note = {
	    .begin_ns = 1000000,
	    .end_ns = 1000000 + 500000,
	    .calls = 4,
	    .call = {{.node = 1, .times = 1, .ns = 100000, .from_us = 100, .to_us = 200},
		     {.node = 2, .times = 2, .ns = 70000, .from_us = 200, .to_us = 260},
		     {.node = 3, .times = 1, .ns = 30000, .from_us = 220, .to_us = 260},
		     {.node = 4, .times = 1, .ns = 50000, .from_us = 400, .to_us = 450}}};

	vp_unit_calls_preempted(&note, 4, off);
	ck_assert_uint_eq(note.call[0].ns, 100000); /* before it */
	ck_assert_uint_eq(note.call[1].ns, 30000);
	ck_assert_uint_eq(note.call[2].ns, 0); /* not less than nothing */
	ck_assert_uint_eq(note.call[3].ns, 50000); /* it is not known of that time */
}
END_TEST

static void cases(TCase *tests)
{
	tcase_add_loop_test(tests, the_longest_are_kept, 0, 5);
	tcase_add_test(tests, hours_have_their_own);
	tcase_add_test(tests, chance_is_the_same_for_all);
	tcase_add_loop_test(tests, changed_places_are_named, 0, 3);
	tcase_add_test(tests, a_note_has_its_calls);
	tcase_add_test(tests, more_places_than_a_note_has);
	tcase_add_test(tests, of_more_than_an_hour_it_is_not_known_where_a_call_was);
	tcase_add_test(tests, a_call_is_not_what_others_took_of_the_cpu);
}

int main(void)
{
	return check_main("unit", cases);
}
