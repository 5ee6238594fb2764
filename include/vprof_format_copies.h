/* The rows of a ring file that keep counters as they were at a moment.  A part of
 * vprof_format.h, never included by itself. */
#ifndef VPROF_FORMAT_COPIES_H
#define VPROF_FORMAT_COPIES_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

/* COPIES: the counters of other sections as they were at the first mark of a name, so that
 * what came after it can be told exactly, whatever history has been overwritten.  Of a row so
 * many words of 8 bytes; words that are in no row of a copy were zero.
 *
 * A copy begins with its head: kind VPROF_SEC_MARKS, row the mark's.  It is complete where
 * value[VPROF_COPY_END_NS] is not 0 and value[VPROF_COPY_LEFT_OUT] is. */
#define VPROF_COPY_WORDS 6u
#define VPROF_COPIES_MAX 8u /* names of marks that have one, the first ones */
struct vprof_copy {
	uint32_t mark;	/* row in MARKS */
	uint16_t kind;	/* enum vprof_section_kind of the row */
	uint16_t word;	/* the first that is here, counted from the row's beginning */
	uint32_t row;	/* its number */
	uint32_t words; /* 1 to VPROF_COPY_WORDS; 0: not filled in yet */
	uint64_t value[VPROF_COPY_WORDS];
};
_Static_assert(sizeof(struct vprof_copy) == 64, "vprof_copy");

/* value[] of a head. */
enum vprof_copy_head {
	VPROF_COPY_BEGIN_NS = 0,
	VPROF_COPY_END_NS = 1,	 /* 0: it was never over */
	VPROF_COPY_ROWS = 2,	 /* of this copy, without the head */
	VPROF_COPY_LEFT_OUT = 3, /* pieces of rows for which there was no room */
	VPROF_COPY_STALLS = 4	 /* header.stalls */
};

#endif
