/* The rows of a ring file that say how long the program's own spans took.  A part of
 * vprof_format.h, never included by itself. */
#ifndef VPROF_FORMAT_SPANS_H
#define VPROF_FORMAT_SPANS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* SPANS: spans of one name that one thread has ended, or begun, under one label.  Row 0 is of
 * no name: what found no row of its own, of all threads; there is none before the first span. */
#define VPROF_SPAN_UNIT_BITS 6u /* 64 ns */
#define VPROF_SPAN_SUB_BITS  4u
#define VPROF_SPAN_BUCKETS   480u
#define VPROF_SPAN_ASYNC     1u /* begun and ended by name and number, in any threads */
#define VPROF_SPAN_NAMED     2u /* the row is whole */
#define VPROF_SPAN_LABELS    4u /* it has spans of other labels, too: those had no room */
struct vprof_span {
	uint32_t name;	 /* string id */
	uint32_t thread; /* row in THREADS */
	uint32_t label;	 /* string id: in force when it began; 0: none */
	uint32_t flags;	 /* VPROF_SPAN_* */
	uint32_t node;	 /* a stack that ended one of the longest; 0: none lasted */
	uint32_t reserved0;
	uint64_t begun;
	uint64_t count; /* that have ended */
	uint64_t left;	/* that never will: left by an exception, a longjmp, their thread's end */
	uint64_t deep;	/* not begun: too many are open within each other */
	/* 56: of those that have ended */
	uint64_t time_ns;
	uint64_t inner_ns; /* of that, in spans directly within */
	uint64_t max_ns, max_at_ns;
	uint64_t first_ns, last_ns; /* the first began, the last ended */
	uint64_t since_ns;	    /* the last began: open since then, if one is */
	/* 112: of the sizes that the program gave */
	uint64_t sized; /* spans that have one */
	uint64_t size, size_min, size_max;
	uint64_t size_at_max; /* of the longest span */
	/* 152: what its thread allocated within, where the heap is recorded */
	uint64_t allocs, alloc_bytes;
	/* 168 */
	uint64_t unmatched; /* ends without a beginning; row 0 alone */
	uint64_t stack_ns;  /* how long the one of `node` was */
	uint64_t reserved[9];
	/* 256 */
	uint64_t histogram[VPROF_SPAN_BUCKETS];
};
_Static_assert(sizeof(struct vprof_span) == 4096, "vprof_span");

#endif
