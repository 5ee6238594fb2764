/* One site: does it grow? */
#include "model/growth.h"

#include <math.h>
#include <stdlib.h>

#include "cli/xalloc.h"
#include "model/bend.h"
#include "model/queue.h"

/* Of all sites called growing, at most this part may be wrong. */
#define FALSE_DISCOVERIES 0.005
/* A site seen first in the last part of a run has no past to compare. */
#define SHARE_OF_RUN 3u
/* What rises on at less than this part of its speed is levelling off. */
#define STILL_RISING 0.3
/* Of a line the last part of the rise takes as long as the first: vr_bend.longer,
 * without the first fifth and with it, at most.  A root has 0.8 and 1.8. */
#define STRAIGHT_LATE  0.25
#define STRAIGHT_SURE  0.6 /* with its error */
#define STRAIGHT_BOTH  0.35
#define STRAIGHT_BURST 0.3
#define BENT_LATE      0.1  /* more than this, for sure, is no line */
#define EVEN_LATE      0.45 /* of what bends as little from its very start */
#define EVEN_WHOLE     0.4
#define EVEN_SURE      0.8
/* Steps: so many, all of them up, none of them most of the rise. */
#define STEPS_MIN     VR_GROWTH_STEPS_MIN
#define STEP_MOST     0.25
#define STEPS_HOPEFUL 3u
#define STEP_OVERDUE  2.5 /* times the usual distance */
/* A rise at this level may be a beginning. */
#define HOPEFUL 0.05
/* See VR_GROWTH_WORTH_BYTES. */
#define HORIZON_S	   3600.0
#define HORIZON_ITERATIONS 100000.0
/* Of the blocks that got old, this part must still live. */
#define OLD_STAY	   0.8
#define CONFIDENCE_NO_AGES 0.9

static double step_of(const struct vr_growth_facts *facts)
{
	uint32_t last = facts->points - 1;

	return (facts->at[last] - facts->at[facts->first]) / (double)(last - facts->first);
}

static double never_below(const uint32_t *blocks, uint32_t from, uint32_t last)
{
	double least = blocks[from];

	while (++from <= last)
		least = fmin(least, blocks[from]);
	return least;
}

/* Compares blocks that got old: how many live, how many were freed then.
 * Returns how sure an old block is to stay (Laplace's rule), or -1 when the
 * ages say nothing of this growth. */
static double compare_ages(const struct vr_growth_facts *facts, struct vr_growth_site *site)
{
	uint32_t last = facts->points - 1, then = last, bucket = 0;
	uint64_t quarter_us = (facts->t_ns[last] - site->since_ns) / 4000;
	double stay, risen, least = INFINITY;

	while (bucket + 1 < VPROF_LIFETIME_BUCKETS && 1ull << bucket <= quarter_us / 2)
		bucket++;
	if (!facts->age || bucket < 4)
		return -1;
	site->old_ns = 1000ull << bucket;
	for (uint32_t i = bucket + 1; i < VPROF_LIFETIME_BUCKETS; i++) {
		site->old_blocks += facts->age[i];
		site->old_freed += facts->lifetime[i];
	}
	while (then > facts->first && facts->t_ns[then] + site->old_ns > facts->t_ns[last])
		then--;
	risen = never_below(facts->blocks, then, last);
	for (uint32_t i = facts->first; i <= then; i++)
		if (facts->t_ns[i] >= site->since_ns)
			least = fmin(least, facts->blocks[i]);
	/* A few blocks that get larger say nothing by their ages. */
	if (risen < 4 * facts->weight)
		return -1;
	site->ages_known = 1;
	stay = ((double)site->old_blocks / facts->weight + 1) /
	       ((double)(site->old_blocks + site->old_freed) / facts->weight + 2);
	/* What was gained up to then must be among the old ones. */
	return (double)site->old_blocks < (risen - least) / 2 ? 0 : stay;
}

/* Not worth a word at that slope. */
static int is_small(const struct vr_growth_facts *facts, double slope)
{
	double horizon = facts->by_iteration ? HORIZON_ITERATIONS : HORIZON_S;

	return slope * fmax(horizon, facts->at[facts->points - 1]) < VR_GROWTH_WORTH_BYTES;
}

/* What is known of a site's readings, all by the step of one. */
struct readings {
	double y[VR_TREND_POINTS_MAX];
	size_t count;
	double step; /* seconds or iterations */
	struct vr_trend trend;
	struct vr_bend late, whole; /* without the first fifth, and with it */
	int falls;		    /* one was lower than the one before */
};

static double since_start(const struct readings *r)
{
	return (double)(r->count - 1) * r->step;
}

