#include "model/tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"

#define PRESENT	       0.05 /* of what a slow unit took longer */
#define EXPLAINS       0.5  /* of that */
#define ALIKE	       1.5  /* a cause has more than this times its share of ordinary units */
#define SHARE_LEAST    0.05 /* ... and more than this */
#define ODDS_LEAST     2.0  /* it is more often in slow ones by this, */
#define LARGER_LEAST   2.0  /* or larger by this */
#define DISCOVERIES    0.05 /* rate of false ones (Benjamini and Hochberg) */
#define PRESENT_LEAST  3u   /* slow units with it */
#define ORDINARY_LEAST 20u  /* fewer ordinary units are no controls */
#define HALVES_LEAST   20u  /* slow units from which on one half chooses, the other estimates */
#define WORK_SHARE     0.5  /* of the excess: then it was more work */
#define WORK_UNITS     20u
#define WORK_SURE      3.0 /* standard errors of the slope */
#define ALIKE_OFF      0.25
#define NOT_YOURS      0.3

struct analysis {
	const struct vr_tail_accounts *accounts;
	struct vr_tail_answer *answer;
	struct vr_tail_means means;   /* of all slow ones */
	uint8_t *left;		      /* slow units that no cause explains yet */
	uint8_t *chooses, *estimates; /* the halves of those */
	struct vr_tail_share *share;  /* room for one of each component */
	double *chance;
};

static double ns_of(const struct vr_tail_accounts *accounts, size_t unit, size_t component)
{
	return accounts->ns[unit * accounts->components + component];
}

/* --- presence ---------------------------------------------------------------- */

/* How often a component is in the slow units that are meant, and in ordinary ones. */
static void set_presence(const struct analysis *a, const uint8_t *slow, struct vr_tail_share *share)
{
	const struct vr_tail_accounts *accounts = a->accounts;
	double excess = a->means.slow_ns - a->means.ordinary_ns, sum_slow = 0, sum_ordinary = 0;
	size_t slow_count = 0, ordinary = 0;

	share->slow_with = share->ordinary_with = 0;
	for (size_t i = 0; i < accounts->units; i++) {
		const struct vr_tail_unit *unit = &accounts->unit[i];
		double ns = ns_of(accounts, i, share->component);
		double longer = unit->ns - a->means.ordinary_ns;

		if (slow[i]) {
			slow_count++;
			if (ns > 0 && ns >= PRESENT * longer) {
				share->slow_with++;
				sum_slow += ns;
			}
		} else if (unit->group == VR_TAIL_ORDINARY) {
			ordinary++;
			if (ns > 0 && ns >= PRESENT * excess) {
				share->ordinary_with++;
				sum_ordinary += ns;
			}
		}
	}
	vr_odds_ratio((double)share->slow_with, (double)(slow_count - share->slow_with),
		      (double)share->ordinary_with, (double)(ordinary - share->ordinary_with),
		      &share->odds_low, &share->odds_high);
	share->chance = vr_fisher(share->slow_with, slow_count,
				  share->slow_with + share->ordinary_with, slow_count + ordinary);
	share->larger = 0;
	if (share->slow_with && share->ordinary_with)
		share->larger = sum_slow / (double)share->slow_with * (double)share->ordinary_with /
				sum_ordinary;
}

/* --- shares ------------------------------------------------------------------ */

static int by_share(const void *x, const void *y)
{
	const struct vr_tail_share *a = x, *b = y;

	if (a->share != b->share)
		return a->share > b->share ? -1 : 1;
	return a->component < b->component ? -1 : a->component > b->component;
}

/* Of all components, the largest first; without bounds and presence. */
static void set_shares(const struct vr_tail_means *means, size_t components,
		       struct vr_tail_share *share)
{
	double excess = means->slow_ns - means->ordinary_ns;

	for (size_t c = 0; c < components; c++) {
		double more = means->slow[c] - means->ordinary[c];

		share[c] = (struct vr_tail_share){
		    .component = c,
		    .slow_ns = means->slow[c],
		    .ordinary_ns = means->ordinary[c],
		    .share = excess > 0 ? more / excess : 0,
		    .ordinary_share =
			means->ordinary_ns > 0 ? means->ordinary[c] / means->ordinary_ns : 0};
	}
	qsort(share, components, sizeof(*share), by_share);
}

