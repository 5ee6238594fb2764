/* Which waits are those of a loop: found by structure, not by names.
 *
 * A wait to which a thread comes back again and again at the same depth of its stack is a
 * loop, whatever it waits in; from its return to its next beginning is an iteration, and
 * what waits deeper in the stack is a call that holds an iteration up.  Rules and reasons:
 * docs/decisions/loops.md.
 *
 * Nothing here knows of calls, stacks or the file's tables, but for the row that a loop has
 * been given: pc, sp and times go in.  track/loop_rows.h does the rest. */
#ifndef VP_TRACK_LOOP_H
#define VP_TRACK_LOOP_H

#include "base/state.h"
#include "thread/loop.h"
#include "track/turns.h"

/* The wait brought nothing, and the next one began so soon: that was no iteration.  After one
 * that slept; after one that did not; after one that could not have slept, where the next may,
 * for whoever looked first had nothing to do. */
#define VP_LOOP_NOTHING_NS 2000u
#define VP_LOOP_SPIN_NS	   10000u
#define VP_LOOP_LOOKED_NS  100000u
#define VP_LOOP_NO_LIMIT   (~0ull)

enum vp_loop_where {
	VP_LOOP_OUTSIDE = 0, /* of an iteration */
	VP_LOOP_OWN = 1,     /* the wait of the thread's loop */
	VP_LOOP_INSIDE = 2   /* of an iteration of it: it holds it up */
};

/* What a wait brought. */
struct vp_loop_result {
	uint64_t begin_ns, end_ns;
	uint64_t limit_ns; /* how long it might last, 0: it could not sleep; VP_LOOP_NO_LIMIT */
	uint64_t events, bytes;
	int slept;
	int nothing;   /* it brought nothing: there were none, it was refused or interrupted */
	int timed_out; /* it came back because its limit was over */
};

/* Before a call.
 *   limit_ns  as in struct vp_loop_result
 *   site      [out] what vp_loop_end() is to be given; NULL: it is not to be called
 * Context: the thread itself, in or out of a signal handler. */
static inline enum vp_loop_where vp_loop_begin(struct vp_loops *loops, struct vp_loop_at at,
					       uint64_t limit_ns, uint64_t now,
					       struct vp_loop **site);
enum vp_loop_where vp_loop_begin_slow(struct vp_loops *loops, const struct vp_loop_at *at,
				      uint64_t limit_ns, uint64_t now, struct vp_loop **site);

/* After it.  Returns 1 where the site may have become the thread's loop: vp_loop_settle().
 *   pc      of the call
 * Context: as above. */
static inline int vp_loop_end(struct vp_loops *loops, struct vp_loop *site, uint64_t pc,
			      const struct vp_loop_result *result);
int vp_loop_end_slow(struct vp_loops *loops, struct vp_loop *site, uint64_t pc,
		     const struct vp_loop_result *result);

/* A call within an iteration is over: `ns` of it were waited. */
static inline void vp_loop_blocked(struct vp_loops *loops, uint64_t ns)
{
	if (loops->now)
		loops->now->blocked_ns += ns;
}

/* Is the site to be the thread's loop from now on? */
enum vp_loop_over {
	VP_LOOP_STAYS,	     /* no */
	VP_LOOP_TAKES_OVER,  /* yes; the one so far has been left, or is in a long iteration */
	VP_LOOP_GOES_BEFORE, /* yes; the one so far lies within its iterations */
};
/*   around  the frames around that of its wait */
enum vp_loop_over vp_loop_takes_over(const struct vp_loops *loops, const struct vp_loop *site,
				     const struct vp_loop_around *around, uint64_t now);
/* It is: it has a row. */
void vp_loop_take(struct vp_loops *loops, struct vp_loop *site, enum vp_loop_over how);

/* Since when the iteration under way is; 0: there is none. */
static inline uint64_t vp_loops_iteration(const struct vp_loops *loops)
{
	return loops->now ? loops->now->back_ns : 0;
}

/* No iteration is under way any more: the thread ends, or nothing was recorded for a while. */
void vp_loops_drop(struct vp_loops *loops);

/* An iteration of a loop that has a row, under a label or none. */
static inline void vp_loop_count(struct vp_loops *loops, struct vp_loop *loop, uint64_t begin,
				 uint64_t end, uint32_t label);

