/* The bodies of spans in vprof.h, which programs call as often as they have work.
 *
 * What happens every time is done without a call and without a frame of its own; all else is
 * jumped to, so that the frame above is the program's there, too. */
#include "base/state.h"
#include "control/api.h"
#include "ring/tables.h"
#include "stack/regs.h"
#include "track/span.h"

/* This process records now. */
static inline int records(void)
{
	return __builtin_expect(!(vp_control.paused | vp_control.quiet), 1) && vp_control.alive;
}

/* The thread's state, where there is nothing to be made or asked first. */
static inline struct vp_thread *ready(void)
{
	struct vp_thread *thread = vp_tls.self;

	return __builtin_expect(records() && thread > VP_TLS_ENDED && !vp_tls.busy, 1) ? thread
										       : NULL;
}

/*   lost  1: it is not seen beneath a handler that interrupted our code */
static __attribute__((noinline, cold)) struct vp_thread *enter(struct vp_inside *inside, int lost)
{
	struct vp_thread *thread = NULL;

	if (!records())
		return NULL;
	*inside = vp_inside_begin();
	if (inside->entered)
		thread = vp_thread_self();
	else if (lost)
		vp_lost(VPROF_LOST_SPANS, 1);
	if (!thread)
		vp_inside_end(*inside);
	return thread;
}

static __attribute__((noinline, cold)) unsigned enter_span(const char *name, uint64_t size)
{
	uint64_t sp = VP_CALLER_REGS().sp;
	struct vp_inside inside;
	struct vp_thread *thread = enter(&inside, 1);
	unsigned number;

	if (!thread)
		return 0;
	number = vp_span_enter(thread, name, size, sp);
	vp_inside_end(inside);
	return number;
}

static inline unsigned begin(struct vp_thread *thread, struct vp_spans *spans,
			     const struct vp_span_known *known, uint64_t size, uint64_t sp,
			     const struct vp_clock_line *line)
{
	struct vprof_span *row = known->row;
	struct vp_span_open *open;
	unsigned number;

	vp_busy_set();
	open = vp_span_push(thread, spans, known, size, sp);
	number = open->number;
	vp_span_begins(open, row, vp_clock_of_line(line));
	vp_busy_leave();
	return number;
}

/* Of a long name, or a very short one: it takes a call to compare it. */
static __attribute__((noinline)) unsigned enter_by_text(const char *name, uint64_t size)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_spans *spans = thread->slot[VP_SLOT_SPANS];
	const struct vp_span_known *known =
	    vp_span_by_text(&spans->rows, name, vp_span_key(thread->label, 0));

	if (__builtin_expect(!known || !known->unit.row_id, 0))
		return enter_span(name, size);
	return begin(thread, spans, known, size, (uint64_t)(uintptr_t)__builtin_dwarf_cfa(),
		     __atomic_load_n(&vp_clock_line, __ATOMIC_ACQUIRE));
}

unsigned vprof_v1_span_enter(const char *name, uint64_t size)
{
	struct vp_thread *thread = ready();
	struct vp_spans *spans = thread ? thread->slot[VP_SLOT_SPANS] : NULL;
	const struct vp_clock_line *line = __atomic_load_n(&vp_clock_line, __ATOMIC_ACQUIRE);
	const struct vp_span_known *known;
	uint64_t key;

	if (__builtin_expect(!vp_span_may_push(spans) || !line || !name, 0))
		return enter_span(name, size);
	key = vp_span_key(thread->label, 0);
	known = vp_span_place(&spans->rows, name, key);
	if (__builtin_expect(known->name != name || known->key != key || !vp_span_has_text(known),
			     0))
		return enter_by_text(name, size);
	return begin(thread, spans, known, size, (uint64_t)(uintptr_t)__builtin_dwarf_cfa(), line);
}

static __attribute__((noinline, cold)) void leave_span(unsigned span)
{
	struct vp_regs caller = VP_CALLER_REGS();
	struct vp_inside inside;
	struct vp_thread *thread = enter(&inside, 0);

	if (!thread)
		return;
	vp_span_leave(thread, span, &caller);
	vp_inside_end(inside);
}

/* Jumped to, as the rest. */
static __attribute__((noinline)) void end_unit(struct vp_thread *thread,
					       const struct vp_spans *spans,
					       const struct vp_span_open *open, uint64_t end_ns)
{
	vp_span_unit_ends(thread, spans, open, end_ns);
	vp_busy_leave();
}

void vprof_v1_span_leave(unsigned span)
{
	struct vp_thread *thread = ready();
	struct vp_spans *spans = thread ? thread->slot[VP_SLOT_SPANS] : NULL;
	const struct vp_clock_line *line = __atomic_load_n(&vp_clock_line, __ATOMIC_ACQUIRE);
	const struct vp_span_open *open =
	    vp_span_top(spans, span, (uint64_t)(uintptr_t)__builtin_dwarf_cfa());
	uint64_t end_ns, ns;

	if (__builtin_expect(!open || !line || !open->row_id, 0))
		return leave_span(span);
	end_ns = vp_clock_of_line(line);
	ns = end_ns - open->begin_ns;
	/* Longer than any, or the clock was set back meanwhile. */
	if (__builtin_expect(ns > open->row->max_ns, 0))
		return leave_span(span);
	vp_busy_set();
	vp_span_pop(thread, spans, ns);
	vp_span_ends(thread, open, ns, end_ns);
	if (open->given)
		return end_unit(thread, spans, open, end_ns);
	vp_busy_leave();
}

void vprof_v1_span_async(const char *name, uint64_t id)
{
	struct vp_regs caller = VP_CALLER_REGS();
	struct vp_inside inside;
	struct vp_thread *thread = name ? enter(&inside, 1) : NULL;

	if (!thread)
		return;
	vp_span_async(thread, name, id, &caller);
	vp_inside_end(inside);
}