/* What rises in steps: each is up, which chance would bring about like as many
 * heads in a row.  The interval is that of the distances between steps. */
static void take_steps(const struct readings *r, struct vr_growth_site *site)
{
	double rise = r->y[r->count - 1] - r->y[0], steps = (double)r->whole.rises;
	double slope = rise / since_start(r), off, p = exp2(-steps);

	if (r->falls || r->whole.rises < STEPS_MIN || r->whole.most > STEP_MOST ||
	    2 * r->whole.rises > r->count)
		return; /* none, or too many to be called steps */
	site->steps = (uint32_t)r->whole.rises;
	if (p >= site->p)
		return;
	off = 2 * fmax(r->whole.spread / r->whole.mean, 1 / sqrt(steps)) / sqrt(steps);
	site->p = p;
	site->slope = slope;
	site->low = slope * (1 - off);
	site->high = slope * (1 + off);
	site->since_ns = 0;
}

enum course { STRAIGHT_ON, SLOWS_DOWN, NOT_CLEAR };

static enum course course_of(const struct readings *r)
{
	const struct vr_bend *late = &r->late, *whole = &r->whole;
	double sure = late->longer + late->error;

	if (!late->parts || !whole->parts)
		return NOT_CLEAR;
	if (late->longer - 2 * late->error > BENT_LATE)
		return SLOWS_DOWN;
	if (late->longer <= STRAIGHT_LATE && sure <= STRAIGHT_SURE &&
	    late->longer + whole->longer <= STRAIGHT_BOTH)
		return STRAIGHT_ON;
	/* A burst at the start, and a line from there on. */
	if (sure <= STRAIGHT_BURST && late->longer <= whole->longer / 6)
		return STRAIGHT_ON;
	if (late->longer <= EVEN_LATE && whole->longer <= EVEN_WHOLE &&
	    whole->longer + whole->error <= EVEN_SURE)
		return STRAIGHT_ON;
	return late->longer - late->error > STRAIGHT_LATE ? SLOWS_DOWN : NOT_CLEAR;
}

/* Next to nothing was added lately. */
static int levelled(const struct readings *r)
{
	return r->trend.recent < STILL_RISING * r->trend.slope || r->late.recent < STILL_RISING / 4;
}

static enum vr_growth_verdict not_yet(struct vr_growth_site *site, const char *why, double more)
{
	site->why = why;
	site->more = more;
	return VR_GROWTH_UNDECIDED;
}

/* No rise that is sure; it may be the beginning of one. */
static enum vr_growth_verdict weigh_unsure(const struct vr_growth_facts *facts,
					   const struct readings *r, int renewed,
					   struct vr_growth_site *site)
{
	double run = since_start(r), rise = r->y[r->count - 1] - r->y[0];
	size_t steps = r->whole.rises, last = r->count - 1;

	if (rise <= 0 || is_small(facts, rise / run))
		return VR_GROWTH_FLAT;
	while (last && r->y[last - 1] >= r->y[r->count - 1])
		last--;
	if (!r->falls && steps >= STEPS_HOPEFUL && steps < STEPS_MIN &&
	    (double)(r->count - 1 - last) < STEP_OVERDUE * (double)last / (double)steps)
		return not_yet(site, "rises in steps, of which there are few yet",
			       (double)(STEPS_MIN - steps) * run / (double)steps);
	if (r->trend.p < HOPEFUL && !levelled(r) && course_of(r) != SLOWS_DOWN && !renewed)
		return not_yet(site, "rises, but by what chance might explain", run);
	return VR_GROWTH_FLAT;
}

/* Most of what was allocated has gone again. */
static int lets_go(const struct vr_growth_facts *facts)
{
	uint32_t last = facts->points - 1;
	uint64_t made = facts->checkpoint[facts->points / VPROF_SERIES_CHECKPOINT_EVERY - 1];

	return facts->blocks[last] >= 4 && facts->blocks[last] < made / 2;
}

static enum vr_growth_verdict weigh(const struct vr_growth_facts *facts, const struct readings *r,
				    struct vr_growth_site *site)
{
	double stay, run = since_start(r);
	int renewed, queue;

