/* The end of a call: track/call.h.  Its beginning is in track/call.c. */
#include "base/amount.h"
#include "track/call.h"
#include "track/call_fast.h"
#include "track/call_record.h"
#include "track/call_rows.h"

static inline void put_outer(struct vp_call_line *line, const struct vp_call *call)
{
	uint32_t sequence = vp_line_open(line);

	line->kind = call->outer_kind;
	if (UNLIKELY(call->outer_kind != VP_CALL_NONE)) {
		line->flags = call->outer_flags;
		line->object = call->outer_object;
		line->since_ns = call->outer_since_ns;
		line->caller = call->outer_caller;
	}
	line->iteration_ns = vp_loops_iteration(&call->thread->loops);
	vp_line_close(line, sequence);
}

/* It counts events, not bytes. */
static inline int counts_events(const struct vp_call *call)
{
	return (call->traits & VP_CALL_EVENTS) != 0;
}

static struct vp_loop_result result_of(const struct vp_call *call, uint64_t amount, int failed,
				       int slept, uint64_t now_ns)
{
	int counts = counts_events(call);
	int paces = call->rank == VP_LOOP_PACED;

	return (struct vp_loop_result){.begin_ns = call->since_ns,
				       .end_ns = now_ns,
				       .limit_ns = call->limit_ns,
				       .events = counts ? amount : 0,
				       .bytes = counts ? 0 : amount,
				       .slept = slept,
				       .nothing = counts ? amount == 0 : failed,
				       .timed_out = (paces || (counts && !amount)) && !failed};
}

/* Returns 1 where settle() is to follow. */
static APART int leave_loop(struct vp_call *call, uint64_t amount, int failed, int slept,
			    uint64_t now_ns)
{
	struct vp_loop_result result = result_of(call, amount, failed, slept, now_ns);

	return vp_loop_end(&call->thread->loops, call->loop, call->caller->pc, &result);
}

/* Nobody has looked whether it is the wait of another loop: few of those that do not sleep
 * are. */
static APART int leave_inside(struct vp_call *call, uint64_t amount, int failed, uint64_t now_ns)
{
	struct vp_loop_at at = vp_call_place(call);

	vp_loop_begin_slow(&call->thread->loops, &at, call->limit_ns, call->since_ns, &call->loop);
	return call->loop ? leave_loop(call, amount, failed, 1, now_ns) : 0;
}

/* Returns 1 where settle() is to follow. */
static inline int leave(struct vp_call *call, uint64_t amount, int failed, int slept,
			uint64_t now_ns)
{
	struct vp_thread *thread = call->thread;
	int due = 0;

	if (call->where == VP_LOOP_INSIDE)
		vp_loop_blocked(&thread->loops, now_ns - call->since_ns);
	if (call->loop)
		due = leave_loop(call, amount, failed, slept, now_ns);
	else if (slept && call->where == VP_LOOP_INSIDE && call->rank)
		due = leave_inside(call, amount, failed, now_ns);
	/* The call that lasted first: at any moment the helper finds the one or the other. */
	if (slept && now_ns - call->since_ns >= VP_CALL_SLEPT_NS)
		vp_lasted_put(&thread->lasted, call->since_ns, now_ns, vp_call_class(call));
	put_outer(&thread->line, call);
	if (call->where == VP_LOOP_OWN && thread->page.map)
		thread->loops.lock = vp_page_lock(thread->page.map);
	if (call->loop && thread->line.iteration_ns)
		vp_stall_iteration_begins(&thread->stalls);
	return due;
}

int vp_call_leave(struct vp_call *call, uint64_t now_ns)
{
	return leave(call, 0, 0, now_ns - call->since_ns >= VP_CALL_SLEPT_NS, now_ns);
}

