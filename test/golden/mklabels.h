/* A ring file in which two symbols share threads: CPU time, heap, waits, iterations, spans by
 * label, and what other threads did during long iterations. */
#ifndef MKLABELS_H
#define MKLABELS_H

#include "mkspans.h"
#include "mkunits.h"

struct mk_pair {
	uint32_t sol, btc; /* string ids; SOL has a phase within */
};

static inline void mk_label_loop(struct mkprof *mk, uint32_t loop, uint32_t label, uint64_t count,
				 uint64_t each_ns, uint64_t max_ns)
{
	struct vprof_label_loop *row =
	    mk_some_row(mk, VPROF_SEC_LABELS, sizeof(struct vprof_label_loop), NULL);

	*row = (struct vprof_label_loop){.loop = loop,
					 .label = label,
					 .iterations = count,
					 .busy_ns = (count - 1) * each_ns + max_ns,
					 .max_ns = max_ns,
					 .max_at_ns = 700 * MK_MS,
					 .several = 3};
	row->histogram[vprof_histogram_bucket(each_ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LABEL_BUCKETS)] += count - 1;
	row->histogram[vprof_histogram_bucket(max_ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LABEL_BUCKETS)]++;
}

static inline uint32_t mk_rows(struct mkprof *mk, unsigned kind)
{
	return (uint32_t)VPROF_HEADER_SECTION(mk_header(mk), kind)->rows_used;
}

static inline void *mk_row_at(struct mkprof *mk, unsigned kind, uint32_t row_bytes, uint32_t row)
{
	struct vprof_extent *table = (void *)(mk->bytes + VPROF_EXTENT_TABLE_OFFSET);
	uint32_t of_extent = MK_EXTENT / row_bytes;

	for (uint32_t i = 1; i < mk_header(mk)->extents_used; i++)
		if (table[i].kind == kind && table[i].index == row / of_extent)
			return mk->bytes + (uint64_t)i * MK_EXTENT +
			       (uint64_t)(row % of_extent) * row_bytes;
	return NULL;
}

static inline void mk_label_cpu(struct mkprof *mk, uint32_t label, uint32_t node, uint32_t thread,
				uint64_t samples)
{
	mk_cpu(mk, node, thread, samples, 4 * samples);
	((struct vprof_cpu *)mk_row_at(mk, VPROF_SEC_CPU, sizeof(struct vprof_cpu),
				       mk_rows(mk, VPROF_SEC_CPU) - 1))
	    ->label = label;
}

/* Of each iteration that is kept one of two labels; and of the first that wrote a journal what
 * others did: worker held a lock in fsync at D, few ran at C. */
static inline void mk_label_units(struct mkprof *mk, struct mk_pair pair)
{
	uint32_t units = mk_rows(mk, VPROF_SEC_UNITS), longest = 0;
	struct vprof_unit_others *others;
	uint64_t begin_ns = 0, most_ns = 0;

	for (uint32_t i = 0; i < units; i++) {
		struct vprof_unit *row =
		    mk_row_at(mk, VPROF_SEC_UNITS, sizeof(struct vprof_unit), i);

		if (row->kind != VPROF_UNIT_KEPT || row->loop)
			continue;
		row->label = i % 3 ? pair.sol : pair.btc;
		if (!row->call[0].ns || row->duration_ns <= most_ns)
			continue;
		longest = i;
		most_ns = row->duration_ns;
		begin_ns = row->begin_ns;
	}
	others = mk_some_row(mk, VPROF_SEC_UNITS, sizeof(struct vprof_unit), NULL);
	*others = (struct vprof_unit_others){
	    .kind = VPROF_UNIT_OTHERS, .unit = longest, .begin_ns = begin_ns};
	others->other[0] = (struct vprof_unit_other){.thread = 2,
						     .call_node = 6,
						     .call_name = mk_string(mk, "fsync"),
						     .call_ns = 11 * MK_MS,
						     .lock = 0x401010,
						     .held_ns = 12 * MK_MS};
	others->other[1] = (struct vprof_unit_other){
	    .thread = 3, .node = 4, .samples = 2, .call_name = VPROF_NONE};
	others = mk_some_row(mk, VPROF_SEC_UNITS, sizeof(struct vprof_unit), NULL);
	*others = (struct vprof_unit_others){.kind = VPROF_UNIT_OTHERS, .unit = VPROF_NONE};
}

/* The record of mk_units(), in which main and worker have worked for two symbols. */
static inline struct mkprof mk_labels(void)
{
	struct mkprof mk = mk_units();
	struct mk_pair pair = {mk_string(&mk, "symbol=SOL\nphase=parse"),
			       mk_string(&mk, "symbol=BTC")};

	mk_label_cpu(&mk, pair.sol, 4, 1, 20);
	mk_label_cpu(&mk, pair.btc, 6, 1, 5);
	mk_label_cpu(&mk, pair.sol, 6, 2, 10);
	mk_site(&mk, 4, 1, 40, 28000, 30, 21000)->label = pair.sol;
	mk_site(&mk, 6, 2, 100, 10000, 90, 9000)->label = pair.sol;
	mk_site(&mk, 6, 2, 50, 5000, 50, 5000)->label = pair.btc;
	mk_call(&mk, "write", VPROF_CLASS_BLOCKED, 4, 1, 20, 10, 120, 30)->label = pair.sol;
	mk_call(&mk, "write", VPROF_CLASS_BLOCKED, 6, 2, 20, 4, 8, 3)->label = pair.btc;
	mk_lock(&mk, 0, 0, VPROF_NODE_OVERFLOW, 0, 0, 0, 0);
	mk_lock(&mk, VPROF_LOCK_MUTEX, 0x401010, 4, 1, 3, 60, 30)->label = pair.sol;
	mk_lock(&mk, VPROF_LOCK_MUTEX, 0x401010, 6, 2, 2, 50, 40)->label = pair.btc;
	mk_lock(&mk, VPROF_LOCK_COND, 0x6000, 4, 2, 5, 90, 30)->label = pair.sol;
	mk_label_loop(&mk, 0, pair.sol, 300, 400000, 41 * MK_MS);
	mk_label_loop(&mk, 0, pair.btc, 200, 100000, 2 * MK_MS);
	mk_label_loop(&mk, 1, pair.sol, 10, 5 * MK_MS, 30 * MK_MS);
	mk_span(&mk, "", 0, 0, 0, 0)->flags = 0; /* of no name */
	mk_span(&mk, "decode", 1, 100, 15, 2 * MK_MS)->label = pair.sol;
	mk_span(&mk, "decode", 2, 10, 20, 3 * MK_MS)->label = pair.btc;
	mk_label_units(&mk, pair);
	return mk;
}

#endif
