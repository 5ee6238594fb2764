/* What the slow units of a loop or span have that ordinary ones have not (docs/tail.md).
 *
 * A unit's time is a sum of components; the excess of slow ones over ordinary ones is then a sum
 * over components too.  Nothing here knows of files, stacks or names. */
#ifndef VR_TAIL_H
#define VR_TAIL_H

#include <stddef.h>
#include <stdint.h>

enum vr_tail_group {
	VR_TAIL_OTHER, /* neither: between ordinary and slow, or faster than ordinary */
	VR_TAIL_ORDINARY,
	VR_TAIL_SLOW,
	VR_TAIL_LEFT_OUT /* slow, and one of a few that stand for many */
};

/* What a unit handled: it may be why it took long. */
enum vr_tail_size { VR_TAIL_EVENTS, VR_TAIL_BYTES, VR_TAIL_SPAN_SIZE, VR_TAIL_SIZES };

struct vr_tail_unit {
	uint64_t begin_ns;
	double ns;
	double weight; /* so many units it stands for */
	double size[VR_TAIL_SIZES];
	enum vr_tail_group group;
};

struct vr_tail_component {
	int outside; /* nothing that the program does makes it so */
	int sampled; /* its time is estimated: so many CPU samples were of it in slow units */
	double samples;
};

/* Units in the order of time; those of weight 0 are only looked at. */
struct vr_tail_accounts {
	struct vr_tail_unit *unit;
	size_t units;
	struct vr_tail_component *component;
	size_t components;
	double *ns; /* ns[unit * components + component] */
};

/* Of one component; shares are of the excess, 0 to 1, negative where it is shorter in slow
 * units. */
struct vr_tail_share {
	size_t component;
	double slow_ns, ordinary_ns; /* a unit, on average */
	double share, low, high;     /* low, high: 95 %; known where bounded */
	int bounded;
	double ordinary_share; /* of an ordinary unit's time */
	/* Units it is present in: it has 5 % of what a slow unit took longer. */
	size_t slow_with, ordinary_with;
	double odds_low, odds_high; /* of the odds ratio */
	double chance;		    /* that it is as often in slow ones by chance (Fisher) */
	double larger;		    /* times it is larger where present in slow ones */
};

struct vr_tail_cause {
	struct vr_tail_share share;
	size_t explains; /* slow units of which it is half of the excess, without earlier ones */
};

enum vr_tail_verdict {
	VR_TAIL_CAUSES,	     /* there are some, and at least one is the program's */
	VR_TAIL_NOT_YOURS,   /* all there are come from outside */
	VR_TAIL_MORE_WORK,   /* slow ones had more to do */
	VR_TAIL_ALIKE,	     /* they did as the others, and took longer with everything */
	VR_TAIL_NONE,	     /* nothing stands out */
	VR_TAIL_NO_CONTROLS, /* too few ordinary ones to compare with */
	VR_TAIL_NO_SLOW	     /* there is none */
};

#define VR_TAIL_CAUSES_MOST 5u
#define VR_TAIL_FEW	    20u /* fewer slow units: counts, no shares of a population */
#define VR_TAIL_BOUNDED	    16u /* components that have an interval, the largest */

struct vr_tail_answer {
	enum vr_tail_verdict verdict;
	size_t slow, ordinary;
	double slow_all;	     /* that there were, kept or not */
	double slow_ns, ordinary_ns; /* a unit, on average */
	struct vr_tail_share *share; /* of all components, the largest first */
	size_t shares;
	struct vr_tail_cause cause[VR_TAIL_CAUSES_MOST];
	size_t causes;
	size_t unexplained;
	/* The work they had: which size, how much of the excess it is. */
	struct {
		enum vr_tail_size by;
		double slow, ordinary; /* a unit, on average */
		double share; /* of the excess that ordinary units of that size have, too */
	} work;
};

/* The time below which a unit is with this chance, 0 to 1, by the weights of units. */
double vr_tail_quantile(const struct vr_tail_accounts *accounts, double share);
/* Ordinary: from the first quartile to the third; slow: above slow_ns, where that is higher.
 * Of slow ones that were not all kept, those few that stand for many others are left out. */
void vr_tail_set_groups(struct vr_tail_accounts *accounts, double slow_ns);

/* For vr_tail_answer_done(). */
void vr_tail_analyse(const struct vr_tail_accounts *accounts, struct vr_tail_answer *answer);
void vr_tail_answer_done(struct vr_tail_answer *answer);

/* --- tail_boot.c ----------------------------------------------------------------- */

/* Which units count: those of `slow` that are 1, and all ordinary ones. */
struct vr_tail_sample {
	const struct vr_tail_accounts *accounts;
	const uint8_t *slow; /* one for each unit */
};

struct vr_tail_means {
	double slow_weight, ordinary_weight;
	double slow_ns, ordinary_ns;
	double *slow, *ordinary; /* of each component */
};
void vr_tail_means_of(const struct vr_tail_sample *sample, struct vr_tail_means *means);
void vr_tail_means_done(struct vr_tail_means *means);

/* Fills low and high of shares, which have their components and share. */
void vr_tail_bound(const struct vr_tail_sample *sample, struct vr_tail_share *share, size_t count);

/* --- tail_stats.c ---------------------------------------------------------------- */

/* P(a or more) of `with` marked ones among `drawn` of `all`, `a` of them marked: Fisher's exact
 * test, one-sided. */
double vr_fisher(size_t a, size_t drawn, size_t with, size_t all);
/* The odds ratio of a/b against c/d, 0.5 added to each, and its 95 % interval. */
double vr_odds_ratio(double a, double b, double c, double d, double *low, double *high);
/* Benjamini and Hochberg: the largest p that is still a discovery at rate q; -1: none is. */
double vr_discoveries(const double *p, size_t count, double q);

#endif