/* The wait is found to be a loop's: what was said of it so far is corrected. */
void vp_call_settle(struct vp_call *call)
{
	struct vp_thread *thread = call->thread;
	struct vp_loops *loops = &thread->loops;
	const struct vp_call_site *site = call->site;
	int blocks = (call->traits & VP_CALL_CLASS_MASK) == VPROF_CLASS_BLOCKED;
	struct vp_loop_past past;
	struct vprof_call *row;
	uint32_t sequence;

	if (!vp_loop_settle(thread, call->loop, call->caller, call->kind, vp_call_name(call->kind),
			    &past))
		return;
	/* What all this took is not the program's. */
	loops->now->back_ns = loops->now->row->now_ns = vp_clock_now();
	sequence = vp_line_open(&thread->line);
	thread->line.iteration_ns = vp_loops_iteration(loops);
	vp_line_close(&thread->line, sequence);
	loops->moved += blocks ? past.waits : past.inside;
	loops->moved_ns += blocks ? past.waited_ns : past.inside_ns;
	if (!site || !vp_call_is_of(site, call))
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
	*slept_out = map ? slept : now - call->since_ns >= VP_CALL_SLEPT_NS;
	return now;
}

static inline void count_quick(struct vp_call_site *site)
{
	site->quick = (uint16_t)(site->quick + (site->quick < VP_QUICK));
}

/* Whatever is not one of the three below. */
static APART void end(struct vp_call *call, const struct vp_call_outcome *outcome)
{
	struct vp_call_site *site = call->site;
	struct vp_inside inside;
	int slept, due;
	uint64_t now = end_of(call, &slept);

	due = leave(call, outcome->amount, outcome->failed, slept, now ? now : call->since_ns);
	if (now && vp_call_is_of(site, call) && call->where == VP_LOOP_OWN) {
		vp_call_count_one(site->row, call, outcome->amount, outcome->failed);
		vp_call_count_time(site->row, call, now);
		vp_call_count_own(site->row, call, now);
	} else if (vp_call_is_of(site, call) &&
		   (!now || now - call->since_ns < VPROF_CALL_LASTED_NS)) {
		vp_call_count_one(site->row, call, outcome->amount, outcome->failed);
		if (now)
			vp_call_count_time(site->row, call, now);
		else
			site->row->untimed++;
		count_quick(site);
	} else if (vp_inside_try(&inside)) {
		if (!now)
			call->since_ns = now = vp_clock_now();
		vp_call_record(call, outcome, now);
		if (call->loop && call->loop->back_ns == now)
			call->loop->back_ns = vp_clock_now(); /* that is not the program's */
		vp_inside_end(inside);
	}
	if (UNLIKELY(due) && vp_inside_try(&inside)) {
		vp_call_settle(call);
		vp_inside_end(inside);
	}
}

/* A wait for many that found nothing has come to its limit, unless it had none. */
static inline int is_loops_turn(const struct vp_call *call, uint64_t amount)
{
	const struct vp_loops *loops = &call->thread->loops;

	return call->loop == loops->now && call->rank != VP_LOOP_PACED &&
	       (amount || !call->limit_ns) && loops->pauses == vp_control.pauses;
}

static inline void count_untimed(struct vprof_call *row, const struct vp_call *call,
				 uint64_t amount, int failed)
{
	vp_call_count_one(row, call, amount, failed);
	row->untimed++;
}

APART FAST void vp_quick_turn_begins(struct vp_thread *thread, uint32_t lock, uint64_t since_ns,
				     uint64_t limit_ns, uint64_t events, uint64_t bytes,
				     int nothing)
{
	vp_loop_back_at_once(&thread->loops, thread->loops.now, since_ns, events, bytes, nothing,
			     limit_ns);
	thread->loops.lock = lock;
	/* The iteration first: at any moment the helper finds the one or the other. */
	__atomic_store_n(&thread->line.iteration_ns, since_ns, __ATOMIC_RELEASE);
	vp_line_clear(&thread->line);
	vp_stall_iteration_begins(&thread->stalls);
}

/* The loop's wait did not sleep: it ended when it began. */
static APART FAST void end_own(struct vp_call *call, uint64_t amount, int failed)
{
	struct vp_thread *thread = call->thread;
	int counts = counts_events(call);

	if (UNLIKELY(!is_loops_turn(call, amount))) {
		end(call, &(struct vp_call_outcome){.amount = amount, .failed = failed});
		return;
	}
	vp_quick_turn_begins(thread, call->lock, call->since_ns, call->limit_ns,
			     counts ? amount : 0, counts ? 0 : amount,
			     counts ? amount == 0 : failed);
	count_untimed(call->row, call, amount, failed);
	if (vp_call_is_of(call->site, call))
		count_quick(call->site);
}

/* The loop's wait slept, or the thread has no page that would tell, and it brought something.
 * Returns 0 where it is not so. */
