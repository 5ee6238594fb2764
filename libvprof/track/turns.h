/* Turns of a loop that are shorter than the looks at the clock are worth.
 *
 * A loop that spins, or always has something to do, turns every few hundred nanoseconds, and a
 * look at the clock is a tenth of that.  Where the last turns all took less than a microsecond,
 * of the next VP_TURNS only the last is timed: the others are taken to have lasted as long as
 * those before did on the mean, and the last one the rest.  So a turn
 * that takes long is found, with what it took, to a microsecond.  As soon as a turn leaves the
 * CPU, waits in a call, or ends otherwise than those before, each is timed again; and where the
 * wait may sleep, only as long as the thread's page will tell when it did (thread/page.h).
 * A thread that sets labels has each turn timed.  Numbers: docs/decisions/turns.md. */
#ifndef VP_TRACK_TURNS_H
#define VP_TRACK_TURNS_H

#include "thread/loop.h"

#define VP_TURNS	 8u  /* timed together */
#define VP_TURNS_CALM	 16u /* so many in a row that were short, each timed */
#define VP_TURN_SHORT_NS 1000u

static inline void vp_turns_reset(struct vp_loop *loop)
{
	loop->skip = loop->untimed = loop->calm = 0;
}

/* May the wait of the loop that begins now go without a look at the clock?
 *   lock  of the thread's user page now */
static inline int vp_turn_is_untimed(const struct vp_loops *loops, const struct vp_loop *loop,
				     uint32_t lock)
{
	return loop->skip && loops->lock == lock && !loop->blocked_ns && !loops->label_sets;
}

/* The wait brought something or it did not: as those before? */
static inline int vp_turn_is_alike(const struct vp_loop *loop, int brought)
{
	return brought ? !loop->nothing : loop->nothing;
}

/* It is over, and was as usual. */
static inline void vp_turn_counts(struct vp_loops *loops, struct vp_loop *loop, uint64_t events,
				  uint64_t bytes)
{
	struct vprof_loop *row = loop->row;

	if (loop->nothing) {
		row->spins++;
		row->spin_ns += loop->usual_ns;
	} else {
		row->iterations++;
		row->events += events;
		row->bytes += bytes;
		row->busy_ns += loop->usual_ns;
		row->histogram[loop->usual_bucket]++;
	}
	row->now_ns = loop->back_ns;
	loop->skip--;
	loop->untimed++;
	loops->turns++;
}

/* Turns took `ns` together, and only now was the clock looked at.  Returns what the last of
 * them took; what the others did is put right. */
static inline uint64_t vp_turns_close(struct vp_loop *loop, uint64_t ns)
{
	uint64_t said = (uint64_t)loop->untimed * loop->usual_ns, last;

	if (ns >= said)
		return ns - said;
	last = ns / (loop->untimed + 1u);
	*(loop->nothing ? &loop->row->spin_ns : &loop->row->busy_ns) -= said - (ns - last);
	return last;
}

/* The turn that was just timed, after untimed ones, took `ns`, and all of them `all_ns`. */
static inline void vp_turns_go_on(const struct vp_loops *loops, struct vp_loop *loop, uint64_t ns,
				  uint64_t all_ns)
{
	uint32_t turns = loop->untimed + 1u;

	loop->skip = loop->untimed = 0;
	if (ns >= VP_TURN_SHORT_NS || loops->left || loop->slept || loop->blocked_ns) {
		loop->calm = 0;
	} else if (loop->calm < VP_TURNS_CALM) {
		loop->calm++;
	} else {
		loop->skip = VP_TURNS - 1;
		loop->usual_ns = (uint32_t)(all_ns / turns);
		loop->usual_bucket = (uint16_t)vprof_histogram_bucket(
		    loop->usual_ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS, VPROF_LOOP_BUCKETS);
	}
}

#endif
