#include "track/span.h"
#include "base/lock.h"
#include "base/sys.h"
#include "ring/tables.h"
#include "stack/capture.h"

#include <string.h>

static struct vp_lock lock;
static struct vp_spans *spare; /* of threads that have ended */
/* Spans that were open in the thread that forked us: their ends are to be expected. */
static uint32_t forked_open;

int vp_span_init(void)
{
	lock.word = 0;
	spare = NULL;
	vp_span_async_init();
	return vp_span_rows_init();
}

void vp_span_fork_child(void)
{
	const struct vp_thread *thread = vp_tls.self;
	const struct vp_spans *spans = thread > VP_TLS_ENDED ? thread->slot[VP_SLOT_SPANS] : NULL;

	forked_open = spans ? spans->depth + spans->deeper : 0;
}

struct vp_spans *vp_spans_of(struct vp_thread *thread)
{
	struct vp_spans *spans = thread->slot[VP_SLOT_SPANS];

	if (spans)
		return spans;
	vp_lock_take(&lock);
	spans = spare;
	if (spans)
		spare = spans->next;
	vp_lock_drop(&lock);
	if (!spans)
		spans = vp_sys_map(sizeof(*spans));
	if (!spans)
		return NULL;
	memset(spans, 0, sizeof(*spans));
	spans->pauses = vp_control.pauses;
	/* No number of another process of the same program, which forked us, is one here. */
	spans->number = (uint32_t)vp_clock_mono();
	thread->slot[VP_SLOT_SPANS] = spans;
	return spans;
}

/* ---- units ------------------------------------------------------------------ */

const struct vp_span_known *vp_span_find(const struct vp_thread *thread, struct vp_spans *spans,
					 const char *name, uint64_t key)
{
	struct vp_span_known *known = vp_span_lookup(thread, &spans->rows, name, key);
	union vp_span_unit unit;

	if (!known || !known->unit.row_id)
		return known;
	unit.row_id = known->unit.row_id;
	/* Pairs with vp_span_give(): one of the two sees what the other has written. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t i = __atomic_load_n(&spans->given_count, __ATOMIC_ACQUIRE); i > 0; i--) {
		if (spans->given[i - 1].row_id != unit.row_id)
			continue;
		unit.given = i;
		__atomic_store_n(&known->unit.both, unit.both, __ATOMIC_RELAXED);
	}
	return known;
}

int vp_span_give(struct vp_thread *thread, struct vp_units *units)
{
	union vp_span_unit unknown = {{.row_id = units->span, .given = 0}}, unit = unknown;
	struct vp_spans *spans;
	uint32_t at;

	vp_lock_take(&lock);
	spans = thread->slot[VP_SLOT_SPANS];
	if (!spans || spans->given_count == VP_SPANS_GIVEN) {
		vp_lock_drop(&lock);
		return 0;
	}
	at = spans->given_count;
	spans->given[at] = (struct vp_span_given){.units = units, .row_id = units->span};
	__atomic_store_n(&spans->given_count, at + 1, __ATOMIC_RELEASE);
	unit.given = at + 1;
	/* Pairs with vp_span_find(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < VP_SPANS_KNOWN; i++) {
		union vp_span_unit found = unknown;

		__atomic_compare_exchange_n(&spans->rows.known[i].unit.both, &found.both, unit.both,
					    0, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
	}
	vp_lock_drop(&lock);
	return 1;
}

/* Context: lock held. */
static void end_units(struct vp_spans *spans)
{
	for (uint32_t i = 0; i < spans->given_count; i++)
		/* Pairs with the helper, which then has them alone. */
		__atomic_store_n(&spans->given[i].units->ended, 1, __ATOMIC_RELEASE);
}

/* The thread goes on meanwhile: what is read twice the same was so. */
uint32_t vp_span_innermost(const struct vp_thread *thread, uint64_t *since_ns)
{
	const struct vp_spans *spans =
	    __atomic_load_n(&thread->slot[VP_SLOT_SPANS], __ATOMIC_ACQUIRE);
	uint32_t row = __atomic_load_n(&thread->span_now, __ATOMIC_ACQUIRE), depth;
	const struct vp_span_open *open;

	*since_ns = 0;
	if (!row || !spans || spans->pauses != vp_control.pauses)
		return 0;
	depth = __atomic_load_n(&spans->depth, __ATOMIC_ACQUIRE);
	if (depth == 0 || depth > VPROF_SPAN_DEPTH)
		return 0;
	open = &spans->open[depth - 1];
	*since_ns = __atomic_load_n(&open->begin_ns, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (open->row_id != row || __atomic_load_n(&thread->span_now, __ATOMIC_RELAXED) != row ||
	    __atomic_load_n(&spans->depth, __ATOMIC_RELAXED) != depth) {
		*since_ns = 0;
		return 0;
	}
	return row;
}

/* ---- what never ends -------------------------------------------------------- */

static void leave(const struct vp_span_open *open)
{
	/* Of row 0 other threads are at it, too. */
	if (open->row_id)
		open->row->left++;
	else
		__atomic_fetch_add(&open->row->left, 1, __ATOMIC_RELAXED);
}

static void leave_down_to(struct vp_spans *spans, uint32_t depth)
{
	while (spans->depth > depth)
		leave(&spans->open[--spans->depth]);
	spans->deeper = 0;
}

/* Those of which the same name was begun again in the same frame: where whoever ends them did
 * not come to do so, or was left by a longjmp, they would fill the stack. */
static void leave_stale(struct vp_spans *spans)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < spans->depth; i++) {
		uint32_t again = i + 1;

		while (again < spans->depth && (spans->open[again].sp != spans->open[i].sp ||
						spans->open[again].row != spans->open[i].row))
			again++;
		if (again < spans->depth) {
			for (; i < again; i++)
				leave(&spans->open[i]);
			i--;
		} else {
			spans->open[kept++] = spans->open[i];
		}
	}
	spans->depth = kept;
}

