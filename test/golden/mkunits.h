/* A ring file with iterations that are kept whole. */
#ifndef MKUNITS_H
#define MKUNITS_H

#include "mkloops.h"

#define MK_US	 1000ull
#define MK_PLAIN 160u

/* Numbers below `most`, always the same. */
static inline uint64_t mk_chance(uint64_t *state, uint64_t most)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) % most;
}

static inline struct vprof_unit *mk_unit(struct mkprof *mk, uint32_t loop, uint32_t thread,
					 uint16_t flags, uint64_t begin_ns, uint64_t run_ns)
{
	struct vprof_unit *row = mk_some_row(mk, VPROF_SEC_UNITS, sizeof(struct vprof_unit), NULL);

	*row = (struct vprof_unit){.kind = VPROF_UNIT_KEPT,
				   .flags = (uint16_t)(flags | VPROF_UNIT_EXACT),
				   .loop = loop,
				   .span = VPROF_NONE,
				   .thread = thread,
				   .begin_ns = begin_ns,
				   .duration_ns = run_ns,
				   .events = 2,
				   .more = VPROF_NONE};
	row->ns[VPROF_CLASS_RUN] = run_ns;
	return row;
}

static inline void mk_unit_call(struct mkprof *mk, struct vprof_unit *row, const char *name,
				uint32_t node, uint32_t class, uint64_t ns)
{
	size_t i = 0;

	while (row->call[i].ns)
		i++;
	row->call[i] = (struct vprof_unit_call){node, mk_string(mk, name), ns, 1, class};
	row->duration_ns += ns;
}

static inline void mk_unit_sums(struct mkprof *mk, uint32_t loop, uint32_t thread, uint64_t units,
				uint64_t worst_ns)
{
	struct vprof_unit_sums *sums =
	    mk_some_row(mk, VPROF_SEC_UNITS, sizeof(struct vprof_unit), NULL);

	*sums =
	    (struct vprof_unit_sums){.kind = VPROF_UNIT_SUMS,
				     .known = 1u << VPROF_CLASS_BLOCKED | 1u << VPROF_CLASS_LOCK,
				     .loop = loop,
				     .span = VPROF_NONE,
				     .thread = thread,
				     .room = MK_PLAIN,
				     .units = units,
				     .worst_ns = worst_ns};
	/* As if blocked time had next to no part in how long all of them took. */
	sums->ns = (double)units * 1.2e6;
	sums->square = (double)units * 10e12;
	sums->part[VPROF_CLASS_BLOCKED].ns = (double)units * 0.1e6;
	sums->part[VPROF_CLASS_BLOCKED].product = (double)units * 0.5e12;
}

/* The record of mk_loops(), and of its first loop 24 iterations that are long: 14 write a
 * journal for 12 ms at C, 6 compute for 9 ms in B, 4 were kept from the CPU for 10 ms; and 160
 * ordinary ones.  Of the second, 3 long ones that had more events, and few others. */
static inline struct mkprof mk_units(void)
{
	struct mkprof mk = mk_loops();
	uint64_t state = 7;

	mk_unit_sums(&mk, 0, 1, 1000, 9 * MK_MS);
	for (uint64_t i = 0; i < MK_PLAIN; i++) {
		uint64_t at = (60 + 11 * i) * MK_MS, run = (800 + mk_chance(&state, 400)) * MK_US;
		struct vprof_unit *row = mk_unit(&mk, 0, 1, VPROF_UNIT_PLAIN, at, run);

		if (i % 3 == 0)
			mk_unit_call(&mk, row, "send", 3, VPROF_CLASS_BLOCKED,
				     (20 + mk_chance(&state, 30)) * MK_US);
		if (i % 10 == 0)
			row->sample[0] = (struct vprof_unit_sample){3, 1};
	}
	for (uint64_t i = 0; i < 24; i++) {
		uint64_t at = (65 + 70 * i) * MK_MS, run = (900 + mk_chance(&state, 200)) * MK_US;
		int kind = i % 12 < 7 ? 0 : i % 12 < 10 ? 1 : 2;
		struct vprof_unit *row =
		    mk_unit(&mk, 0, 1, VPROF_UNIT_WORST, at, kind == 1 ? run + 9 * MK_MS : run);

		if (kind == 0)
			mk_unit_call(&mk, row, "fsync", 4, VPROF_CLASS_BLOCKED,
				     (12000 + mk_chance(&state, 900)) * MK_US);
		if (kind == 1)
			row->sample[0] = (struct vprof_unit_sample){4, 2};
		if (kind == 2) {
			row->ns[VPROF_CLASS_PREEMPTED] = 10 * MK_MS;
			row->duration_ns += 10 * MK_MS;
		}
	}
	mk_unit_sums(&mk, 1, 2, 40, 0);
	for (uint64_t i = 0; i < 40; i++)
		mk_unit(&mk, 1, 2, VPROF_UNIT_WORST, (60 + 45 * i) * MK_MS,
			(i % 14 == 3 ? 30 : 3 + i % 3) * MK_MS)
		    ->events = i % 14 == 3 ? 60 : 6 + 2 * (i % 3);
	return mk;
}

#endif