static void shares_of(const struct analysis *a, const uint8_t *slow, struct vr_tail_share *share)
{
	struct vr_tail_sample sample = {a->accounts, slow};
	struct vr_tail_means means;

	vr_tail_means_of(&sample, &means);
	set_shares(&means, a->accounts->components, share);
	vr_tail_means_done(&means);
}

/* One component's share of these units' excess, with its interval. */
static struct vr_tail_share bounded_share(const struct analysis *a, const uint8_t *slow,
					  size_t component)
{
	struct vr_tail_sample sample = {a->accounts, slow};
	struct vr_tail_share found;
	size_t i = 0;

	shares_of(a, slow, a->share);
	while (a->share[i].component != component)
		i++;
	found = a->share[i];
	vr_tail_bound(&sample, &found, 1);
	return found;
}

/* --- causes ------------------------------------------------------------------ */

/* Every other unit chooses, the rest estimates; of few units all do both. */
static void halve(const struct analysis *a, const uint8_t *of)
{
	size_t count = 0, n = 0;

	for (size_t i = 0; i < a->accounts->units; i++)
		count += of[i];
	for (size_t i = 0; i < a->accounts->units; i++) {
		int odd = of[i] && n % 2;

		n += of[i];
		a->chooses[i] = of[i] && (!odd || count < HALVES_LEAST);
		a->estimates[i] = of[i] && (odd || count < HALVES_LEAST);
	}
}

/* More than "more of the same". */
static int stands_out(const struct vr_tail_share *share)
{
	double least = ALIKE * share->ordinary_share;

	if (!share->bounded || share->low <= (least > SHARE_LEAST ? least : SHARE_LEAST))
		return 0;
	return share->odds_low > ODDS_LEAST || share->larger >= LARGER_LEAST;
}

static int is_explained(const struct analysis *a, size_t unit, size_t component)
{
	double longer = a->accounts->unit[unit].ns - a->means.ordinary_ns;

	return longer > 0 && ns_of(a->accounts, unit, component) - a->means.ordinary[component] >=
				 EXPLAINS * longer;
}

static size_t count_explained(const struct analysis *a, size_t component)
{
	size_t count = 0;

	for (size_t i = 0; i < a->accounts->units; i++)
		count += a->left[i] && is_explained(a, i, component);
	return count;
}

/* The largest p that is no chance find among all that are present often enough. */
static double chance_most(const struct analysis *a, const struct vr_tail_share *share)
{
	size_t n = 0;

	for (size_t c = 0; c < a->accounts->components; c++) {
		struct vr_tail_share one = share[c];

		if (one.share <= 0)
			break;
		set_presence(a, a->left, &one);
		if (one.slow_with >= PRESENT_LEAST)
			a->chance[n++] = one.chance;
	}
	return vr_discoveries(a->chance, n, DISCOVERIES);
}

/* Is it one?  Fills `cause`. */
static int try_cause(const struct analysis *a, size_t component, double chance,
		     struct vr_tail_cause *cause)
{
	struct vr_tail_share here = {.component = component};

	set_presence(a, a->left, &here);
	cause->explains = count_explained(a, component);
	if (here.slow_with < PRESENT_LEAST || here.chance > chance || !cause->explains)
		return 0;
	if (a->answer->slow >= VR_TAIL_FEW) {
		struct vr_tail_share share = bounded_share(a, a->estimates, component);

		share.odds_low = here.odds_low;
		share.larger = here.larger;
		if (!stands_out(&share))
			return 0;
	} else if (here.odds_low <= ODDS_LEAST && here.larger < LARGER_LEAST) {
		return 0;
	}
	return 1;
}

/* What of all the excess it is: the half that did not choose it has confirmed it. */
static void finish_cause(struct analysis *a, struct vr_tail_cause *cause, size_t component,
			 const uint8_t *all)
{
	cause->share = bounded_share(a, all, component);
	set_presence(a, all, &cause->share);
	for (size_t i = 0; i < a->accounts->units; i++)
		if (a->left[i] && is_explained(a, i, component))
			a->left[i] = 0;
}

