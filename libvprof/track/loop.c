#include "track/loop.h"

#include <string.h>

/* Without a page that tells, what lasted so long did sleep. */
#define SLEPT_SURE_NS 10000u
/* Returns of a wait that did not sleep and is not for one of many, as those of a recv that
 * only looks, after which it is a loop: many more than what one iteration of another loop
 * may have of them. */
#define QUICK_FIRST 1024u
/* The same of one that sleeps, where a wait for one of many stands in the same frame: that is
 * to be found first. */
#define OUTRANKED_FIRST (16u * VP_LOOP_FIRST)
/* Another wait comes back again and again, that of the loop does not: is it one within a long
 * iteration, or has the loop been left?  It is the latter after a quarter of the loop's life,
 * but no sooner than this, and no later than a multiple of it. */
#define PATIENCE_LEAST_NS 10000000ull
/* ... where the frame of the loop's wait still stands, so that it may well be waited in again. */
#define PATIENCE_ALIVE_NS 1000000000ull
#define PATIENCE_MORE	  10u
/* An iteration that holds another loop for longer was none: the program did something else. */
#define OUTSIDE_MOST_NS 60000000000ull
/* A loop whose wait lies within the frame of another wait is the inner one, unless it turns
 * so often before that other comes back. */
#define INNER_TURNS 64u
/* ... and what is known of it is dropped, as it was only the first to be seen. */
#define INNER_FEW  1024u
#define FEW_FRAMES 4u
/* Of two in functions of their own, about as near: a lock that is taken now and then is not
 * the loop's. */
#define NEAR_TURNS 4u
static int own(const struct vp_loops *loops, uint64_t sp)
{
	return sp - loops->stack_lo < loops->stack_hi - loops->stack_lo;
}

static void drop_past(struct vp_loop *site)
{
	struct vp_loop_past *past = &site->past;

	past->first_ns = past->waited_ns = past->inside_ns = 0;
	past->iterations = past->waits = past->slept = past->inside = 0;
	vp_loop_past_not_alone(past);
}

/* What its row is to be told begins anew; the waits before are the loop's all the same. */
static void begin_past(struct vp_loop_past *past, uint64_t now)
{
	past->first_ns = now;
	past->events = past->bytes = 0;
	past->idle_ns = past->spin_ns = past->spins = 0;
	past->iterations = 0;
}

static void forget_past(struct vp_loop *site)
{
	drop_past(site);
	site->returns = site->alone = site->quick = 0;
}

static void drop_turn(struct vp_loop *loop)
{
	loop->back_ns = loop->wait_ns = 0;
	loop->outside = 0;
	vp_turns_reset(loop);
	if (loop->row)
		loop->row->now_ns = 0;
}

void vp_loops_drop(struct vp_loops *loops)
{
	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		drop_turn(&loops->site[i]);
		forget_past(&loops->site[i]);
	}
	loops->pauses = vp_control.pauses;
}

static struct vp_loop *find(struct vp_loops *loops, const struct vp_loop_at *at)
{
	struct vp_loop *site = loops->site;

	for (; site < loops->site + VP_LOOP_SITES; site++) {
		if (site->pc != at->pc)
			continue;
		if (site->sp == at->sp || !site->sp)
			return site;
		if (!own(loops, site->sp) || !own(loops, at->sp)) {
			site->sp = 0; /* from one fiber, and from another */
			if (site->row)
				site->row->depth = 0;
			return site;
		}
	}
	return NULL;
}

static uint64_t last_used(const struct vp_loop *site)
{
	uint64_t used = site->wait_ns > site->back_ns ? site->wait_ns : site->back_ns;

	/* Loops are dropped last. */
	return site->pc ? used + (site->row ? 1ull << 62 : 0) + 1 : 0;
}

static struct vp_loop *new_site(struct vp_loops *loops, const struct vp_loop_at *at)
{
	struct vp_loop *oldest = NULL;

	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		struct vp_loop *site = &loops->site[i];

		if (site != loops->now && !site->outside &&
		    (!oldest || last_used(site) < last_used(oldest)))
			oldest = site;
	}
	if (!oldest)
		return NULL;
	memset(oldest, 0, sizeof(*oldest));
	oldest->pc = at->pc;
	oldest->sp = at->sp;
	oldest->rank = (uint8_t)at->rank;
	return oldest;
}

/* Of the waits in one frame, the first of the highest rank is the loop's. */
static void reset_lesser(struct vp_loops *loops, const struct vp_loop *than)
{
	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		struct vp_loop *site = &loops->site[i];

		if (site != loops->now && !site->outside && site->sp && site->sp == than->sp &&
		    site->rank < than->rank)
			forget_past(site);
	}
}

