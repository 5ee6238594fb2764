#include "track/call.h"
#include "base/amount.h"
#include "base/clock.h"
#include "base/peer.h"
#include "ring/events.h"
#include "ring/tables.h"
#include "stack/capture.h"
#include "track/call_names.h"
#include "track/call_rows.h"

#include <string.h>

/* A call as long as VPROF_CALL_LASTED_NS is worth its stack, and one as long as this may have
 * slept. */
#define SLEPT_NS 2000u
/* What one that lasted this long waited for is worth asking. */
#define NAMED_NS 1000000u
/* Text of a path that is kept. */
#define TEXT_MOST 1024u
/* So many calls of a site in a row that returned at once, and the next will, too. */
#define QUICK 16u
/* ---- the line -------------------------------------------------------------- */

static inline void put_line(struct vp_call_line *line, const struct vp_call *call)
{
	uint32_t sequence = vp_line_open(line);

	line->kind = call->kind;
	line->flags = call->flags;
	line->object = call->object;
	line->since_ns = call->since_ns;
	line->caller = call->caller;
	line->iteration_ns = vp_loops_iteration(&call->thread->loops);
	vp_line_close(line, sequence);
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
	uint32_t sequence = vp_line_open(line);

	line->kind = call->outer_kind;
	if (__builtin_expect(call->outer_kind != VP_CALL_NONE, 0)) {
		line->flags = call->outer_flags;
		line->object = call->outer_object;
		line->since_ns = call->outer_since_ns;
		line->caller = call->outer_caller;
	}
	line->iteration_ns = vp_loops_iteration(&call->thread->loops);
	vp_line_close(line, sequence);
}

/* The call that the line tells of is still under way beneath this one. */
static inline int is_within(const struct vp_call_line *line, const struct vp_regs *caller)
{
	return line->kind != VP_CALL_NONE && caller->sp < line->caller.sp;
}

static inline struct vp_loop_at place_of(const struct vp_call *call)
{
	return (struct vp_loop_at){call->caller.pc, call->caller.sp, call->object,
				   vp_call_info[call->kind].rank};
}

/* Whether it is the wait of the thread's loop, or within an iteration of it. */
static inline void find_loop(struct vp_call *call, uint64_t now_ns)
{
	call->where = VP_LOOP_OUTSIDE;
	call->loop = NULL;
	if (vp_control.loops) {
		struct vp_loops *loops = &call->thread->loops;

		loops->left = call->thread->page.map && loops->lock != call->lock;
		call->where = (uint16_t)vp_loop_begin(loops, place_of(call), call->limit_ns, now_ns,
						      &call->loop);
	}
	call->flags = call->where == VP_LOOP_OWN ? VP_LINE_AT_LOOP : 0;
}

/* call->thread, caller, kind and limit_ns are set. */
static inline void enter(struct vp_call *call, uint64_t object, uint64_t now_ns)
{
	struct vp_call_line *line = &call->thread->line;

	call->object = object;
	call->since_ns = now_ns;
	find_loop(call, now_ns);
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
	call->site = NULL;
	call->kind = (uint16_t)kind;
	call->limit_ns = VP_LOOP_NO_LIMIT;
	enter(call, object, now_ns);
}

static inline enum vprof_class class_of(const struct vp_call *call)
{
	enum vprof_class class = vp_call_info[call->kind].traits & VP_CALL_CLASS_MASK;

	if (call->where == VP_LOOP_OUTSIDE || class == VPROF_CLASS_LOCK)
		return class;
	if (call->where == VP_LOOP_INSIDE)
		return VPROF_CLASS_BLOCKED;
	return class == VPROF_CLASS_PACED ? VPROF_CLASS_PACED : VPROF_CLASS_IDLE;
}