/* Returns 0 where nothing of what is left stands out. */
static int find_cause(struct analysis *a, const uint8_t *all, struct vr_tail_share *order)
{
	struct vr_tail_cause *cause = &a->answer->cause[a->answer->causes];
	double chance;

	halve(a, a->left);
	shares_of(a, a->chooses, order);
	chance = chance_most(a, order);
	for (size_t c = 0; c < a->accounts->components && c < VR_TAIL_BOUNDED; c++) {
		if (order[c].share <= 0)
			return 0;
		if (!try_cause(a, order[c].component, chance, cause))
			continue;
		finish_cause(a, cause, order[c].component, all);
		a->answer->causes++;
		return 1;
	}
	return 0;
}

static int by_cause(const void *x, const void *y)
{
	const struct vr_tail_cause *a = x, *b = y;

	return by_share(&a->share, &b->share);
}

static void find_causes(struct analysis *a, const uint8_t *all)
{
	struct vr_tail_share *order = vr_xcalloc(a->accounts->components + 1, sizeof(*order));

	while (a->answer->causes < VR_TAIL_CAUSES_MOST && find_cause(a, all, order))
		;
	for (size_t i = 0; i < a->accounts->units; i++)
		a->answer->unexplained += a->left[i];
	qsort(a->answer->cause, a->answer->causes, sizeof(*a->answer->cause), by_cause);
	free(order);
}

/* --- more work --------------------------------------------------------------- */

/* The line through what units that were not slow took, by size. */
struct line {
	size_t count;
	double w, x, y, xx, xy, yy;
};

static double slope_of(const struct line *line)
{
	double mean_x = line->x / line->w, mean_y = line->y / line->w;
	double xx = line->xx / line->w - mean_x * mean_x;
	double xy = line->xy / line->w - mean_x * mean_y;
	double yy = line->yy / line->w - mean_y * mean_y;
	double slope, rest;

	if (line->count < WORK_UNITS || !(xx > 1e-12 * (1 + mean_x * mean_x)))
		return 0;
	slope = xy / xx;
	rest = yy - slope * xy;
	rest = sqrt((rest > 0 ? rest : 0) / xx / (double)(line->count - 2));
	return slope > WORK_SURE * rest ? slope : 0;
}

static void fit(const struct vr_tail_accounts *accounts, enum vr_tail_size by, struct line *line)
{
	*line = (struct line){0};
	for (size_t i = 0; i < accounts->units; i++) {
		const struct vr_tail_unit *unit = &accounts->unit[i];
		double x = unit->size[by], w = unit->weight;

		if (unit->group == VR_TAIL_SLOW || unit->group == VR_TAIL_LEFT_OUT || !(w > 0))
			continue;
		line->count++;
		line->w += w;
		line->x += w * x;
		line->y += w * unit->ns;
		line->xx += w * x * x;
		line->xy += w * x * unit->ns;
		line->yy += w * unit->ns * unit->ns;
	}
}

static void look_at_work(struct analysis *a, enum vr_tail_size by)
{
	const struct vr_tail_accounts *accounts = a->accounts;
	double slow = 0, ordinary = 0, longer = 0, expected = 0, slope, weight = 0;
	struct line line;

	fit(accounts, by, &line);
	slope = line.w > 0 ? slope_of(&line) : 0;
	for (size_t i = 0; i < accounts->units; i++) {
		const struct vr_tail_unit *unit = &accounts->unit[i];

		weight += unit->group == VR_TAIL_ORDINARY ? unit->weight : 0;
		ordinary += unit->group == VR_TAIL_ORDINARY ? unit->weight * unit->size[by] : 0;
	}
	ordinary /= weight;
	for (size_t i = 0; i < accounts->units; i++) {
		const struct vr_tail_unit *unit = &accounts->unit[i];
		double more = unit->ns - a->means.ordinary_ns, by_size;

		if (unit->group != VR_TAIL_SLOW)
			continue;
		by_size = slope * (unit->size[by] - ordinary);
		by_size = by_size > 0 ? by_size : 0;
		slow += unit->weight * unit->size[by];
		longer += unit->weight * more;
		expected += unit->weight * (by_size < more ? by_size : more);
	}
	if (!(longer > 0) || expected / longer <= a->answer->work.share)
		return;
	a->answer->work.by = by;
	a->answer->work.share = expected / longer;
	a->answer->work.slow = slow / a->means.slow_weight;
	a->answer->work.ordinary = ordinary;
}

/* --- the verdict ------------------------------------------------------------- */

