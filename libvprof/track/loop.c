#include "track/loop.h"

#include <string.h>

/* Returns of a wait that did not sleep and is not for one of many, as those of a recv that
 * only looks, after which it is a loop: many more than what one iteration of another loop
 * may have of them. */
#define QUICK_FIRST 1024u
/* The same of one that sleeps, where a wait for one of many stands in the same frame: that is
 * to be found first. */
#define OUTRANKED_FIRST (16u * VP_LOOP_FIRST)
/* An iteration that lasts so long, while a wait within it comes back again and again, is a
 * loop that was not left by a return: the inner one is the loop from then on. */
#define PATIENCE_NS	  10000000000ull
#define PATIENCE_PACED_NS 1000000000ull
/* Stacks that are not the thread's own are the same one if no further apart. */
#define NEAR (1u << 20)

enum relation { DEEPER, SAME, HIGHER };

static int own(const struct vp_loops *loops, uint64_t sp)
{
	return sp - loops->stack_lo < loops->stack_hi - loops->stack_lo;
}

/* Where sp is, seen from the wait of a loop. */
static enum relation relation(const struct vp_loops *loops, uint64_t sp, const struct vp_loop *to)
{
	uint64_t apart = sp > to->sp ? sp - to->sp : to->sp - sp;
	int mine = own(loops, sp);

	if (!to->sp || mine != own(loops, to->sp) || (!mine && apart > NEAR))
		return DEEPER;
	return sp == to->sp ? SAME : sp < to->sp ? DEEPER : HIGHER;
}

static void forget_past(struct vp_loop *site)
{
	site->returns = site->quick = 0;
	site->past.first_ns = 0;
	site->past.idle_ns = 0;
	site->past.iterations = site->past.waits = site->past.inside = 0;
}

static void drop_turn(struct vp_loop *loop)
{
	loop->back_ns = loop->wait_ns = 0;
	loop->outside = 0;
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

/* The innermost of the loops that gave their place to one inside. */
static struct vp_loop *next_out(struct vp_loops *loops)
{
	struct vp_loop *next = NULL;

	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		struct vp_loop *site = &loops->site[i];

		if (site->outside && (!next || site->sp < next->sp))
			next = site;
	}
	return next;
}

/* Whoever calls from higher up has left the loop, and is in an iteration of the one around
 * it, if there is one. */
static void leave(struct vp_loops *loops, uint64_t sp)
{
	while (loops->now && relation(loops, sp, loops->now) == HIGHER) {
		struct vp_loop *out = next_out(loops);

		drop_turn(loops->now);
		if (!out)
			return;
		out->outside = 0;
		loops->now = out;
		loops->row_id = out->row_id;
		loops->turns++;
	}
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
	oldest->object = at->object;
	oldest->rank = (uint8_t)at->rank;
	return oldest;
}

/* A wait begins here: frames below have returned, and of the waits in one frame the first
 * of the highest rank is the loop's. */
static void reset_lesser(struct vp_loops *loops, const struct vp_loop_at *at)
{
	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		struct vp_loop *site = &loops->site[i];
		enum relation seen;

		if (!site->pc || !site->sp || site == loops->now || site->outside)
			continue;
		seen = relation(loops, at->sp, site);
		if (seen == HIGHER || (seen == SAME && site->rank < at->rank)) {
			drop_turn(site);
			forget_past(site);
		}
	}
}

/* As vp_loop_turn(), of a site that is not the loop. */
static void past_turn(struct vp_loop *site, uint64_t limit_ns, uint64_t now)
{
	struct vp_loop_past *past = &site->past;
	uint64_t ns = now > site->back_ns ? now - site->back_ns : 0;

	if (!site->back_ns || !past->first_ns)
		return;
	if (past->iterations == VP_LOOP_FIRST) /* all of it, or what adds up to nothing */
		past->first_ns = past->idle_ns = 0;
	if (site->empty && ns < (limit_ns ? VP_LOOP_LOOKED_NS : VP_LOOP_SPIN_NS)) {
		past->spin_ns += site->lasted_ns + ns;
		past->spins++;
	} else if (past->first_ns) {
		past->waits_ns[past->iterations] = site->lasted_ns;
		past->begin_ns[past->iterations] = site->back_ns;
		past->end_ns[past->iterations++] = now;
	}
	past->last_ns = now;
}

/* Whoever looked at the same thing a moment ago, without waiting, waits now. */
static int is_second_look(const struct vp_loop *loop, const struct vp_loop_at *at, uint64_t now)
{
	return loop->back_ns && loop->empty && at->object && at->object == loop->object &&
	       at->sp == loop->sp && now - loop->back_ns < VP_LOOP_LOOKED_NS;
}

