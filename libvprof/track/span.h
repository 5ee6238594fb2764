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

struct vp_span_open {
	struct vprof_span *row;
	uint64_t begin_ns, size;
	uint64_t inner_ns;	      /* of its time, in spans directly within */
	uint64_t sp;		      /* of whoever began it */
	uint64_t allocs, alloc_bytes; /* of the thread, until then */
	uint32_t row_id;
	uint32_t number; /* by which whoever began it may end it */
};

struct vp_spans {
	uint32_t depth;	 /* spans that are open */
	uint32_t deeper; /* and those within for which there is no room */
	uint32_t pauses; /* vp_control.pauses when the first of them began */
	uint32_t number; /* the last that was given */
	uint64_t deeper_sp;
	struct vp_span_open open[VPROF_SPAN_DEPTH];
	struct vp_span_rows rows;
	struct vp_spans *next; /* of those that no thread has */
};

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
/* A span is over: what is neither every time nor for every row. */
void vp_span_longest(struct vp_thread *thread, struct vprof_span *row, uint64_t begin_ns,
		     uint64_t ns, uint64_t size, const struct vp_regs *caller);
void vp_span_count_other(const struct vp_span_open *open, uint64_t end_ns);

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

static inline uint32_t vp_span_push(struct vp_thread *thread, struct vp_spans *spans,
				    const struct vp_span_known *known, uint64_t size, uint64_t sp)
{
	struct vp_span_open *open = &spans->open[spans->depth++];
	const struct vprof_thread *heap = thread->row;

	open->row = known->row;
	open->row_id = known->row_id;
	open->size = size;
	open->inner_ns = 0;
	open->sp = sp;
	open->number = ++spans->number;
	open->allocs = heap->allocs;
	open->alloc_bytes = heap->alloc_bytes;
	thread->span_now = known->row_id;
	return open->number;
}

static inline void vp_span_begins(struct vp_spans *spans, uint64_t now_ns)
{
	struct vp_span_open *open = &spans->open[spans->depth - 1];

	open->row->begun++;
	open->row->since_ns = open->begin_ns = now_ns;
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

/* Takes what is on top off the stack.  Returns how long it was. */
static inline uint64_t vp_span_pop(struct vp_thread *thread, struct vp_spans *spans,
				   const struct vp_span_open *open, uint64_t end_ns)
{
	uint64_t ns = end_ns > open->begin_ns ? end_ns - open->begin_ns : 0;
	uint32_t outer = 0;

	if (--spans->depth) {
		outer = spans->open[spans->depth - 1].row_id;
		spans->open[spans->depth - 1].inner_ns += ns;
	}
	thread->span_now = outer;
	return ns;
}

/* It had a row of its own. */
static inline void vp_span_ends(struct vp_thread *thread, const struct vp_span_open *open,
				uint64_t ns, uint64_t end_ns)
{
	struct vprof_span *row = open->row;

	vp_span_count(row, ns, open->size);
	row->inner_ns += open->inner_ns < ns ? open->inner_ns : ns;
	row->allocs += thread->row->allocs - open->allocs;
	row->alloc_bytes += thread->row->alloc_bytes - open->alloc_bytes;
	row->last_ns = end_ns;
}

#endif
