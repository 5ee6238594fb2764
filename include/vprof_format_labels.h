/* The rows of a ring file that keep totals by label, of iterations and over time.  A part of
 * vprof_format.h, never included by itself. */
#ifndef VPROF_FORMAT_LABELS_H
#define VPROF_FORMAT_LABELS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* LABELS: iterations of one loop under one label.  An iteration is of the label that was begun
 * or given last within it; where none was, of the one in force when it began.  Those of no label
 * have no row: they are the rest of the loop's. */
#define VPROF_LABEL_BUCKETS 496u /* so many that extents are full */
struct vprof_label_loop {
	uint32_t loop;	/* row in LOOPS */
	uint32_t label; /* string id, as in vprof_cpu; 0: void */
	uint64_t iterations;
	uint64_t busy_ns, blocked_ns; /* as in vprof_loop, of these */
	uint64_t max_ns, max_at_ns;
	uint64_t slept;
	uint64_t several; /* of them, those in which one label was begun after another, not in it */
	uint64_t reserved[8];
	/* 128 */
	uint64_t histogram[VPROF_LABEL_BUCKETS]; /* units and parts as those of LOOPS */
};
_Static_assert(sizeof(struct vprof_label_loop) == 4096, "vprof_label_loop");

/* HEAP_TIMES: what the counters of a row of SITES rose by between two readings; a row that did
 * not change has none.  When the section is full, readings are merged in place and the step
 * doubles, so that any run fits.  Row 0 is the head. */
struct vprof_heap_time {
	uint64_t from_ns, to_ns; /* between two readings; to_ns 0: void */
	uint32_t site;		 /* row in SITES: stack, label, shard */
	uint32_t reserved;
	uint64_t allocs, alloc_bytes;
	uint64_t frees, freed_bytes;
	uint64_t temporary;
};
_Static_assert(sizeof(struct vprof_heap_time) == 64, "vprof_heap_time");

struct vprof_heap_times_head {
	uint64_t step_ns;  /* rows end in different steps of so long */
	uint64_t until_ns; /* the last reading */
	uint32_t sequence; /* odd while rows are being merged */
	uint32_t rows;	   /* of the section, those in use; the head is one */
	uint64_t readings;
	uint64_t cost_ns; /* time they took */
	uint64_t merges;
	uint64_t nameless; /* allocations that are in the row of site 0 for want of room */
	uint64_t reserved;
};
_Static_assert(sizeof(struct vprof_heap_times_head) == 64, "vprof_heap_times_head");

#endif
