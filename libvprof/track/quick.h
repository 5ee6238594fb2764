/* Calls whose site has returned at once for so long that they are not timed.
 *
 * They are most, and what they cost is what a program notices: after a system call neither
 * the code nor the data is in the cache.  So the hook does it all itself, in one piece,
 * with the thread, the row and the page's lock in registers, and writes two lines of memory:
 * that of the thread, and what comes first in the row.  Where the thread's user page tells
 * that the call slept after all, it goes on as one that was begun by vp_call_begin(). */
#ifndef VP_TRACK_QUICK_H
#define VP_TRACK_QUICK_H

#include "base/likely.h"
#include "track/call_record.h"

/* So many calls of a site in a row that returned at once, and the next will, too. */
#define VP_QUICK 16u

/* What is kept of a call under way; row is NULL where it is none of these. */
struct vp_quick {
	struct vprof_call *row;
	struct vp_thread *thread;
	struct vp_loop *own; /* the loop that it is the wait of; NULL: it is none */
	uint64_t since_ns;   /* of such a wait, where the turn before it is timed; else 0 */
	uint64_t limit_ns;
	uint32_t lock; /* of the thread's page */
};

#define VP_INLINE inline __attribute__((always_inline))

/* The call is the wait of the thread's loop, or one of this rank that is neither that of a loop
 * nor may become one, but if it sleeps.  Else 0. */
static VP_INLINE int vp_quick_knows_loop(const struct vp_loops *loops, enum vp_loop_rank rank,
					 struct vp_regs caller, struct vp_loop **own_out)
{
	struct vp_loop *loop = loops->now;

	*own_out = NULL;
	if (rank == VP_LOOP_NEVER)
		return 1;
	if (!loop || rank == VP_LOOP_PACED)
		return 0;
	if (!((loop->pc ^ caller.pc) | (loop->sp ^ caller.sp))) {
		*own_out = loop;
		return 1;
	}
	return rank < VP_LOOP_MULTI && vp_loop_is_inside(loops, rank);
}

/* The wait of the thread's loop begins, and the turn before it is over, now: it is returned. */
uint64_t vp_quick_turn_ends(struct vp_thread *thread, const struct perf_event_mmap_page *map,
			    uint32_t lock, uint64_t limit_ns);

/* The same where the turn need not be timed: 0.  Of a wait that sleeps it must be known when it
 * began. */
static VP_INLINE uint64_t vp_quick_begin_own(struct vp_thread *thread,
					     const struct perf_event_mmap_page *map, uint32_t lock,
					     uint64_t limit_ns)
{
	struct vp_loop *loop = thread->loops.now;

	if (!vp_turn_is_untimed(&thread->loops, loop, lock) ||
	    (limit_ns && !vp_page_is_marked(&thread->page, map)))
		return vp_quick_turn_ends(thread, map, lock, limit_ns);
	loop->row->now_ns = 0;
	return 0;
}

/* Before the call; word, object, limit_ns and caller as for vp_call_begin(). */
static VP_INLINE struct vp_quick vp_quick_begin(uint32_t word, uint64_t object, uint64_t limit_ns,
						struct vp_regs caller)
{
	static const struct vp_quick none;
	struct vp_thread *thread = vp_tls.self;
	const struct perf_event_mmap_page *map;
	const struct vp_call_site *site;
	enum vp_call_kind kind = word & 0xffff;
	struct vp_loop *own;
	uint64_t since_ns = 0;
	uint32_t lock;