/* The label of the turn that is over, of a site in a thread that has had labels; and an
 * iteration of it, `loops` and `loop` telling the rest.  The row of a loop that was none is
 * forgotten.  They are in track/loop_labels.c.  Context: the thread itself. */
uint32_t vp_loop_label(struct vp_loops *loops, struct vp_loop *site);
void vp_loop_count_label(const struct vp_loops *loops, struct vp_loop *loop, uint32_t label,
			 uint64_t begin, uint64_t ns);
void vp_loop_forget_labels(uint32_t loop_row);
int vp_loop_labels_init(void); /* fresh file */

static inline uint32_t vp_loop_label_of(struct vp_loops *loops, struct vp_loop *site)
{
	return __builtin_expect(loops->label_sets != 0, 0) ? vp_loop_label(loops, site) : 0;
}

/* The longest call was one of the iteration before. */
static inline void vp_loops_forget_worst(struct vp_loops *loops)
{
	if (__builtin_expect(loops->has_worst, 0))
		loops->worst.ns = loops->has_worst = 0;
}

/* The thread's loop as it is known; NULL: none, or it is to be looked for again, where that is
 * wanted: what ends the search for loops counts as a pause. */
static inline struct vp_loop *vp_loops_known(const struct vp_loops *loops)
{
	return loops->pauses == vp_control.pauses ? loops->now : NULL;
}

static inline int vp_loop_is_at(const struct vp_loop *loop, uint64_t pc, uint64_t sp)
{
	return pc == loop->pc && (sp == loop->sp || !loop->sp);
}

/* A turn of `ns` that is no iteration: the wait had brought nothing, and the next one, which
 * may last limit_ns, begins at once. */
static inline int vp_loop_is_empty(const struct vp_loop *loop, uint64_t ns, uint64_t limit_ns)
{
	if (!loop->nothing)
		return 0;
	if (loop->slept)
		return ns < VP_LOOP_NOTHING_NS;
	return ns < (loop->looked && limit_ns ? VP_LOOP_LOOKED_NS : VP_LOOP_SPIN_NS);
}

static inline void vp_loop_count(struct vp_loops *loops, struct vp_loop *loop, uint64_t begin,
				 uint64_t end, uint32_t label)
{
	struct vprof_loop *row = loop->row;
	uint64_t ns = end > begin ? end - begin : 0;

	row->iterations++;
	if (loops->left)
		row->slept++;
	row->busy_ns += ns;
	if (loop->blocked_ns)
		row->blocked_ns += loop->blocked_ns < ns ? loop->blocked_ns : ns;
	row->histogram[vprof_histogram_bucket(ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LOOP_BUCKETS)]++;
	if (ns > row->max_ns) {
		row->max_ns = ns;
		row->max_at_ns = begin;
	}
	if (__builtin_expect(label != 0, 0))
		vp_loop_count_label(loops, loop, label, begin, ns);
	if (loops->stalls)
		vp_stall_iteration_ends(
		    loops->stalls,
		    &(struct vp_stall_note){.begin_ns = loop->untimed ? loop->back_ns : begin,
					    .end_ns = begin + ns,
					    .untimed = loop->untimed,
					    .last_ns = begin,
					    .worst_ns = loops->worst.ns,
					    .worst_object = loops->worst.object,
					    .worst_node = loops->worst.node,
					    .worst_kind = loops->worst.kind,
					    .loop = loop->row_id,
					    .label = label,
					    .events = row->events,
					    .bytes = row->bytes});
}

/* The turn that began with the loop's last return is over. */
static inline void vp_loop_turn(struct vp_loops *loops, struct vp_loop *loop, uint64_t limit_ns,
				uint64_t now)
{
	struct vprof_loop *row = loop->row;
	uint64_t all_ns = now > loop->back_ns ? now - loop->back_ns : 0, ns = all_ns;

	if (loop->untimed)
		ns = vp_turns_close(loop, all_ns);
	if (__builtin_expect(!vp_loop_is_empty(loop, ns, limit_ns), 1)) {
		row->busy_ns += loop->slept ? 0 : loop->lasted_ns;
		vp_loop_count(loops, loop, now - ns, now, vp_loop_label_of(loops, loop));
	} else if (!loop->slept) {
		row->spin_ns += loop->lasted_ns + ns;
		row->spins++;
	} else {
		row->idle_ns += ns;
	}
	row->last_ns = now;
	row->now_ns = 0;
	vp_turns_go_on(loops, loop, ns, all_ns);
}