static inline int leave_loop(struct vp_call *call, struct vp_call_outcome outcome, int slept,
			     uint64_t now_ns)
{
	int counts = (vp_call_info[call->kind].traits & VP_CALL_EVENTS) != 0;
	int paces = vp_call_info[call->kind].rank == VP_LOOP_PACED;
	struct vp_loop_result result = {.begin_ns = call->since_ns,
					.end_ns = now_ns,
					.limit_ns = call->limit_ns,
					.events = counts ? outcome.amount : 0,
					.bytes = counts ? 0 : outcome.amount,
					.slept = slept,
					.nothing = counts ? outcome.amount == 0 : outcome.failed,
					.timed_out = (paces || (counts && !outcome.amount)) &&
						     !outcome.failed};

	return vp_loop_end(&call->thread->loops, call->loop, call->caller.pc, result);
}

/* Nobody has looked whether it is the wait of another loop: few of those that do not sleep
 * are. */
static __attribute__((noinline)) int leave_inside(struct vp_call *call,
						  struct vp_call_outcome outcome, uint64_t now_ns)
{
	struct vp_loop_at at = place_of(call);

	vp_loop_begin_slow(&call->thread->loops, &at, call->limit_ns, call->since_ns, &call->loop);
	return call->loop ? leave_loop(call, outcome, 1, now_ns) : 0;
}

/* Returns 1 where settle() is to follow. */
static inline int leave(struct vp_call *call, struct vp_call_outcome outcome, int slept,
			uint64_t now_ns)
{
	struct vp_thread *thread = call->thread;
	int due = 0;

	if (call->where == VP_LOOP_INSIDE)
		vp_loop_blocked(&thread->loops, now_ns - call->since_ns);
	if (call->loop)
		due = leave_loop(call, outcome, slept, now_ns);
	else if (slept && call->where == VP_LOOP_INSIDE && vp_call_info[call->kind].rank)
		due = leave_inside(call, outcome, now_ns);
	/* The span first: at any moment the helper finds the one or the other. */
	if (__builtin_expect(slept && now_ns - call->since_ns >= SLEPT_NS, 0))
		vp_spans_put(&thread->spans, call->since_ns, now_ns, class_of(call));
	put_outer(&thread->line, call);
	if (call->where == VP_LOOP_OWN && thread->page.map)
		thread->loops.lock = vp_page_lock(thread->page.map);
	if (call->loop && thread->line.iteration_ns)
		vp_stall_iteration_begins(&thread->stalls);
	return due;
}

int vp_call_leave(struct vp_call *call, struct vp_call_outcome outcome, uint64_t now_ns)
{
	return leave(call, outcome, now_ns - call->since_ns >= SLEPT_NS, now_ns);
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
	row->idle += call->where == VP_LOOP_OWN;
	row->on_loop += call->where == VP_LOOP_INSIDE;
	if (!(vp_call_info[call->kind].traits & VP_CALL_EVENTS))
		row->bytes += outcome.amount;
	if (__builtin_expect(vp_tls.held != 0, 0))
		row->under_lock++;
}

static inline void count_time(struct vprof_call *row, const struct vp_call *call, uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;
	uint32_t bucket = vprof_histogram_bucket(ns, VPROF_CALL_UNIT_BITS, VPROF_CALL_SUB_BITS,
						 VPROF_CALL_BUCKETS);

	row->time_ns += ns;
	if (call->where == VP_LOOP_OWN)
		row->idle_ns += ns;
	else if (call->where == VP_LOOP_INSIDE)
		row->on_loop_ns += ns;
	if (__builtin_expect(vp_tls.held != 0, 0))
		row->under_lock_ns += ns;
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
	char peer[128];
	struct vp_text name;

	if (outcome.failed == VP_CALL_UNREAD)
		return VPROF_NONE;
	switch (vp_call_info[call->kind].target) {
	case VPROF_TARGET_PATH:
	case VPROF_TARGET_HOST:
		return text ? vp_string_add(text, strnlen(text, TEXT_MOST)) : VPROF_NONE;
	case VPROF_TARGET_PEER:
		vp_text_init(&name, peer, sizeof(peer));
		vp_peer_text(&name, outcome.peer, outcome.peer ? outcome.peer_bytes : 0);
		return name.len ? vp_string_add(peer, name.len) : VPROF_NONE;
	default:
		return VPROF_NONE;
	}
}