static enum vp_loop_where begin(struct vp_loops *loops, const struct vp_loop_at *at,
				uint64_t limit_ns, uint64_t now, struct vp_loop **at_site)
{
	struct vp_loop *loop, *site;
	int inside;

	if (loops->pauses != vp_control.pauses)
		vp_loops_drop(loops);
	leave(loops, at->sp);
	loop = loops->now;
	site = at->rank ? find(loops, at) : NULL;
	if (at->rank && loop && (site == loop || is_second_look(loop, at, now))) {
		if (loop->back_ns)
			vp_loop_turn(loops, loop, limit_ns, now);
		loop->back_ns = 0;
		loop->wait_ns = now;
		*at_site = loop;
		return VP_LOOP_OWN;
	}
	inside = loop && loop->back_ns && relation(loops, at->sp, loop) != HIGHER;
	if (at->rank) {
		reset_lesser(loops, at);
		site = site ? site : new_site(loops, at);
		if (site) {
			past_turn(site, limit_ns, now);
			site->back_ns = 0;
			site->wait_ns = now;
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

	if (!result->timed_out || !result->limit_ns || result->limit_ns == VP_LOOP_NO_LIMIT)
		return;
	ns = result->end_ns > due ? result->end_ns - due : 0;
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

/* 1: the site has come back often enough, without the loop's wait in between. */
static int count_return(const struct vp_loops *loops, struct vp_loop *site, int slept, int nothing)
{
	const struct vp_loop *loop = loops->now;
	int outranks = loop && site->rank > loop->rank && site->sp &&
		       relation(loops, site->sp, loop) != DEEPER;

	if (site->seen != loops->turns && !outranks)
		forget_past(site);
	site->seen = loops->turns;
	/* One that has slept before may have found that something had come meanwhile. */
	if (slept || site->rank == VP_LOOP_MULTI || (site->past.idle_ns && !nothing)) {
		site->returns++;
		return site->returns % VP_LOOP_FIRST == 0 &&
		       (site->returns >= OUTRANKED_FIRST || !is_outranked(loops, site));
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
	int slept = result->slept && result->limit_ns;
	int due = count_return(loops, site, slept, result->nothing);

	if (!past->first_ns) {
		memset(past, 0, sizeof(*past));
		past->first_ns = result->begin_ns;
	}
	past->idle_ns += slept ? ns : 0;
	past->events += result->events;
	past->bytes += result->bytes;
	past->waits++;
	past->waited_ns += ns;
	past->inside += site->inside;
	past->inside_ns += site->inside ? ns : 0;
	past->last_ns = site->back_ns = result->end_ns;
	site->wait_ns = 0;
	site->lasted_ns = slept ? 0 : ns;
	site->empty = !slept && result->nothing;
	return due && !site->refused;
}

static int end(struct vp_loops *loops, struct vp_loop *site, const struct vp_loop_at *at,
	       const struct vp_loop_result *result)
{
	struct vp_loop_result rest = *result;

	if (loops->pauses != vp_control.pauses)
		vp_loops_drop(loops);
	/* A handler that ran during the wait may have put another in its place. */
	if (!site->wait_ns || (site != loops->now && site->pc != at->pc))
		return 0;
	if (site != loops->now)
		return end_other(loops, site, result);
	count_delay(site->row, result);
	rest.timed_out = 0;
	return vp_loop_end(loops, site, at, &rest);
}

int vp_loop_end_slow(struct vp_loops *loops, struct vp_loop *site, const struct vp_loop_at *at,
		     const struct vp_loop_result *result)
{
	int entered = vp_busy_enter();
	int due = end(loops, site, at, result);

	if (entered)
		vp_busy_leave();
	return due;
}

int vp_loop_takes_over(const struct vp_loops *loops, const struct vp_loop *site, int gone,
		       uint64_t now)
{
	const struct vp_loop *loop = loops->now;
	uint64_t since, patience;

	if (!loop || gone || loop == site)
		return 1;
	if (!site->sp || relation(loops, site->sp, loop) != DEEPER)
		return 1;
	since = loop->back_ns ? loop->back_ns : loop->wait_ns;
	patience = loop->rank < site->rank && loop->rank == VP_LOOP_PACED ? PATIENCE_PACED_NS
									  : PATIENCE_NS;
	return !since || now - since >= patience;
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
	for (uint32_t i = 0; i < past->iterations; i++) {
		row->busy_ns += past->waits_ns[i];
		vp_loop_count(loops, site, past->begin_ns[i], past->end_ns[i]);
	}
	row->last_ns = past->last_ns;
	row->now_ns = site->back_ns;
}

void vp_loop_take(struct vp_loops *loops, struct vp_loop *site, int gone)
{
	struct vp_loop *old = loops->now;

	if (old && old != site) {
		/* An iteration of a loop that waits for others goes on: it counts if the
		 * program comes back to its wait. */
		int stays = !gone && site->sp && old->sp && old->back_ns &&
			    old->rank > VP_LOOP_PACED && relation(loops, site->sp, old) == DEEPER;

		if (stays)
			old->outside = 1;
		else
			drop_turn(old);
	}
	for (uint32_t i = 0; i < VP_LOOP_SITES; i++) {
		struct vp_loop *other = &loops->site[i];

		if (other->outside &&
		    (gone || other == site || relation(loops, site->sp, other) != DEEPER))
			drop_turn(other);
	}
	loops->now = site;
	loops->row_id = site->row_id;
	loops->turns++;
	loops->worst.ns = 0;
	site->blocked_ns = 0;
	add_past(loops, site);
	forget_past(site);
}

void vp_loop_count(struct vp_loops *loops, struct vp_loop *loop, uint64_t begin, uint64_t end)
{
	struct vprof_loop *row = loop->row;
	uint64_t ns = end > begin ? end - begin : 0;

	(void)loops;
	row->iterations++;
	row->busy_ns += ns;
	row->blocked_ns += loop->blocked_ns < ns ? loop->blocked_ns : ns;
	row->histogram[vprof_histogram_bucket(ns, VPROF_LOOP_UNIT_BITS, VPROF_LOOP_SUB_BITS,
					      VPROF_LOOP_BUCKETS)]++;
	if (ns > row->max_ns) {
		row->max_ns = ns;
		row->max_at_ns = begin;
	}
}