/* The loop's wait begins. */
static inline void vp_loop_wait(struct vp_loops *loops, struct vp_loop *loop, uint64_t limit_ns,
				uint64_t now)
{
	if (loop->back_ns)
		vp_loop_turn(loops, loop, limit_ns, now);
	loop->back_ns = 0;
	loop->wait_ns = now;
}

/* Within an iteration of a loop that waits for one of many, a wait for one thing is another
 * loop's only if it sleeps: vp_loop_begin_slow() after it is soon enough. */
static inline int vp_loop_is_inside(const struct vp_loops *loops, enum vp_loop_rank rank)
{
	const struct vp_loop *loop = loops->now;

	return loop && loop->back_ns && loop->rank == VP_LOOP_MULTI && rank < VP_LOOP_MULTI;
}

static inline enum vp_loop_where vp_loop_begin(struct vp_loops *loops, struct vp_loop_at at,
					       uint64_t limit_ns, uint64_t now,
					       struct vp_loop **site)
{
	struct vp_loop *loop = loops->now;

	*site = NULL;
	if (!loop && !at.rank)
		return VP_LOOP_OUTSIDE;
	if (__builtin_expect(loop && loops->pauses == vp_control.pauses, 1)) {
		if (vp_loop_is_at(loop, at.pc, at.sp)) {
			vp_loop_wait(loops, loop, limit_ns, now);
			*site = loop;
			return VP_LOOP_OWN;
		}
		if (!at.rank || vp_loop_is_inside(loops, at.rank))
			return loop->back_ns ? VP_LOOP_INSIDE : VP_LOOP_OUTSIDE;
	}
	return vp_loop_begin_slow(loops, &at, limit_ns, now, site);
}

/* The loop's wait is over. */
static inline void vp_loop_back(struct vp_loops *loops, struct vp_loop *site,
				const struct vp_loop_result *result)
{
	struct vprof_loop *row = site->row;
	uint64_t ns = result->end_ns - result->begin_ns;

	if (result->slept || site->nothing != (result->nothing != 0))
		vp_turns_reset(site);
	site->slept = result->slept && result->limit_ns;
	site->looked = result->limit_ns == 0;
	site->nothing = result->nothing != 0;
	site->lasted_ns = ns;
	if (site->slept)
		row->idle_ns += ns;
	row->events += result->events;
	row->bytes += result->bytes;
	row->last_ns = row->now_ns = site->back_ns = result->end_ns;
	site->wait_ns = 0;
	site->blocked_ns = 0;
	vp_loops_forget_worst(loops);
	loops->turns++;
}

static inline int vp_loop_end(struct vp_loops *loops, struct vp_loop *site, uint64_t pc,
			      const struct vp_loop_result *result)
{
	if (__builtin_expect(
		site != loops->now || result->timed_out || loops->pauses != vp_control.pauses, 0))
		return vp_loop_end_slow(loops, site, pc, result);
	vp_loop_back(loops, site, result);
	return 0;
}

/* The same of the loop's wait, which returned at once. */
static inline void vp_loop_back_at_once(struct vp_loops *loops, struct vp_loop *loop,
					uint64_t now_ns, uint64_t events, uint64_t bytes,
					int nothing, uint64_t limit_ns)
{
	struct vprof_loop *row = loop->row;

	if (__builtin_expect(loop->nothing != (nothing != 0), 0))
		vp_turns_reset(loop);
	loop->slept = 0;
	loop->looked = limit_ns == 0;
	loop->nothing = nothing != 0;
	loop->lasted_ns = 0;
	row->events += events;
	row->bytes += bytes;
	row->last_ns = row->now_ns = loop->back_ns = now_ns;
	loop->wait_ns = 0;
	loop->blocked_ns = 0;
	vp_loops_forget_worst(loops);
	loops->turns++;
}

#endif