static APART FAST int end_own_timed(struct vp_call *call, uint64_t amount, int failed)
{
	struct vp_thread *thread = call->thread;
	struct vp_page *page = &thread->page;
	const struct perf_event_mmap_page *map = page->map;
	int counts = counts_events(call), slept = map != NULL;
	uint32_t lock = map ? vp_page_lock(map) : 0;
	uint64_t now, ns;

	if (UNLIKELY(lock == call->lock || !call->row || call->outer_kind != VP_CALL_NONE ||
		     !vp_call_is_of(call->site, call) || !is_loops_turn(call, amount)))
		return 0;
	now = vp_call_clock();
	now = now < call->since_ns ? call->since_ns : now; /* it may have been aligned */
	ns = now - call->since_ns;
	if (map)
		vp_page_mark(page, map, now);
	else
		slept = ns >= VP_CALL_SLEPT_NS;
	vp_loop_back(&thread->loops, call->loop,
		     &(struct vp_loop_result){.begin_ns = call->since_ns,
					      .end_ns = now,
					      .limit_ns = call->limit_ns,
					      .events = counts ? amount : 0,
					      .bytes = counts ? 0 : amount,
					      .slept = slept,
					      .nothing = counts ? amount == 0 : failed});
	if (slept && ns >= VP_CALL_SLEPT_NS)
		vp_lasted_put(&thread->lasted, call->since_ns, now, vp_call_class(call));
	/* The iteration first: at any moment the helper finds the one or the other. */
	__atomic_store_n(&thread->line.iteration_ns, now, __ATOMIC_RELEASE);
	vp_line_clear(&thread->line);
	if (map)
		thread->loops.lock = lock;
	vp_stall_iteration_begins(&thread->stalls);
	vp_call_count_one(call->row, call, amount, failed);
	vp_call_count_time(call->row, call, now);
	if (UNLIKELY(ns >= VPROF_CALL_LASTED_NS))
		vp_call_count_own(call->row, call, now);
	return 1;
}

/* A call that was timed, and is no wait of a loop's.  Returns 0 where it lasted. */
static inline int end_timed(struct vp_call *call, uint64_t amount, int failed)
{
	struct vp_thread *thread = call->thread;
	uint64_t now = vp_call_clock();

	if (now < call->since_ns || now - call->since_ns >= VP_CALL_SLEPT_NS)
		return 0;
	if (call->where == VP_LOOP_INSIDE)
		vp_loop_blocked(&thread->loops, now - call->since_ns);
	vp_line_clear(&thread->line);
	vp_call_count_one(call->row, call, amount, failed);
	vp_call_count_time(call->row, call, now);
	if (vp_call_is_of(call->site, call))
		count_quick(call->site);
	return 1;
}

static APART FAST void end_other(struct vp_call *call, uint64_t amount, int failed)
{
	const struct perf_event_mmap_page *map = call->thread->page.map;

	if (call->where == VP_LOOP_OWN && end_own_timed(call, amount, failed))
		return;
	if (call->row && call->outer_kind == VP_CALL_NONE && !call->loop && call->since_ns &&
	    (!map || vp_page_lock(map) == call->lock) && end_timed(call, amount, failed))
		return;
	end(call, &(struct vp_call_outcome){.amount = amount, .failed = failed});
}

void vp_call_end(struct vp_call *call, uint64_t amount, int failed)
{
	struct vp_thread *thread = call->thread;
	const struct perf_event_mmap_page *map;
	struct vprof_call *row = call->row;

	/* A child forked in a signal handler comes back to a call of its parent. */
	if (UNLIKELY(!thread || !vp_control.calls || thread != vp_tls.self))
		return;
	map = thread->page.map;
	if (UNLIKELY(!map || vp_page_lock(map) != call->lock || !row ||
		     call->outer_kind != VP_CALL_NONE)) {
		end_other(call, amount, failed);
	} else if (call->where == VP_LOOP_OWN) {
		end_own(call, amount, failed);
	} else {
		end_other(call, amount, failed);
	}
}

void vp_call_end_at(struct vp_call *call, int failed, const void *peer, uint32_t peer_bytes)
{
	if (!call->thread || !vp_control.calls || call->thread != vp_tls.self)
		return;
	end(call,
	    &(struct vp_call_outcome){.failed = failed, .peer = peer, .peer_bytes = peer_bytes});
}