/* What the longest call of a row waited for.  Texts take room: not for a little more.
 * The helper may be about to name the one before: see track/call_names.c. */
static void keep_longest(struct vprof_call *row, uint32_t row_id, const struct vp_call *call,
			 struct vp_call_outcome outcome, uint64_t ns)
{
	if (ns <= row->max_ns)
		return;
	if (row->object != call->object && row->blocked > 1)
		row->flags |= VPROF_CALL_TARGETS;
	if (ns > row->max_ns + row->max_ns / 2 || row->target == VPROF_NONE) {
		__atomic_store_n(&row->longest_ns, call->since_ns, __ATOMIC_RELEASE);
		__atomic_store_n(&row->target, text_of(call, outcome), __ATOMIC_RELEASE);
		row->object = call->object;
		if (row->target_kind == VPROF_TARGET_FD && ns >= NAMED_NS)
			vp_call_wants_name(row_id, call->thread->tid);
	}
	row->max_ns = ns;
}

void vp_call_lasted(const struct vp_call *call, uint32_t node, uint64_t now_ns)
{
	struct vp_loop_worst *worst = &call->thread->loops.worst;
	uint64_t ns = now_ns - call->since_ns;

	if (call->where == VP_LOOP_INSIDE && ns > worst->ns)
		*worst = (struct vp_loop_worst){.begin_ns = call->since_ns,
						.ns = ns,
						.object = call->object,
						.node = node,
						.kind = call->kind,
						.class = (uint16_t)class_of(call)};
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
	keep_longest(row, row_id, call, outcome, ns);
	vp_call_lasted(call, row->node, now_ns);
	vp_event_put(&call->thread->calls.writer, &event);
}

/* The wait of a loop slept: its stack is that of the loop, and it has no event, or there would
 * be room for few others. */
static inline void count_own(struct vprof_call *row, const struct vp_call *call, uint64_t now_ns)
{
	uint64_t ns = now_ns - call->since_ns;

	if (ns < VPROF_CALL_LASTED_NS)
		return;
	row->blocked++;
	row->blocked_ns += ns;
	if (ns > row->max_ns) {
		row->max_ns = ns;
		row->object = call->object;
	}
}

/* At a site that is new, or after a call that lasted.  Context: busy guard held. */
static void record(const struct vp_call *call, struct vp_call_outcome outcome, uint64_t now_ns)
{
	uint32_t node = vp_capture_stack(&call->thread->stack, &call->caller), id;
	struct vprof_call *row = vp_call_row(call, node, &id);

	if (!row) {
		vp_lost(VPROF_LOST_CALLS, 1);
		return;
	}
	if (!row->first_ns)
		row->first_ns = now_ns;
	if (call->where == VP_LOOP_OWN) {
		row->flags |= VPROF_CALL_AT_LOOP;
		row->loop = call->loop->row_id;
	}
	count_one(row, call, outcome);
	count_time(row, call, now_ns);
	if (now_ns - call->since_ns >= VPROF_CALL_LASTED_NS)
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

	call->lock = VP_PAGE_NO_LOCK;
	if (!map)
		return 0;
	call->lock = vp_page_lock(map);
	return call->site->quick == QUICK && is_of(call->site, call) &&
	       (!vp_call_info[call->kind].rank ||
		vp_loop_is_inside(&call->thread->loops, vp_call_info[call->kind].rank));
}

