#include "track/call.h"
#include "base/clock.h"
#include "base/sys.h"
#include "ring/events.h"
#include "ring/tables.h"
#include "stack/capture.h"

#include <string.h>

/* A call that lasted this long is worth its stack ... */
#define LASTED_NS 10000u
/* ... and one that lasted this long may have slept. */
#define SLEPT_NS 2000u
/* Text of a path that is kept. */
#define TEXT_MOST 1024u
/* So many calls of a site in a row that returned at once, and the next will, too. */
#define QUICK	    16u
#define FIRST_INDEX 64u /* power of two */

struct vp_call_index {
	uint32_t node, kind;
	uint32_t row; /* + 1; 0: empty */
};

/* Name of a kind in the file; id + 1, 0: not yet there. */
static uint32_t name_id[VP_CALL_KINDS];

int vp_calls_init(void)
{
	memset(name_id, 0, sizeof(name_id));
	return 0;
}

/* ---- the line -------------------------------------------------------------- */

static inline void put_line(struct vp_call_line *line, const struct vp_call *call)
{
	vp_line_open(line);
	line->kind = call->kind;
	line->flags = call->flags;
	line->object = call->object;
	line->since_ns = call->since_ns;
	line->caller = call->caller;
	vp_line_close(line);
}

static void keep_outer(const struct vp_call_line *line, struct vp_call *call)
{
	call->outer_flags = line->flags;
	call->outer_object = line->object;
	call->outer_since_ns = line->since_ns;
	call->outer_caller = line->caller;
}

static inline void put_outer(struct vp_call_line *line, const struct vp_call *call)
{
	vp_line_open(line);
	line->kind = call->outer_kind;
	if (__builtin_expect(call->outer_kind != VP_CALL_NONE, 0)) {
		line->flags = call->outer_flags;
		line->object = call->outer_object;
		line->since_ns = call->outer_since_ns;
		line->caller = call->outer_caller;
	}
	vp_line_close(line);
}

/* The call that the line tells of is still under way beneath this one. */
static inline int is_within(const struct vp_call_line *line, const struct vp_regs *caller)
{
	return line->kind != VP_CALL_NONE && caller->sp < line->caller.sp;
}

/* call->thread, caller and kind are set. */
static inline void enter(struct vp_call *call, uint64_t object, uint64_t now_ns)
{
	struct vp_call_line *line = &call->thread->line;

	call->object = object;
	call->since_ns = now_ns;
	call->flags = 0;
	call->outer_kind = VP_CALL_NONE;
	if (__builtin_expect(is_within(line, &call->caller), 0)) {
		call->outer_kind = line->kind;
		keep_outer(line, call);
	}
	put_line(line, call);
}

void vp_call_enter(struct vp_call *call, struct vp_thread *thread, enum vp_call_kind kind,
		   uint64_t object, const struct vp_regs *caller, uint64_t now_ns)
{
	call->thread = thread;
	call->caller = *caller;
	call->kind = (uint16_t)kind;
	enter(call, object, now_ns);
}

static inline enum vprof_class class_of(const struct vp_call *call)
{
	return vp_call_info[call->kind].traits & VP_CALL_CLASS_MASK;
}

static inline void leave(struct vp_call *call, uint64_t now_ns)
{
	struct vp_thread *thread = call->thread;

	put_outer(&thread->line, call);
	if (__builtin_expect(now_ns - call->since_ns >= SLEPT_NS, 0))
		vp_spans_put(&thread->spans, call->since_ns, now_ns, class_of(call));
}

void vp_call_leave(struct vp_call *call, uint64_t now_ns)
{
	leave(call, now_ns);
}

/* ---- rows ------------------------------------------------------------------ */

static uint32_t name_of(enum vp_call_kind kind)
{
	uint32_t id = __atomic_load_n(&name_id[kind], __ATOMIC_RELAXED);

	if (id)
		return id - 1;
	id = vp_string_add(vp_call_info[kind].name, strlen(vp_call_info[kind].name));
	if (id != VPROF_NONE)
		__atomic_store_n(&name_id[kind], id + 1, __ATOMIC_RELAXED);
	return id;
}

static struct vp_call_index *place(struct vp_call_index *index, uint32_t mask, uint32_t node,
				   uint32_t kind)
{
	uint64_t h = ((uint64_t)node << 8 ^ kind) * 0x9e3779b97f4a7c15u >> 32;

	while (index[h & mask].row &&
	       (index[h & mask].node != node || index[h & mask].kind != kind))
		h++;
	return &index[h & mask];
}