void vp_span_thread_end(struct vp_thread *thread)
{
	struct vp_spans *spans = thread->slot[VP_SLOT_SPANS];

	if (!spans)
		return;
	leave_down_to(spans, 0);
	vp_span_rows_forget(&spans->rows);
	thread->span_now = 0;
	vp_lock_take(&lock);
	thread->slot[VP_SLOT_SPANS] = NULL;
	end_units(spans);
	spans->next = spare;
	spare = spans;
	vp_lock_drop(&lock);
}

/* ---- begin ------------------------------------------------------------------ */

/* Nothing was seen of its end, or of those of spans that began meanwhile. */
static void leave_paused(struct vp_thread *thread, struct vp_spans *spans)
{
	leave_down_to(spans, 0);
	thread->span_now = 0;
	spans->pauses = vp_control.pauses;
}

static uint32_t go_deeper(struct vp_spans *spans, const struct vp_span_known *known, uint64_t sp)
{
	if (known->unit.row_id)
		known->row->deep++;
	else
		__atomic_fetch_add(&known->row->deep, 1, __ATOMIC_RELAXED);
	spans->deeper++;
	spans->deeper_sp = sp;
	return VP_SPAN_DEEPER;
}

uint32_t vp_span_enter(struct vp_thread *thread, const char *name, uint64_t size, uint64_t sp)
{
	struct vp_spans *spans = vp_spans_of(thread);
	const struct vp_span_known *known = NULL;
	uint64_t key = vp_span_key(thread->label, 0);
	struct vp_span_open *open;

	if (spans)
		known = vp_span_find(thread, spans, name, key);
	if (!known) {
		vp_lost(VPROF_LOST_SPANS, 1);
		return 0;
	}
	if (spans->pauses != vp_control.pauses)
		leave_paused(thread, spans);
	if (spans->depth == VPROF_SPAN_DEPTH && !spans->deeper)
		leave_stale(spans);
	if (spans->depth == VPROF_SPAN_DEPTH)
		return go_deeper(spans, known, sp);
	open = vp_span_push(thread, spans, known, size, sp);
	if (known->unit.row_id) {
		vp_span_begins(open, open->row, vp_clock_now());
	} else {
		__atomic_fetch_add(&known->row->begun, 1, __ATOMIC_RELAXED);
		open->begin_ns = vp_clock_now();
	}
	return open->number;
}

/* ---- end -------------------------------------------------------------------- */

static void count_unmatched(void)
{
	struct vprof_span *row = vp_span_others();

	if (forked_open)
		forked_open--;
	else if (row)
		__atomic_fetch_add(&row->unmatched, 1, __ATOMIC_RELAXED);
}