/* As vp_loop_turn(), of a site that is not the loop. */
static void past_turn(struct vp_loops *loops, struct vp_loop *site, uint64_t limit_ns, uint64_t now)
{
	struct vp_loop_past *past = &site->past;
	uint64_t ns = now > site->back_ns ? now - site->back_ns : 0;

	if (!site->back_ns || !past->first_ns)
		return;
	if (past->iterations == VP_LOOP_FIRST) { /* all of it, or what adds up to nothing */
		past->first_ns = 0;
	} else if (!vp_loop_is_empty(site, ns, limit_ns)) {
		past->waits_ns[past->iterations] = site->slept ? 0 : site->lasted_ns;
		past->begin_ns[past->iterations] = site->back_ns;
		past->label[past->iterations] = vp_loop_label_of(loops, site);
		past->end_ns[past->iterations++] = now;
	} else if (!site->slept) {
		past->spin_ns += site->lasted_ns + ns;
		past->spins++;
	} else {
		past->idle_ns += ns;
	}
	past->last_ns = now;
}

/* Whoever looked at the same thing a moment ago, without waiting, waits now. */
static int is_second_look(const struct vp_loop *loop, const struct vp_loop_at *at, uint64_t now)
{
	return loop->back_ns && loop->nothing && !loop->slept && at->object &&
	       at->object == loop->object && at->sp == loop->sp &&
	       now - loop->back_ns < VP_LOOP_LOOKED_NS;
}

/* The program comes back to the wait of a loop that gave its place to one inside: that one
 * is left, and the iteration is over. */
static void come_back(struct vp_loops *loops, struct vp_loop *loop, uint64_t now)
{
	drop_turn(loops->now);
	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		struct vp_loop *other = &loops->site[i];

		if (other->outside && other->back_ns > loop->back_ns)
			drop_turn(other);
	}
	loop->outside = 0;
	if (now - loop->back_ns > OUTSIDE_MOST_NS)
		drop_turn(loop);
	loops->now = loop;
	loops->row_id = loop->row_id;
	loops->turns++;
	vp_loops_forget_worst(loops);
}

static enum vp_loop_where begin(struct vp_loops *loops, const struct vp_loop_at *at,
				uint64_t limit_ns, uint64_t now, struct vp_loop **at_site)
{
	struct vp_loop *loop, *site = at->rank ? find(loops, at) : NULL;
	int inside;

	if (loops->pauses != vp_control.pauses)
		vp_loops_drop(loops);
	if (site && site->outside)
		come_back(loops, site, now);
	loop = loops->now;
	if (at->rank && loop && (site == loop || is_second_look(loop, at, now))) {
		vp_loop_wait(loops, loop, limit_ns, now);
		*at_site = loop;
		return VP_LOOP_OWN;
	}
	inside = loop && loop->back_ns;
	if (at->rank) {
		site = site ? site : new_site(loops, at);
		if (site) {
			reset_lesser(loops, site);
			past_turn(loops, site, limit_ns, now);
			site->back_ns = 0;
			site->wait_ns = now;
			site->object = at->object;
			site->inside = (uint8_t)inside;
		}
		*at_site = site;
	}
	return inside ? VP_LOOP_INSIDE : VP_LOOP_OUTSIDE;
}

enum vp_loop_where vp_loop_begin_slow(struct vp_loops *loops, const struct vp_loop_at *at,
				      uint64_t limit_ns, uint64_t now, struct vp_loop **site)
{
	/* A handler's wait does not meet the sites half changed. */
	int entered = vp_busy_enter();
	enum vp_loop_where where = begin(loops, at, limit_ns, now, site);

	if (entered)
		vp_busy_leave();
	return where;
}

static void count_delay(struct vprof_loop *row, const struct vp_loop_result *result)
{
	uint64_t due = result->begin_ns + result->limit_ns, ns;

	if (!result->timed_out || !result->limit_ns || result->limit_ns == VP_LOOP_NO_LIMIT ||
	    result->end_ns < due)
		return;
	ns = result->end_ns - due;
	row->delays++;
	row->delay_ns += ns;
	row->delay_max_ns = ns > row->delay_max_ns ? ns : row->delay_max_ns;
	row->delay[vprof_histogram_bucket(ns, VPROF_DELAY_UNIT_BITS, VPROF_DELAY_SUB_BITS,
					  VPROF_DELAY_BUCKETS)]++;
}