	if (!LIKELY(thread > VP_TLS_ENDED))
		return none;
	if (!LIKELY(!(vp_tls.busy | vp_control.paused | thread->line.kind |
		      (thread->loops.pauses ^ vp_control.pauses))))
		return none;
	map = thread->page.map;
	if (!LIKELY(map != NULL))
		return none;
	site = vp_call_site_of(thread, caller.pc, caller.sp, kind);
	if (!LIKELY(!((site->pc ^ caller.pc) | (site->sp ^ caller.sp) |
		      (site->what ^ vp_call_site_what(thread->label, kind, VP_QUICK)))))
		return none;
	lock = vp_page_lock(map);
	if (!LIKELY(vp_quick_knows_loop(&thread->loops, word >> 16 & 0xff, caller, &own)))
		return none;
	if (own) {
		since_ns = vp_quick_begin_own(thread, map, lock, limit_ns);
		thread->line.iteration_ns = 0;
	}
	vp_line_begin(&thread->line, kind, own ? VP_LINE_AT_LOOP : 0, object, since_ns, caller);
	return (struct vp_quick){site->row, thread, own, since_ns, limit_ns, lock};
}

/* A child forked in a signal handler comes back to a call of its parent. */
static VP_INLINE int vp_quick_is_ours(struct vp_quick quick)
{
	return vp_control.calls && quick.thread == vp_tls.self;
}

/* The loop's wait did not sleep: was it as those before?
 *   brought  it had something */
static VP_INLINE int vp_quick_is_alike(struct vp_quick quick, int brought)
{
	const struct vp_loops *loops = &quick.thread->loops;

	if (!quick.since_ns)
		return vp_turn_is_alike(quick.own, brought);
	return (brought || !quick.limit_ns) && loops->now == quick.own &&
	       loops->pauses == vp_control.pauses;
}

/* After it.  Returns 0 where it slept, is not ours any more, or its turn of the loop is to be
 * timed after all. */
static VP_INLINE int vp_quick_is_over(struct vp_quick quick, int brought)
{
	const struct perf_event_mmap_page *map;

	if (!LIKELY(quick.row && vp_quick_is_ours(quick)))
		return 0;
	map = quick.thread->page.map;
	if (!LIKELY(map && vp_page_lock(map) == quick.lock))
		return 0;
	if (quick.own) {
		if (!LIKELY(vp_quick_is_alike(quick, brought)))
			return 0;
		if (quick.since_ns)
			return 1; /* vp_quick_turn_begins() tells of it */
		/* The iteration first: at any moment the helper finds the one or the other. */
		__atomic_store_n(&quick.thread->line.iteration_ns, quick.own->back_ns,
				 __ATOMIC_RELEASE);
	}
	vp_line_clear(&quick.thread->line);
	return 1;
}

/* The iteration of the thread's loop begins: its wait was over when it began. */
void vp_quick_turn_begins(struct vp_thread *thread, uint32_t lock, uint64_t since_ns,
			  uint64_t limit_ns, uint64_t events, uint64_t bytes, int nothing);

static VP_INLINE void vp_quick_count_own(struct vp_quick quick, uint64_t amount, int counts,
					 int failed)
{
	uint64_t events = counts ? amount : 0, bytes = counts ? 0 : amount;

	quick.row->idle++;
	if (quick.since_ns)
		vp_quick_turn_begins(quick.thread, quick.lock, quick.since_ns, quick.limit_ns,
				     events, bytes, counts ? amount == 0 : failed);
	else
		vp_turn_counts(&quick.thread->loops, quick.own, events, bytes);
}

/* It came to so much. */
static VP_INLINE void vp_quick_count(struct vp_quick quick, uint32_t word, uint64_t amount,
				     int failed)
{
	const struct vp_loops *loops = &quick.thread->loops;
	int counts = (word >> 24 & VP_CALL_EVENTS) != 0;

	quick.row->calls++;
	quick.row->untimed++;
	if (!counts)
		quick.row->bytes += amount;
	if (quick.own)
		vp_quick_count_own(quick, amount, counts, failed);
	else if (loops->now && loops->now->back_ns)
		quick.row->on_loop++;
	if (!LIKELY(!failed))
		quick.row->failed++;
	if (!LIKELY(!vp_holds_any()))
		quick.row->under_lock++;
}

/* It goes on as if vp_call_begin() had begun it.  call->limit_ns and since_ns are set; row: NULL
 * in a child. */
void vp_quick_slept(struct vp_call *call, struct vprof_call *row, uint32_t lock, uint32_t word,
		    uint64_t object, const struct vp_regs *caller);
#endif