/* The place of one by its number, plus one; 0: it is not open. */
static uint32_t by_number(const struct vp_spans *spans, uint32_t number)
{
	uint32_t at = spans->depth;

	while (at && spans->open[at - 1].number != number)
		at--;
	return at;
}

/* Who ends the innermost has begun one in this very frame, and those that lie within began in
 * frames that are gone: they were left.  Otherwise functions begin and end for others. */
static uint32_t by_frame(const struct vp_spans *spans, uint64_t sp)
{
	uint64_t top = spans->deeper ? spans->deeper_sp : spans->open[spans->depth - 1].sp;

	for (uint32_t at = spans->depth; at && top < sp; at--)
		if (spans->open[at - 1].sp >= sp)
			return spans->open[at - 1].sp == sp ? at : spans->depth;
	return spans->depth;
}

/* The one that is to end; what lies within it was left.  NULL: none is. */
static struct vp_span_open *find(struct vp_spans *spans, uint32_t number, uint64_t sp)
{
	uint32_t at;

	if (!spans || spans->pauses != vp_control.pauses || !spans->depth) {
		count_unmatched();
		return NULL;
	}
	at = number && number != VP_SPAN_DEEPER ? by_number(spans, number) : by_frame(spans, sp);
	if (at == spans->depth && spans->deeper && (!number || number == VP_SPAN_DEEPER)) {
		spans->deeper--;
		return NULL;
	}
	if (!at || number == VP_SPAN_DEEPER)
		return NULL;
	leave_down_to(spans, at);
	return &spans->open[at - 1];
}

void vp_span_leave(struct vp_thread *thread, uint32_t number, const struct vp_regs *caller)
{
	struct vp_spans *spans = thread->slot[VP_SLOT_SPANS];
	uint64_t end_ns = vp_clock_now(), ns;
	struct vp_span_open *open = find(spans, number, caller->sp);

	if (!open)
		return;
	ns = end_ns > open->begin_ns ? end_ns - open->begin_ns : 0;
	vp_span_pop(thread, spans, ns);
	if (!open->row_id) {
		vp_span_count_other(open, end_ns);
		return;
	}
	if (ns > open->row->max_ns || !open->row->count)
		vp_span_longest(thread, open->row, open->begin_ns, ns, open->size, caller);
	vp_span_ends(thread, open, ns, end_ns);
	if (open->given)
		vp_span_unit_ends(thread, spans, open, end_ns);
}

/* ---- counted apart ---------------------------------------------------------- */

void vp_span_longest(struct vp_thread *thread, struct vprof_span *row, uint64_t begin_ns,
		     uint64_t ns, uint64_t size, const struct vp_regs *caller)
{
	int saved = errno;

	row->max_ns = ns;
	row->max_at_ns = begin_ns;
	row->size_at_max = size;
	/* Whoever ends them is mostly the same, and a look at its stack takes time itself. */
	if (ns >= VP_SPAN_STACK_NS && ns / 2 >= row->stack_ns) {
		row->node = vp_capture_stack(&thread->stack, caller);
		row->stack_ns = ns;
	}
	errno = saved;
}

static void rise_to(uint64_t *most, uint64_t value)
{
	uint64_t now = __atomic_load_n(most, __ATOMIC_RELAXED);

	while (now < value && !__atomic_compare_exchange_n(most, &now, value, 1, __ATOMIC_RELAXED,
							   __ATOMIC_RELAXED))
		;
}

static void add(uint64_t *sum, uint64_t value)
{
	__atomic_fetch_add(sum, value, __ATOMIC_RELAXED);
}

void vp_span_count_other(const struct vp_span_open *open, uint64_t end_ns)
{
	struct vprof_span *row = open->row;
	uint64_t ns = end_ns > open->begin_ns ? end_ns - open->begin_ns : 0;

	vp_lost(VPROF_LOST_SPANS, 1);
	add(&row->count, 1);
	add(&row->time_ns, ns);
	add(&row->inner_ns, open->inner_ns < ns ? open->inner_ns : ns);
	add(&row->histogram[vprof_histogram_bucket(ns, VPROF_SPAN_UNIT_BITS, VPROF_SPAN_SUB_BITS,
						   VPROF_SPAN_BUCKETS)],
	    1);
	rise_to(&row->max_ns, ns);
	rise_to(&row->last_ns, end_ns);
}