/* A wait of a higher rank in the same frame, which is the loop or may come to be it. */
static int is_outranked(const struct vp_loops *loops, const struct vp_loop *site)
{
	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		const struct vp_loop *other = &loops->site[i];

		if (other->rank > site->rank && other->sp == site->sp &&
		    (!other->row || other == loops->now))
			return 1;
	}
	return 0;
}

/* 1: the site has come back often enough. */
static int count_return(const struct vp_loops *loops, struct vp_loop *site, int slept, int nothing)
{
	const struct vp_loop *loop = loops->now;

	if (site->seen != loops->turns) {
		site->alone = 0;
		if (loop && site->sp <= loop->sp) /* within its iterations, as far as is known */
			drop_past(site);
		vp_loop_past_not_alone(&site->past);
	}
	site->seen = loops->turns;
	if (!site->returns)
		site->seen_first = loops->turns;
	/* Where most of them slept, the others found that something had come meanwhile. */
	if (slept || site->rank == VP_LOOP_MULTI ||
	    (!nothing && site->past.slept * 4 >= site->past.waits && site->past.waits)) {
		site->returns++;
		site->alone++;
		return (site->returns % VP_LOOP_FIRST == 0 || site->alone % VP_LOOP_FIRST == 0) &&
		       (site->alone >= OUTRANKED_FIRST || !is_outranked(loops, site));
	}
	if (loop && loop->rank == VP_LOOP_MULTI)
		return 0;
	site->quick++;
	return site->quick % QUICK_FIRST == 0;
}

/* The end of a wait that is not the loop's. */
static int end_other(struct vp_loops *loops, struct vp_loop *site,
		     const struct vp_loop_result *result)
{
	struct vp_loop_past *past = &site->past;
	uint64_t ns = result->end_ns - result->begin_ns;
	/* A copy of some kilobytes takes as long as a short sleep. */
	int slept = result->slept && result->limit_ns && ns >= SLEPT_SURE_NS;
	int due = count_return(loops, site, slept, result->nothing);

	if (!past->first_ns)
		begin_past(past, result->begin_ns);
	past->idle_ns += slept ? ns : 0;
	past->slept += (uint32_t)slept;
	past->events += result->events;
	past->bytes += result->bytes;
	past->waits++;
	past->waited_ns += ns;
	past->inside += site->inside;
	past->inside_ns += site->inside ? ns : 0;
	past->last_ns = site->back_ns = result->end_ns;
	site->wait_ns = 0;
	site->lasted_ns = ns;
	site->slept = (uint8_t)slept;
	site->looked = result->limit_ns == 0;
	site->nothing = result->nothing != 0;
	return due && !site->refused;
}

static int end(struct vp_loops *loops, struct vp_loop *site, uint64_t pc,
	       const struct vp_loop_result *result)
{
	if (loops->pauses != vp_control.pauses)
		vp_loops_drop(loops);
	/* A handler that ran during the wait may have put another in its place. */
	if (!site->wait_ns || (site != loops->now && site->pc != pc))
		return 0;
	if (site != loops->now)
		return end_other(loops, site, result);
	count_delay(site->row, result);
	vp_loop_back(loops, site, result);
	return 0;
}

int vp_loop_end_slow(struct vp_loops *loops, struct vp_loop *site, uint64_t pc,
		     const struct vp_loop_result *result)
{
	int entered = vp_busy_enter();
	int due = end(loops, site, pc, result);

	if (entered)
		vp_busy_leave();
	return due;
}

/* The frame of a wait, 0, or one around it. */
static struct vp_loop_frame frame_of(const struct vp_loop *site,
				     const struct vp_loop_around *around, uint32_t i)
{
	if (i == 0)
		return (struct vp_loop_frame){site->sp, site->pc};
	return i <= around->count ? around->frame[i - 1] : (struct vp_loop_frame){0, 0};
}

/* The innermost frame that two waits have in common: so many frames out from each.  Another
 * function has had a frame in the same place unless what is around it is the same, too.
 * Returns 0 where there is none, as in fibers. */
static int common(const struct vp_loop *a, const struct vp_loop_around *around_a,
		  const struct vp_loop *b, const struct vp_loop_around *around_b, uint32_t *out_a,
		  uint32_t *out_b)
{
	for (uint32_t i = 0; a->sp && b->sp && i <= around_a->count; i++) {
		for (uint32_t k = 0; k <= around_b->count; k++) {
			struct vp_loop_frame next_a = frame_of(a, around_a, i + 1);
			struct vp_loop_frame next_b = frame_of(b, around_b, k + 1);

			if (frame_of(a, around_a, i).sp != frame_of(b, around_b, k).sp ||
			    next_a.sp != next_b.sp || next_a.pc != next_b.pc)
				continue;
			*out_a = i;
			*out_b = k;
			return 1;
		}
	}
	return 0;
}