	stay = compare_ages(facts, site);
	queue = vr_queue_grows(facts, &site->stay);
	/* Of a process that was killed nobody counted the ages. */
	renewed = stay >= 0 ? stay < OLD_STAY : !facts->age && queue == 0 && lets_go(facts);
	site->queue = renewed && queue > 0;
	if (site->p > FALSE_DISCOVERIES || site->low <= 0)
		return weigh_unsure(facts, r, renewed && !site->queue, site);
	site->confidence = stay < 0 ? CONFIDENCE_NO_AGES : stay;
	if (levelled(r))
		return VR_GROWTH_LEVELS;
	if (renewed && !site->queue)
		return VR_GROWTH_RENEWED;
	if (site->queue)
		site->confidence = CONFIDENCE_NO_AGES;
	if (is_small(facts, site->low))
		return VR_GROWTH_SMALL;
	switch (course_of(r)) {
	case SLOWS_DOWN:
		return not_yet(site, "rises, but more and more slowly", run);
	case NOT_CLEAR:
		return not_yet(site, "rises, but too unevenly to say whether it slows down", run);
	case STRAIGHT_ON:
		break;
	}
	if (site->queue)
		site->why = "live bytes rise steadily: blocks wait longer and longer to be freed";
	else if (site->steps)
		site->why = "live bytes rise steadily, in steps none of which is taken back";
	return VR_GROWTH_GROWING;
}

static int read_site(const struct vr_growth_facts *facts, struct readings *r)
{
	uint32_t last = facts->points - 1;
	const double *at = facts->at + facts->first;
	size_t late = 0;
	double grain = 0;

	r->count = facts->points - facts->first;
	r->falls = 0;
	for (uint32_t i = 0; i < r->count; i++) {
		r->y[i] = (double)facts->bytes[facts->first + i];
		r->falls |= i && r->y[i] < r->y[i - 1];
	}
	if (facts->blocks[last])
		grain = r->y[r->count - 1] / facts->blocks[last];
	r->step = step_of(facts);
	if (!(r->step > 0) || vr_trend_of(r->y, r->count, grain, &r->trend) != 0)
		return 0;
	while (late + 2 < r->count && at[late] < at[0] + (at[r->count - 1] - at[0]) / 5)
		late++;
	r->whole = vr_bend_of(r->y, at, r->count, 0);
	r->late = vr_bend_of(r->y, at, r->count, late);
	return 1;
}

void vr_growth_examine(const struct vr_growth_facts *facts, struct vr_growth_site *site)
{
	uint32_t own = facts->points - facts->first, last = facts->points - 1;
	uint32_t least = facts->by_iteration ? VR_GROWTH_ITERATIONS_MIN : VR_GROWTH_POINTS_MIN;
	struct readings r;

	site->bytes = facts->bytes;
	site->first = facts->first;
	site->p = 1;
	site->verdict = VR_GROWTH_TOO_SHORT;
	if (own > 1 && (own < least || own < facts->points / SHARE_OF_RUN))
		site->more =
		    fmax((double)least - own, facts->points / 2.0 - 1.5 * own) * step_of(facts);
	if (own < least || own < facts->points / SHARE_OF_RUN)
		return;
	site->verdict = VR_GROWTH_FLAT;
	if (!read_site(facts, &r))
		return;
	site->p = r.trend.p;
	site->slope = r.trend.slope / r.step;
	site->low = r.trend.low / r.step;
	site->high = r.trend.high / r.step;
	site->since_ns = facts->t_ns[facts->first + r.trend.from];
	site->run = since_start(&r);
	take_steps(&r, site);
	site->floor_bytes = facts->bytes[last];
	for (uint32_t i = (uint32_t)(last + 1 - r.trend.fold); i <= last; i++)
		if (facts->bytes[i] < site->floor_bytes)
			site->floor_bytes = facts->bytes[i];
	site->verdict = weigh(facts, &r, site);
	if (site->slope > 0)
		site->doubling = (double)site->floor_bytes / site->slope;
}

void vr_growth_conclude(struct vr_growth_site *site, size_t sites)
{
	double *p = vr_xcalloc(sites ? sites : 1, sizeof(*p));
	size_t judged = 0;

	for (size_t i = 0; i < sites; i++)
		if (site[i].verdict != VR_GROWTH_TOO_SHORT)
			p[judged++] = site[i].p;
	vr_fdr_adjust(p, judged);
	judged = 0;
	for (size_t i = 0; i < sites; i++) {
		struct vr_growth_site *s = &site[i];

		if (s->verdict == VR_GROWTH_TOO_SHORT)
			continue;
		s->p = p[judged++];
		if (s->p > FALSE_DISCOVERIES && s->verdict == VR_GROWTH_GROWING)
			s->verdict =
			    not_yet(s, "rises, but so do some of as many sites by chance", s->run);
		else if (s->p > FALSE_DISCOVERIES && s->verdict != VR_GROWTH_UNDECIDED)
			s->verdict = VR_GROWTH_FLAT;
		s->confidence = s->verdict == VR_GROWTH_GROWING ? s->confidence * (1 - s->p) : 0;
		if (s->verdict == VR_GROWTH_FLAT)
			s->slope = s->low = s->high = s->doubling = 0;
	}
	free(p);
}
