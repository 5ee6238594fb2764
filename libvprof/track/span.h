/* Spans: work that the program says it begins and ends, and wants timed.
 *
 * The rows of SPANS are each one thread's, so that a span costs two looks at the clock and a
 * few plain stores.  What is open is a stack, by which spans within each other are told from
 * spans one after the other; names and rows: track/span_rows.h; those that begin and end in
 * different threads: track/span_async.c. */
#ifndef VP_TRACK_SPAN_H
#define VP_TRACK_SPAN_H

#include "base/clock.h"
#include "stack/regs.h"
#include "thread/threads.h"
#include "track/span_rows.h"
#include "vprof.h"

#define VP_SPAN_DEEPER UINT32_MAX /* number of spans that are not on the stack */
/* A span as long as this has its stack kept, where it is twice as long as the last of which it
 * was. */
#define VP_SPAN_STACK_NS 10000u

/* One that is open: one line of the cache. */
struct vp_span_open {
	struct vprof_span *row;
	uint64_t begin_ns, size;
	uint64_t inner_ns;    /* of its time, in spans directly within */
	uint64_t sp;	      /* of whoever began it */
	uint64_t alloc_bytes; /* of the thread, until then */
	uint32_t allocs;      /* the same, of which only the difference counts */
	uint32_t row_id;
	uint32_t number; /* by which whoever began it may end it */
	uint32_t given;	 /* as in struct vp_span_known */
} __attribute__((aligned(64)));
_Static_assert(sizeof(struct vp_span_open) == 64, "a line");

/* Where the thread keeps its units of a row (thread/unit.h). */
struct vp_span_given {
	struct vp_units *units;
	uint32_t row_id;
	uint32_t reserved;
};
#define VP_SPANS_GIVEN 32u

/* Rows lie at the beginning of a page, as this does.  A store to what a page further on has in
 * the same place holds up a load there: what changes with each span lies, in its page, where
 * rows have nothing. */
#define VP_SPANS_PLACE 176u
struct vp_spans {
	struct vp_span_rows rows;
	struct vp_span_given given[VP_SPANS_GIVEN];
	struct vp_spans *next; /* of those that no thread has */
	uint64_t deeper_sp;
	uint32_t given_count; /* the helper's */
	uint8_t place[VP_SPANS_PLACE] __attribute__((aligned(4096)));
	uint32_t depth;	 /* spans that are open */
	uint32_t deeper; /* and those within for which there is no room */
	uint32_t pauses; /* vp_control.pauses when the first of them began */
	uint32_t number; /* the last that was given */
	struct vp_span_open open[VPROF_SPAN_DEPTH];
};
_Static_assert(offsetof(struct vp_spans, open) % 4096 == 192 &&
		   offsetof(struct vprof_span, unmatched) < VP_SPANS_PLACE &&
		   offsetof(struct vprof_span, histogram) >= 256,
	       "nothing of a row");

/* Begins a span, and returns its number: not 0, but where it is not recorded.
 *   sp  stack pointer of whoever calls the library
 * Context: the thread itself, busy guard held. */
uint32_t vp_span_enter(struct vp_thread *thread, const char *name, uint64_t size, uint64_t sp);

/* Ends one.
 *   number  of it, as above; 0: the innermost
 *   caller  registers of whoever calls the library
 * Context: as above. */
void vp_span_leave(struct vp_thread *thread, uint32_t number, const struct vp_regs *caller);

/* Begins one that may end in another thread, or ends it.  Context: as above. */
void vp_span_async(struct vp_thread *thread, const char *name, uint64_t id,
		   const struct vp_regs *caller);

/* The thread's; NULL: no memory.  Context: as above. */
struct vp_spans *vp_spans_of(struct vp_thread *thread);
/* A name that is not known by its address: as vp_span_lookup().  Context: as above. */
const struct vp_span_known *vp_span_find(const struct vp_thread *thread, struct vp_spans *spans,
					 const char *name, uint64_t key);
/* A span is over: what is neither every time nor for every row. */
void vp_span_longest(struct vp_thread *thread, struct vprof_span *row, uint64_t begin_ns,
		     uint64_t ns, uint64_t size, const struct vp_regs *caller);
void vp_span_count_other(const struct vp_span_open *open, uint64_t end_ns);

/* Spans of the row of SPANS that `units` is of are kept there from now on.  Returns 0: the thread
 * has no room for more, or ends.  Once it has ended it says so, and will not look there again.
 * Context: helper, the registry's lock held (the thread stays). */