/* The nearer one is, and of two as near the one of a higher rank.  In an interpreter both
 * are functions of its own, a few frames away: there the rank tells. */
static int is_outer(const struct vp_loop *a, uint32_t out_a, const struct vp_loop *b,
		    uint32_t out_b)
{
	if (a->rank == b->rank || !out_a || !out_b)
		return out_a < out_b || (out_a == out_b && a->rank > b->rank);
	return a->rank > b->rank ? out_a <= out_b + FEW_FRAMES : out_a + FEW_FRAMES < out_b;
}

enum vp_loop_over vp_loop_takes_over(const struct vp_loops *loops, const struct vp_loop *site,
				     const struct vp_loop_around *around, uint64_t now)
{
	const struct vp_loop *loop = loops->now;
	uint64_t turns, since, patience, least = PATIENCE_LEAST_NS;
	uint32_t out = 0, out_loop = 0;
	int met;

	if (!loop || loop == site)
		return VP_LOOP_TAKES_OVER;
	met = common(site, around, loop, &loop->around, &out, &out_loop);
	/* The two take turns. */
	turns = loops->turns - site->seen_first;
	if (met && is_outer(site, out, loop, out_loop) && turns >= VP_LOOP_FIRST / 2 &&
	    turns <= (uint64_t)site->returns *
			 (out && out + FEW_FRAMES >= out_loop ? NEAR_TURNS : INNER_TURNS))
		return VP_LOOP_GOES_BEFORE;
	since = loop->back_ns ? loop->back_ns : loop->wait_ns;
	if (site->alone < VP_LOOP_FIRST && site->quick < QUICK_FIRST)
		return VP_LOOP_STAYS;
	if (!since)
		return VP_LOOP_TAKES_OVER;
	if (met && out_loop == 0 && out > 0 && loop->rank > VP_LOOP_PACED)
		least = PATIENCE_ALIVE_NS;
	patience = (since - loop->row->first_ns) / 4;
	patience = patience < least		      ? least
		   : patience < least * PATIENCE_MORE ? patience
						      : least * PATIENCE_MORE;
	return now - since >= patience ? VP_LOOP_TAKES_OVER : VP_LOOP_STAYS;
}

static void add_past(struct vp_loops *loops, struct vp_loop *site)
{
	struct vp_loop_past *past = &site->past;
	struct vprof_loop *row = site->row;

	if (!row->first_ns)
		row->first_ns = past->first_ns;
	row->events += past->events;
	row->bytes += past->bytes;
	row->idle_ns += past->idle_ns;
	row->spin_ns += past->spin_ns;
	row->spins += past->spins;
	loops->left = 0; /* not known of these */
	loops->label_several = 0;
	for (uint32_t i = 0; i < past->iterations; i++) {
		row->busy_ns += past->waits_ns[i];
		vp_loop_count(loops, site, past->begin_ns[i], past->end_ns[i], past->label[i]);
	}
	row->last_ns = past->last_ns;
	row->now_ns = site->back_ns;
}

/* It was the inner one, and only the first to be seen. */
static void forget_loop(struct vp_loop *loop)
{
	struct vprof_loop *row = loop->row;

	if (!row || row->iterations >= INNER_FEW)
		return;
	memset(row, 0, sizeof(*row));
	vp_loop_forget_labels(loop->row_id);
	loop->row = NULL;
	loop->void_row = row;
}

void vp_loop_take(struct vp_loops *loops, struct vp_loop *site, enum vp_loop_over how)
{
	struct vp_loop *old = loops->now;
	int before = how == VP_LOOP_GOES_BEFORE;

	if (old && old != site && !before && old->back_ns && old->rank > VP_LOOP_PACED)
		old->outside = 1; /* its iteration is over when the program comes back to it */
	else if (old && old != site)
		drop_turn(old);
	if (before)
		forget_loop(old);
	/* Not what lies before the time in which it came back alone. */
	if (old && !before && site->seen_first != loops->turns)
		drop_past(site);
	site->outside = 0;
	loops->now = site;
	loops->row_id = site->row_id;
	loops->turns++;
	vp_loops_forget_worst(loops);
	site->blocked_ns = 0;
	add_past(loops, site);
	forget_past(site);
}
