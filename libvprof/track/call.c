#include "track/call.h"
#include "base/amount.h"
#include "base/clock.h"
#include "track/call_record.h"
#include "track/call_rows.h"
#include "track/quick.h"

/* A call as long as this may have slept; as long as VPROF_CALL_LASTED_NS, it is worth its
 * stack. */
#define SLEPT_NS	    2000u
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define SLOW		    __attribute__((noinline))
/* What most calls go through is one piece each, with nothing handed on in memory. */
#define FAST __attribute__((flatten))

/* ---- the line -------------------------------------------------------------- */

static inline void put_call(struct vp_call_line *line, const struct vp_call *call)
{
	vp_line_put(line, call->kind, call->where == VP_LOOP_OWN ? VP_LINE_AT_LOOP : 0,
		    call->object, call->since_ns, call->caller);
}

static inline void put_line(struct vp_call_line *line, const struct vp_call *call,
			    uint64_t iteration_ns)
{
	uint32_t sequence = vp_line_open(line);

	put_call(line, call);
	line->iteration_ns = iteration_ns;
	vp_line_close(line, sequence);
}

static void keep_outer(const struct vp_call_line *line, struct vp_call *call)
{
	call->outer_kind = line->kind;
	call->outer_flags = line->flags;
	call->outer_object = line->object;
	call->outer_since_ns = line->since_ns;
	call->outer_caller = line->caller;
}

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

/* The call that the line tells of is still under way beneath this one. */
static inline int is_within(const struct vp_call_line *line, uint64_t sp)
{
	return UNLIKELY(line->kind != VP_CALL_NONE) && sp < line->caller.sp;
}

/* ---- its beginning --------------------------------------------------------- */

static inline struct vp_loop_at place_of(const struct vp_call *call)
{
	return (struct vp_loop_at){call->caller->pc, call->caller->sp, call->object, call->rank};
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
}

/* call->thread, caller, kind and limit_ns are set. */
static inline void enter(struct vp_call *call, uint64_t object, uint64_t now_ns)
{
	struct vp_call_line *line = &call->thread->line;

	call->object = object;
	call->since_ns = now_ns;
	find_loop(call, now_ns);
	call->outer_kind = VP_CALL_NONE;
	if (is_within(line, call->caller->sp))
		keep_outer(line, call);
	put_line(line, call, vp_loops_iteration(&call->thread->loops));
}

void vp_call_enter(struct vp_call *call, struct vp_thread *thread, enum vp_call_kind kind,
		   uint64_t object, const struct vp_regs *caller, uint64_t now_ns)
{
	call->thread = thread;
	call->caller = caller;
	call->site = NULL;
	call->row = NULL;
	call->lock = VP_PAGE_NO_LOCK;
	call->word = vp_call_word(kind);
	call->limit_ns = VP_LOOP_NO_LIMIT;
	enter(call, object, now_ns);
}

/* Whatever is not the one below. */
static SLOW void begin(struct vp_call *call)
{
	enter(call, call->object, vp_clock_now());
}

/* So soon after the last look at the clock, it hardly matters when in between the thread got the
 * CPU back. */
#define LEFT_SHORT_NS 20000u

static SLOW void mark_after_leaving(struct vp_thread *thread, const struct vp_loop *loop,
				    uint64_t now_ns)
{
	if (loop->back_ns && now_ns - loop->back_ns < LEFT_SHORT_NS)
		vp_page_mark(&thread->page, thread->page.map, now_ns);
}

/* The loop's wait: the iteration before it is over. */
static SLOW FAST void begin_own(struct vp_call *call, struct vp_loop *loop)
{
	struct vp_thread *thread = call->thread;
	uint64_t now = vp_clock_now();

	call->where = VP_LOOP_OWN;
	call->loop = loop;
	call->since_ns = now;
	thread->loops.left = thread->page.map && thread->loops.lock != call->lock;
	if (UNLIKELY(thread->loops.left))
		mark_after_leaving(thread, loop, now);
	vp_loop_wait(&thread->loops, loop, call->limit_ns, now);
	put_line(&thread->line, call, 0);
}

/* This and the end save no registers and have no frame: after a system call the code itself is
 * what is not in the cache, and whatever does more is a jump away. */
void vp_call_begin(struct vp_call *call, uint32_t word, uint64_t object, uint64_t limit_ns,
		   const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_tls.self;
	const struct perf_event_mmap_page *map;
	struct vp_loop *loop;
	int within;

	call->thread = NULL;
	if (UNLIKELY(thread <= VP_TLS_ENDED || vp_tls.busy || vp_control.paused))
		return;
	within = is_within(&thread->line, caller->sp);
	if (UNLIKELY(within) && vp_call_info[thread->line.kind].traits & VP_CALL_OWNS)
		return;
	call->thread = thread;
	call->caller = caller;
	call->word = word;
	call->object = object;
	call->limit_ns = limit_ns;
	call->outer_kind = VP_CALL_NONE;
	map = thread->page.map;
	call->lock = map ? vp_page_lock(map) : VP_PAGE_NO_LOCK;
	call->site = vp_call_site_of(thread, caller->pc, caller->sp, call->kind);
	call->row = LIKELY(vp_call_is_of(call->site, call)) ? call->site->row : NULL;
	loop = vp_loops_known(&thread->loops);
	if (LIKELY(loop && !within && vp_loop_is_at(loop, caller->pc, caller->sp)))
		begin_own(call, loop);
	else
		begin(call);
}

