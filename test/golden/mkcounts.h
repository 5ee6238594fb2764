/* A ring file with calls that were counted. */
#ifndef MKCOUNTS_H
#define MKCOUNTS_H

#include "mkwaits.h"

static inline uint64_t mk_where(uint32_t module, uint64_t offset, int exact)
{
	uint64_t address = (module ? 0x7f0000000000 : 0x400000) + offset;

	return address | (exact ? VPROF_WHERE_EXACT : 0) |
	       (uint64_t)module << VPROF_WHERE_MODULE_SHIFT;
}

/* Of a function of module 0 or 1, called from module 0; caller 0: not known. */
static inline struct vprof_count *mk_count(struct mkprof *mk, uint32_t module, uint64_t offset,
					   uint64_t caller, uint32_t thread,
					   enum vprof_count_how how, uint64_t calls)
{
	struct vprof_count *row =
	    mk_some_row(mk, VPROF_SEC_COUNTS, sizeof(struct vprof_count), NULL);

	*row = (struct vprof_count){
	    .where = mk_where(module, offset, 1),
	    .caller = caller ? mk_where(0, caller, 0) : 0,
	    .thread = thread,
	    .how = (uint16_t)how,
	    .calls = calls,
	};
	return row;
}

static inline struct vprof_duration *mk_duration(struct mkprof *mk, uint64_t offset,
						 uint32_t thread, uint64_t calls, uint64_t each_ns)
{
	struct vprof_duration *row =
	    mk_some_row(mk, VPROF_SEC_DURATIONS, sizeof(struct vprof_duration), NULL);

	*row = (struct vprof_duration){
	    .where = mk_where(0, offset, 1),
	    .thread = thread,
	    .calls = calls,
	    .time_ns = calls * each_ns,
	    .max_ns = each_ns,
	};
	row->histogram[vprof_histogram_bucket(each_ns, VPROF_DURATION_UNIT_BITS,
					      VPROF_DURATION_SUB_BITS, VPROF_DURATION_BUCKETS)] =
	    calls;
	return row;
}

/* "normal", and calls:
 *   D           main 1,000 from B, of which 600 within another; worker 200 from B
 *   C           5 by -pg, of nobody knows whom
 *   app+0x5000  3, never sampled; one of them ended
 *   app+0x6000  40, of nobody but trace=; app+0x7000 none, and one more could not be had */
static inline struct mkprof mk_counts(void)
{
	struct mkprof mk = mk_normal();
	struct vprof_count *row = mk_count(&mk, 0, 0x3000, 0x2000, 1, VPROF_COUNT_INSTRUMENT, 1000);

	row->recursive = 600;
	row->time_ns = 45 * MK_MS;
	row->self_ns = 40 * MK_MS;
	row = mk_count(&mk, 0, 0x3000, 0x2000, 2, VPROF_COUNT_INSTRUMENT, 200);
	row->time_ns = row->self_ns = 2 * MK_MS;
	mk_count(&mk, 1, 0x300, 0, 1, VPROF_COUNT_MCOUNT, 5);
	mk_count(&mk, 0, 0x5000, 0x1000, 1, VPROF_COUNT_INSTRUMENT, 3)->time_ns = 700;
	mk_count(&mk, 0, 0x6000, 0x1000, 1, VPROF_COUNT_PATCHED, 40);
	mk_count(&mk, 0, 0x7000, 0, 0, VPROF_COUNT_PATCHED, 0);
	mk_header(&mk)->traced = 2;
	mk_header(&mk)->trace_refused = 1;
	mk_header(&mk)->trace_note =
	    mk_string(&mk, "app: 2 traced, 1 not (fewer than 5 bytes of nops at the entry)");
	mk_duration(&mk, 0x3000, 1, 1000, 45000);
	mk_duration(&mk, 0x3000, 2, 200, 10000);
	mk_duration(&mk, 0x5000, 1, 1, 700);
	return mk;
}

#endif