int vp_span_give(struct vp_thread *thread, struct vp_units *units);

/* The row of SPANS of the innermost span that a thread is in, and since when; 0: none that has a
 * row of its own.  Context: helper, the registry's lock held (the thread stays). */
uint32_t vp_span_innermost(const struct vp_thread *thread, uint64_t *since_ns);

void vp_span_async_init(void);
int vp_span_init(void); /* a fresh file: nothing is open */
void vp_span_fork_child(void);
void vp_span_thread_end(struct vp_thread *thread);

/* ---- the short way ------------------------------------------------------------
 * What programs do a million times a second: nothing here calls anything. */

/* There is a stack, it is whole, and there is room on it. */
static inline int vp_span_may_push(const struct vp_spans *spans)
{
	return spans && spans->pauses == vp_control.pauses && spans->depth < VPROF_SPAN_DEPTH;
}

static inline struct vp_span_open *vp_span_push(struct vp_thread *thread, struct vp_spans *spans,
						const struct vp_span_known *known, uint64_t size,
						uint64_t sp)
{
	struct vp_span_open *open = &spans->open[spans->depth++];
	const struct vprof_thread *heap = thread->row;

	open->row = known->row;
	open->row_id = known->unit.row_id;
	open->given = known->unit.given;
	open->size = size;
	open->inner_ns = 0;
	open->sp = sp;
	open->number = ++spans->number;
	open->allocs = (uint32_t)heap->allocs;
	open->alloc_bytes = heap->alloc_bytes;
	thread->span_now = known->unit.row_id;
	return open;
}

static inline void vp_span_begins(struct vp_span_open *open, struct vprof_span *row,
				  uint64_t now_ns)
{
	row->begun++;
	row->since_ns = open->begin_ns = now_ns;
}

/* The one on top of the stack, if that is meant; else NULL. */
static inline struct vp_span_open *vp_span_top(struct vp_spans *spans, uint32_t number, uint64_t sp)
{
	struct vp_span_open *open;

	if (!spans || !spans->depth || spans->deeper || spans->pauses != vp_control.pauses)
		return NULL;
	open = &spans->open[spans->depth - 1];
	return (number ? open->number == number : open->sp >= sp) ? open : NULL;
}

static inline void vp_span_count(struct vprof_span *row, uint64_t ns, uint64_t size)
{
	row->count++;
	row->time_ns += ns;
	row->histogram[vprof_histogram_bucket(ns, VPROF_SPAN_UNIT_BITS, VPROF_SPAN_SUB_BITS,
					      VPROF_SPAN_BUCKETS)]++;
	if (!size)
		return;
	row->size += size;
	if (size > row->size_max)
		row->size_max = size;
	if (size < row->size_min || !row->sized)
		row->size_min = size;
	row->sized++;
}

/* Takes what is on top off the stack.
 *   ns  how long it was */
static inline void vp_span_pop(struct vp_thread *thread, struct vp_spans *spans, uint64_t ns)
{
	uint32_t outer = 0;

	if (--spans->depth) {
		outer = spans->open[spans->depth - 1].row_id;
		spans->open[spans->depth - 1].inner_ns += ns;
	}
	thread->span_now = outer;
}

/* It is one of those that may be kept. */
static inline void vp_span_unit_ends(struct vp_thread *thread, const struct vp_spans *spans,
				     const struct vp_span_open *open, uint64_t end_ns)
{
	const struct vp_unit_calls *calls = &thread->stalls.calls;
	struct vp_units *units = spans->given[open->given - 1].units;

	vp_unit_ends(units, calls,
		     &(struct vp_unit_end){.begin_ns = open->begin_ns,
					   .end_ns = end_ns,
					   .size = open->size,
					   .label = thread->label});
}

/* It had a row of its own, and is off the stack.  Where it is `given`, vp_span_unit_ends() is to
 * follow. */
static inline void vp_span_ends(const struct vp_thread *thread, const struct vp_span_open *open,
				uint64_t ns, uint64_t end_ns)
{
	const struct vprof_thread *heap = thread->row;
	struct vprof_span *row = open->row;

	vp_span_count(row, ns, open->size);
	row->inner_ns += open->inner_ns < ns ? open->inner_ns : ns;
	row->last_ns = end_ns;
	if ((uint32_t)heap->allocs != open->allocs) {
		row->allocs += (uint32_t)heap->allocs - open->allocs;
		row->alloc_bytes += heap->alloc_bytes - open->alloc_bytes;
	}
}

#endif