/* Returns 0 without memory: then as it was. */
static int grow(struct vp_calls *calls)
{
	uint32_t room = calls->index ? (calls->mask + 1) * 2 : FIRST_INDEX;
	struct vp_call_index *more = vp_sys_map(room * sizeof(*more));

	if (!more)
		return 0;
	for (uint32_t i = 0; calls->index && i <= calls->mask; i++) {
		const struct vp_call_index *old = &calls->index[i];

		if (old->row)
			*place(more, room - 1, old->node, old->kind) = *old;
	}
	if (calls->index)
		vp_sys_unmap(calls->index, (calls->mask + 1) * sizeof(*more));
	calls->index = more;
	calls->mask = room - 1;
	return 1;
}

static struct vprof_call *new_row(const struct vp_call *call, uint32_t node, uint32_t *id)
{
	struct vprof_call *row = vp_table_add(VPROF_SEC_CALLS, id);

	if (!row)
		return NULL;
	row->node = node;
	row->thread = call->thread->row_id;
	row->class = vp_call_info[call->kind].traits & VP_CALL_CLASS_MASK;
	row->site = call->caller.pc;
	row->target = row->loop = VPROF_NONE;
	row->target_kind = vp_call_info[call->kind].target;
	/* Pairs with a reader of the file, to which a row without a name is none. */
	__atomic_store_n(&row->name, name_of(call->kind), __ATOMIC_RELEASE);
	return row;
}

/* The row of a stack; NULL: there is no room for one. */
static struct vprof_call *row_of(const struct vp_call *call, uint32_t node, uint32_t *id)
{
	struct vp_calls *calls = &call->thread->calls;
	struct vp_call_index *at;
	struct vprof_call *row;

	if ((!calls->index || calls->used * 4 > (calls->mask + 1) * 3) && !grow(calls) &&
	    (!calls->index || calls->used == calls->mask))
		return NULL;
	at = place(calls->index, calls->mask, node, call->kind);
	if (at->row) {
		*id = at->row - 1;
		return vp_table_row(VPROF_SEC_CALLS, *id);
	}
	row = new_row(call, node, id);
	if (row) {
		*at = (struct vp_call_index){node, call->kind, *id + 1};
		calls->used++;
	}
	return row;
}

static inline struct vp_call_site *site_of(const struct vp_call *call)
{
	uint64_t h = (call->caller.pc ^ call->caller.sp >> 4 ^ (uint64_t)call->kind << 20) *
		     0x9e3779b97f4a7c15u;

	return &call->thread->calls.site[h >> 57];
}
_Static_assert(VP_CALL_SITES == 128, "7 bits of a hash");

/* ---- counting -------------------------------------------------------------- */

static inline void count_one(struct vprof_call *row, const struct vp_call *call,
			     struct vp_call_outcome outcome)
{
	row->calls++;
	row->failed += outcome.failed != 0;
	if (!(vp_call_info[call->kind].traits & VP_CALL_EVENTS))
		row->bytes += outcome.amount;
}

static inline void count_time(struct vprof_call *row, const struct vp_call *call, uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;
	uint32_t bucket = vprof_histogram_bucket(ns, VPROF_CALL_UNIT_BITS, VPROF_CALL_SUB_BITS,
						 VPROF_CALL_BUCKETS);

	row->time_ns += ns;
	if (__builtin_expect(++row->histogram[bucket] == 0, 0)) {
		row->histogram[bucket]--;
		row->flags |= VPROF_CALL_SATURATED;
	}
	row->last_ns = now_ns;
}

/* The text that an argument is, where it is one. */
static uint32_t text_of(const struct vp_call *call, struct vp_call_outcome outcome)
{
	const char *text = (const char *)(uintptr_t)call->object;
	enum vprof_target target = vp_call_info[call->kind].target;

	/* Of a call that failed nobody knows whether it could be read. */
	if ((target != VPROF_TARGET_PATH && target != VPROF_TARGET_HOST) || !text || outcome.failed)
		return VPROF_NONE;
	return vp_string_add(text, strnlen(text, TEXT_MOST));
}

/* What the longest call of a row waited for.  Texts take room: not for a little more. */
static void keep_longest(struct vprof_call *row, const struct vp_call *call,
			 struct vp_call_outcome outcome, uint64_t ns)
{
	if (ns <= row->max_ns)
		return;
	if (row->object != call->object && row->blocked > 1)
		row->flags |= VPROF_CALL_TARGETS;
	if (ns > row->max_ns + row->max_ns / 2 || row->target == VPROF_NONE) {
		row->object = call->object;
		row->target = text_of(call, outcome);
	}
	row->max_ns = ns;
}