/* The wait of the loop was not timed, but it slept, or another thread had the CPU meanwhile, or
 * it brought what those before did not: the turn before it is over. */
static void begin_own_after_all(struct vp_call *call, struct vp_loop *loop)
{
	struct vp_thread *thread = call->thread;
	const struct perf_event_mmap_page *map = thread->page.map;
	uint64_t now = vp_clock_now();

	/* One that could not sleep is over when it began. */
	if (call->limit_ns && map && vp_page_lock(map) != call->lock)
		now = vp_page_slept_since(&thread->page, map, now);
	call->where = VP_LOOP_OWN;
	call->loop = loop;
	call->since_ns = now;
	thread->loops.left = 0;
	vp_loop_wait(&thread->loops, loop, call->limit_ns, call->since_ns);
}

void vp_quick_slept(struct vp_call *call, struct vprof_call *row, uint32_t lock, uint32_t word,
		    uint64_t object, const struct vp_regs *caller)
{
	struct vp_thread *thread = vp_tls.self;
	struct vp_loop *loop;

	call->thread = NULL;
	if (!row)
		return;
	loop = thread->loops.now;
	call->thread = thread;
	call->caller = caller;
	call->word = word;
	call->site = vp_call_site_of(thread, caller->pc, caller->sp, call->kind);
	call->row = row;
	call->object = object;
	call->since_ns = 0;
	call->lock = lock;
	call->loop = NULL;
	call->where = loop && loop->back_ns ? VP_LOOP_INSIDE : VP_LOOP_OUTSIDE;
	call->outer_kind = VP_CALL_NONE;
	if (loop && call->rank && vp_loop_is_at(loop, caller->pc, caller->sp))
		begin_own_after_all(call, loop);
}

/* ---- its end --------------------------------------------------------------- */

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
static SLOW int leave_loop(struct vp_call *call, uint64_t amount, int failed, int slept,
			   uint64_t now_ns)
{
	struct vp_loop_result result = result_of(call, amount, failed, slept, now_ns);

	return vp_loop_end(&call->thread->loops, call->loop, call->caller->pc, &result);
}

/* Nobody has looked whether it is the wait of another loop: few of those that do not sleep
 * are. */
static SLOW int leave_inside(struct vp_call *call, uint64_t amount, int failed, uint64_t now_ns)
{
	struct vp_loop_at at = place_of(call);

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
	if (slept && now_ns - call->since_ns >= SLEPT_NS)
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
	return leave(call, 0, 0, now_ns - call->since_ns >= SLEPT_NS, now_ns);
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
	*slept_out = map ? slept : now - call->since_ns >= SLEPT_NS;
	return now;
}

static inline void count_quick(struct vp_call_site *site)
{
	site->quick = (uint16_t)(site->quick + (site->quick < VP_QUICK));
}

/* Whatever is not one of the three below. */
static SLOW void end(struct vp_call *call, const struct vp_call_outcome *outcome)
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

/* The loop's wait did not sleep: it ended when it began. */
static SLOW FAST void end_own(struct vp_call *call, uint64_t amount, int failed)
{
	struct vp_thread *thread = call->thread;
	int counts = counts_events(call);

	if (UNLIKELY(!is_loops_turn(call, amount))) {
		end(call, &(struct vp_call_outcome){.amount = amount, .failed = failed});
		return;
	}
	vp_loop_back_at_once(&thread->loops, call->loop, call->since_ns, counts ? amount : 0,
			     counts ? 0 : amount, counts ? amount == 0 : failed, call->limit_ns);
	thread->loops.lock = call->lock;
	/* The iteration first: at any moment the helper finds the one or the other. */
	__atomic_store_n(&thread->line.iteration_ns, call->since_ns, __ATOMIC_RELEASE);
	vp_line_clear(&thread->line);
	vp_stall_iteration_begins(&thread->stalls);
	count_untimed(call->row, call, amount, failed);
	if (vp_call_is_of(call->site, call))
		count_quick(call->site);
}

/* A call that was timed, and is no wait of a loop's.  Returns 0 where it lasted. */
static inline int end_timed(struct vp_call *call, uint64_t amount, int failed)
{
	struct vp_thread *thread = call->thread;
	uint64_t now = vp_clock_now();

	if (now < call->since_ns || now - call->since_ns >= SLEPT_NS)
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

static SLOW FAST void end_other(struct vp_call *call, uint64_t amount, int failed)
{
	const struct perf_event_mmap_page *map = call->thread->page.map;

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