/* The wait is found to be a loop's: what was said of it so far is corrected. */
void vp_call_settle(struct vp_call *call)
{
	struct vp_thread *thread = call->thread;
	struct vp_loops *loops = &thread->loops;
	const struct vp_call_site *site = call->site;
	int blocks = (vp_call_info[call->kind].traits & VP_CALL_CLASS_MASK) == VPROF_CLASS_BLOCKED;
	struct vp_loop_past past;
	struct vprof_call *row;
	uint32_t sequence;

	if (!vp_loop_settle(thread, call->loop, &call->caller, call->kind, vp_call_name(call->kind),
			    &past))
		return;
	/* What all this took is not the program's. */
	loops->now->back_ns = loops->now->row->now_ns = vp_clock_now();
	sequence = vp_line_open(&thread->line);
	thread->line.iteration_ns = vp_loops_iteration(loops);
	vp_line_close(&thread->line, sequence);
	loops->moved += blocks ? past.waits : past.inside;
	loops->moved_ns += blocks ? past.waited_ns : past.inside_ns;
	if (!site || !is_of(site, call))
		return;
	row = site->row;
	row->flags |= VPROF_CALL_AT_LOOP;
	row->loop = loops->row_id;
	/* Some may have been counted in rows of other stacks. */
	row->on_loop -= vp_least(past.inside, row->on_loop);
	row->on_loop_ns -= vp_least(past.inside_ns, row->on_loop_ns);
	row->idle += vp_least(past.waits, row->calls - row->idle - row->on_loop);
	row->idle_ns += vp_least(past.waited_ns, row->time_ns - row->idle_ns - row->on_loop_ns);
}

void vp_call_begin_within(struct vp_call *call, enum vp_call_kind kind, uint64_t object,
			  uint64_t limit_ns, const struct vp_regs *caller)
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
	call->limit_ns = limit_ns;
	call->site = site_of(call);
	enter(call, object, needs_no_clock(call) ? 0 : vp_clock_now());
}

/* When the call ended.  Where it was not timed: 0 if it did not sleep, else it gets the time
 * that it began, too. */
static inline uint64_t end_of(struct vp_call *call, int *slept_out)
{
	struct vp_page *page = &call->thread->page;
	const struct perf_event_mmap_page *map = page->map;
	int slept = map && vp_page_lock(map) != call->lock;
	uint64_t now;

	*slept_out = slept;
	/* Neither is the wait of a loop that did not sleep: it ended when it began. */
	if (!slept && (call->since_ns == 0 || (map && call->where == VP_LOOP_OWN)))
		return 0;
	now = vp_clock_now();
	if (call->since_ns == 0)
		call->since_ns = vp_page_slept_since(page, map, now);
	if (slept)
		vp_page_mark(page, map, now);
	/* The clock may have been aligned meanwhile. */
	now = now < call->since_ns ? call->since_ns : now;
	*slept_out = map ? slept : now - call->since_ns >= SLEPT_NS;
	return now;
}

void vp_call_end(struct vp_call *call, struct vp_call_outcome outcome)
{
	struct vp_call_site *site = call->site;
	struct vp_inside inside;
	uint64_t now;
	int slept, due;

	/* A child forked in a signal handler comes back to a call of its parent. */
	if (!call->thread || !vp_control.calls || call->thread != vp_tls.self)
		return;
	now = end_of(call, &slept);
	due = leave(call, outcome, slept, now ? now : call->since_ns);
	if (now && is_of(site, call) && call->where == VP_LOOP_OWN) {
		count_one(site->row, call, outcome);
		count_time(site->row, call, now);
		count_own(site->row, call, now);
	} else if (is_of(site, call) && (!now || now - call->since_ns < VPROF_CALL_LASTED_NS)) {
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
		if (call->loop && call->loop->back_ns == now)
			call->loop->back_ns = vp_clock_now(); /* that is not the program's */
		vp_inside_end(inside);
	}
	if (__builtin_expect(due, 0) && vp_inside_try(&inside)) {
		vp_call_settle(call);
		vp_inside_end(inside);
	}
}