static void count_lasting(struct vprof_call *row, uint32_t row_id, const struct vp_call *call,
			  struct vp_call_outcome outcome, uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;
	struct vprof_event event = {.t_ns = now_ns,
				    .node = row->node,
				    .thread = call->thread->row_id,
				    .value = ns,
				    .kind = VPROF_EV_CALL,
				    .arg = row_id,
				    .flags = (uint16_t)class_of(call)};

	row->blocked++;
	row->blocked_ns += ns;
	keep_longest(row, call, outcome, ns);
	vp_event_put(&call->thread->calls.writer, &event);
}

/* At a site that is new, or after a call that lasted.  Context: busy guard held. */
static void record(const struct vp_call *call, struct vp_call_outcome outcome, uint64_t now_ns)
{
	uint32_t node = vp_capture_stack(&call->thread->stack, &call->caller), id;
	struct vprof_call *row = row_of(call, node, &id);

	if (!row) {
		vp_lost(VPROF_LOST_CALLS, 1);
		return;
	}
	if (!row->first_ns)
		row->first_ns = now_ns;
	count_one(row, call, outcome);
	count_time(row, call, now_ns);
	if (now_ns - call->since_ns >= LASTED_NS)
		count_lasting(row, id, call, outcome, now_ns);
	*call->site =
	    (struct vp_call_site){call->caller.pc, call->caller.sp, row, id, call->kind, 0};
}

/* ---- the calls ------------------------------------------------------------- */

static inline int is_of(const struct vp_call_site *site, const struct vp_call *call)
{
	return site->pc == call->caller.pc && site->sp == call->caller.sp &&
	       site->kind == call->kind;
}

/* Where a thread has a user page, a site whose calls return at once need not be timed: the
 * page tells when one sleeps after all. */
static inline int needs_no_clock(struct vp_call *call)
{
	const struct perf_event_mmap_page *map = call->thread->page.map;

	if (!map)
		return 0;
	call->lock = vp_page_lock(map);
	return call->site->quick == QUICK && is_of(call->site, call) &&
	       !(vp_call_info[call->kind].traits & VP_CALL_LOOPS);
}

void vp_call_begin(struct vp_call *call, enum vp_call_kind kind, uint64_t object,
		   const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_tls.self;

	call->thread = NULL;
	if (thread <= VP_TLS_ENDED || vp_tls.busy || vp_control.paused)
		return;
	if (is_within(&thread->line, caller) &&
	    vp_call_info[thread->line.kind].traits & VP_CALL_OWNS)
		return;
	call->thread = thread;
	call->caller = *caller;
	call->kind = (uint16_t)kind;
	call->site = site_of(call);
	enter(call, object, needs_no_clock(call) ? 0 : vp_clock_now());
}

/* When the call ended.  Where it was not timed: 0 if it did not sleep, else it gets the time
 * that it began, too. */
static inline uint64_t end_of(struct vp_call *call)
{
	struct vp_page *page = &call->thread->page;
	const struct perf_event_mmap_page *map = page->map;
	int slept = map && vp_page_lock(map) != call->lock;
	uint64_t now;

	if (call->since_ns == 0 && !slept)
		return 0;
	now = vp_clock_now();
	if (call->since_ns == 0)
		call->since_ns = vp_page_slept_since(page, map, now);
	if (slept)
		vp_page_mark(page, map, now);
	/* The clock may have been aligned meanwhile. */
	return now < call->since_ns ? call->since_ns : now;
}

void vp_call_end(struct vp_call *call, struct vp_call_outcome outcome)
{
	struct vp_call_site *site = call->site;
	struct vp_inside inside;
	uint64_t now;

	/* A child forked in a signal handler comes back to a call of its parent. */
	if (!call->thread || !vp_control.calls || call->thread != vp_tls.self)
		return;
	now = end_of(call);
	leave(call, now);
	if (is_of(site, call) && (!now || now - call->since_ns < LASTED_NS)) {
		count_one(site->row, call, outcome);
		if (now)
			count_time(site->row, call, now);
		else
			site->row->untimed++;
		site->quick = (uint16_t)(site->quick + (site->quick < QUICK));
	} else if (vp_inside_try(&inside)) {
		if (!now)
			call->since_ns = now = vp_clock_now();
		record(call, outcome, now);
		vp_inside_end(inside);
	}
}

void vp_calls_thread_end(struct vp_thread *thread)
{
	struct vp_calls *calls = &thread->calls;

	if (calls->index)
		vp_sys_unmap(calls->index, (calls->mask + 1) * sizeof(*calls->index));
	calls->index = NULL;
	calls->used = calls->mask = 0;
	memset(calls->site, 0, sizeof(calls->site));
}
