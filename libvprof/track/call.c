#include "track/call.h"
#include "track/call_fast.h"

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

/* The call that the line tells of is still under way beneath this one. */
static inline int is_within(const struct vp_call_line *line, uint64_t sp)
{
	return UNLIKELY(line->kind != VP_CALL_NONE) && sp < line->caller.sp;
}

/* ---- its beginning --------------------------------------------------------- */

/* Whether it is the wait of the thread's loop, or within an iteration of it. */
static inline void find_loop(struct vp_call *call, uint64_t now_ns)
{
	call->where = VP_LOOP_OUTSIDE;
	call->loop = NULL;
	if (vp_control.loops) {
		struct vp_loops *loops = &call->thread->loops;

		loops->left = call->thread->page.map && loops->lock != call->lock;
		call->where = (uint16_t)vp_loop_begin(loops, vp_call_place(call), call->limit_ns,
						      now_ns, &call->loop);
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
static APART void begin(struct vp_call *call)
{
	enter(call, call->object, vp_call_clock());
}

/* So soon after the last look at the clock, it hardly matters when in between the thread got the
 * CPU back. */
#define LEFT_SHORT_NS 20000u

static APART void mark_after_leaving(struct vp_page *page, const struct perf_event_mmap_page *map,
				     const struct vp_loop *loop, uint64_t now_ns)
{
	if (loop->back_ns && now_ns - loop->back_ns < LEFT_SHORT_NS)
		vp_page_mark(page, map, now_ns);
}

/* The loop's wait begins, and with it the turn before it is over.  map: NULL, if there is none. */
static inline uint64_t end_turn(struct vp_thread *thread, const struct perf_event_mmap_page *map,
				uint32_t lock, struct vp_loop *loop, uint64_t limit_ns)
{
	struct vp_loops *loops = &thread->loops;
	uint64_t now = vp_call_clock();

	loops->left = map && loops->lock != lock;
	if (UNLIKELY(loops->left))
		mark_after_leaving(&thread->page, map, loop, now);
	vp_loop_wait(loops, loop, limit_ns, now);
	return now;
}

APART FAST uint64_t vp_quick_turn_ends(struct vp_thread *thread,
				       const struct perf_event_mmap_page *map, uint32_t lock,
				       uint64_t limit_ns)
{
	return end_turn(thread, map, lock, thread->loops.now, limit_ns);
}

static APART FAST void begin_own(struct vp_call *call, const struct perf_event_mmap_page *map,
				 struct vp_loop *loop)
{
	call->where = VP_LOOP_OWN;
	call->loop = loop;
	call->since_ns = end_turn(call->thread, map, call->lock, loop, call->limit_ns);
	put_line(&call->thread->line, call, 0);
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
		begin_own(call, map, loop);
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
	call->lock = lock;
	call->loop = NULL;
	call->where = loop && loop->back_ns ? VP_LOOP_INSIDE : VP_LOOP_OUTSIDE;
	call->outer_kind = VP_CALL_NONE;
	if (!loop || !call->rank || !vp_loop_is_at(loop, caller->pc, caller->sp))
		return;
	call->where = VP_LOOP_OWN;
	call->loop = loop;
	if (!call->since_ns)
		begin_own_after_all(call, loop);
}