/* How far the excess is from what ordinary units are made of: 0 the same, 1 nothing of it. */
static double unlikeness(const struct vr_tail_answer *answer)
{
	double off = 0;

	for (size_t c = 0; c < answer->shares; c++)
		off += fabs(answer->share[c].share - answer->share[c].ordinary_share) / 2;
	return off;
}

static enum vr_tail_verdict verdict_of(const struct analysis *a)
{
	const struct vr_tail_answer *answer = a->answer;
	double outside = 0;

	for (size_t i = 0; i < answer->causes; i++)
		if (!a->accounts->component[answer->cause[i].share.component].outside)
			return VR_TAIL_CAUSES;
	for (size_t c = 0; c < answer->shares; c++)
		if (a->accounts->component[answer->share[c].component].outside)
			outside += answer->share[c].share;
	if (answer->causes && outside >= NOT_YOURS)
		return VR_TAIL_NOT_YOURS;
	if (answer->causes)
		return VR_TAIL_CAUSES;
	return unlikeness(answer) < ALIKE_OFF ? VR_TAIL_ALIKE : VR_TAIL_NONE;
}

static void bound_shares(struct analysis *a, const uint8_t *all)
{
	struct vr_tail_answer *answer = a->answer;
	struct vr_tail_sample sample = {a->accounts, all};
	size_t bounded = answer->shares < VR_TAIL_BOUNDED ? answer->shares : VR_TAIL_BOUNDED;

	if (answer->slow >= VR_TAIL_FEW)
		vr_tail_bound(&sample, answer->share, bounded);
	for (size_t c = 0; c < answer->shares; c++)
		set_presence(a, all, &answer->share[c]);
}

/* There are slow units, and ordinary ones to compare them with. */
static void compare(struct analysis *a, const uint8_t *all)
{
	struct vr_tail_answer *answer = a->answer;

	set_shares(&a->means, answer->shares, answer->share);
	bound_shares(a, all);
	for (int by = 0; by < VR_TAIL_SIZES; by++)
		look_at_work(a, (enum vr_tail_size)by);
	memcpy(a->left, all, a->accounts->units);
	if (answer->work.share > WORK_SHARE) {
		answer->verdict = VR_TAIL_MORE_WORK;
		answer->unexplained = answer->slow;
		return;
	}
	find_causes(a, all);
	answer->verdict = verdict_of(a);
}

static void count_groups(const struct vr_tail_accounts *accounts, struct vr_tail_answer *answer,
			 uint8_t *slow)
{
	for (size_t i = 0; i < accounts->units; i++) {
		slow[i] = accounts->unit[i].group == VR_TAIL_SLOW;
		answer->slow += slow[i];
		answer->slow_all += slow[i] || accounts->unit[i].group == VR_TAIL_LEFT_OUT
					? accounts->unit[i].weight
					: 0;
		answer->ordinary += accounts->unit[i].group == VR_TAIL_ORDINARY;
	}
}

void vr_tail_analyse(const struct vr_tail_accounts *accounts, struct vr_tail_answer *answer)
{
	size_t units = accounts->units, components = accounts->components;
	uint8_t *all = vr_xcalloc(units + 1, 1);
	struct analysis a = {.accounts = accounts,
			     .answer = answer,
			     .left = vr_xcalloc(units + 1, 1),
			     .chooses = vr_xcalloc(units + 1, 1),
			     .estimates = vr_xcalloc(units + 1, 1),
			     .share = vr_xcalloc(components + 1, sizeof(*a.share)),
			     .chance = vr_xcalloc(components + 1, sizeof(*a.chance))};
	struct vr_tail_sample sample = {accounts, all};

	*answer = (struct vr_tail_answer){.verdict = VR_TAIL_NO_SLOW, .shares = components};
	answer->share = vr_xcalloc(components + 1, sizeof(*answer->share));
	count_groups(accounts, answer, all);
	vr_tail_means_of(&sample, &a.means);
	answer->slow_ns = a.means.slow_ns;
	answer->ordinary_ns = a.means.ordinary_ns;
	if (answer->slow && answer->ordinary < ORDINARY_LEAST)
		answer->verdict = VR_TAIL_NO_CONTROLS;
	else if (answer->slow)
		compare(&a, all);
	vr_tail_means_done(&a.means);
	free(a.left);
	free(a.chooses);
	free(a.estimates);
	free(a.share);
	free(a.chance);
	free(all);
}

void vr_tail_answer_done(struct vr_tail_answer *answer)
{
	free(answer->share);
}
