/* Does a site grow without bound?  A verdict on every site whose live bytes were
 * recorded over time, from their trend and from the ages of its live blocks
 * (docs/decisions/growth.md). */
#ifndef VR_GROWTH_H
#define VR_GROWTH_H

#include "model/growth_facts.h"
#include "model/heap.h"
#include "model/trend.h"

/* Fewer points say nothing.  Iterations repeat themselves and need less. */
#define VR_GROWTH_POINTS_MIN	 30u
#define VR_GROWTH_ITERATIONS_MIN 12u
/* Growth that would not reach this in an hour, or in 100,000 iterations, at the
 * lower bound of its slope is not worth a word. */
#define VR_GROWTH_WORTH_BYTES 65536.0
/* Fewer steps than this, all of them up, are no rise yet. */
#define VR_GROWTH_STEPS_MIN 8u

/* Why a site is judged as it is; VR_GROWTH_GROWING alone is a leak. */
enum vr_growth_verdict {
	VR_GROWTH_GROWING,
	VR_GROWTH_FLAT,	     /* no rise that could not be chance */
	VR_GROWTH_LEVELS,    /* it rose, but no longer does: warm-up, a cache filled */
	VR_GROWTH_RENEWED,   /* it rises, but holds no old blocks: they are all let go */
	VR_GROWTH_SMALL,     /* it rises, by too little to matter */
	VR_GROWTH_UNDECIDED, /* it rises; whether without bound is too early to say */
	VR_GROWTH_TOO_SHORT, /* too few readings to say anything */
	VR_GROWTH_COUNT
};

/* Units: bytes a second, or bytes an iteration where vr_growth.by_iteration. */
struct vr_growth_site {
	const struct vr_site *site; /* of the heap that was judged */
	uint32_t node;
	enum vr_growth_verdict verdict;
	double slope, low, high; /* with its 95 % interval; 0 when FLAT or TOO_SHORT */
	double p;		 /* of its trend, adjusted for the number of sites */
	double confidence;	 /* 0 to 1, of GROWING */
	uint64_t floor_bytes;	 /* it held at least so much lately */
	const char *why;	 /* in a few words, or NULL: what the verdict always means */
	double more;	   /* seconds, or iterations, that might decide it; 0: nobody can say */
	double run;	   /* that it was watched */
	uint32_t steps;	   /* all of them up, where it rises in steps; else 0 */
	double stay;	   /* of a queue: how long a block stays by now */
	int queue;	   /* what is allocated there waits longer and longer to be freed */
	double doubling;   /* seconds, or iterations, until it holds twice that; 0: not known */
	uint64_t since_ns; /* the readings before were taken for warm-up */
	/* the ages behind it, of blocks older than old_ns */
	int ages_known;	     /* counted, and old enough to compare */
	uint64_t old_ns;     /* a quarter of the time judged, or less */
	uint64_t old_blocks; /* live ones */
	uint64_t old_freed;  /* that got older than this and were freed then */
	/* for a picture: point i of vr_growth.t_ns, from `first` on */
	const uint64_t *bytes;
	uint32_t first;
};

struct vr_growth {
	int by_iteration;
	uint32_t points;      /* 0: the file holds no series */
	const uint64_t *t_ns; /* of each point */
	uint64_t readings, iterations;
	uint32_t left_out;	     /* times a site worth watching found no room */
	struct vr_growth_site *site; /* growing ones first, the fastest of them first */
	size_t n_sites, growing, undecided;
	/* sums over the growing sites */
	uint64_t growing_blocks, growing_bytes; /* live */
	double slope;
	uint64_t undecided_bytes; /* live, of the undecided sites */
	double more;	  /* seconds or iterations that may decide the last of them, or make up
			   * for what `note` says; 0: not known */
	const char *note; /* why nothing can be said, or NULL */
};

/* Judges the sites of `heap` that have a series; profile and heap must outlive
 * the result. */
struct vr_growth *vr_growth_judge(const struct vr_profile *profile, const struct vr_heap *heap);
void vr_growth_free(struct vr_growth *growth); /* NULL is fine */

/* The judgement on a stack, or NULL for one without a series. */
const struct vr_growth_site *vr_growth_find(const struct vr_growth *growth, uint32_t node);

/* 1 for a site that is held at the end and rises, but is not decided yet; or is too
 * new to be, and has gained much. */
int vr_growth_open(const struct vr_growth *growth, const struct vr_growth_site *site);

/* "growing", "flat", ... and a sentence. */
const char *vr_growth_name(enum vr_growth_verdict verdict);
const char *vr_growth_reason(const struct vr_growth_site *site);

/* Fills all of `site` but node, site, confidence and the adjusted p, with the
 * verdict that holds if p does. */
void vr_growth_examine(const struct vr_growth_facts *facts, struct vr_growth_site *site);
/* Adjusts p over all, and lets verdicts fall whose p does not hold. */
void vr_growth_conclude(struct vr_growth_site *site, size_t sites);

/* --- growth_tree.c: what grows in several processes.  Each is judged by itself, for their
 * readings are of different moments; what was judged is kept for the sum of them. */
struct vr_growth_tree;

struct vr_growth_tree *vr_growth_tree_new(void);
void vr_growth_tree_free(struct vr_growth_tree *tree); /* NULL is fine */

/* Judges one of the records, whose time zero is `shift_ns` on the clock of the sum. */
void vr_growth_tree_judge(struct vr_growth_tree *tree, struct vr_profile *profile,
			  uint64_t shift_ns);
/* Says which node of the sum each node of that record is. */
void vr_growth_tree_map(struct vr_growth_tree *tree, const uint32_t *node);

/* When all are in: puts their readings on one clock, which ends at `end_ns`. */
void vr_growth_tree_finish(struct vr_growth_tree *tree, uint64_t end_ns);

/* What was judged, as one; heap: of the sum. */
struct vr_growth *vr_growth_tree_sum(const struct vr_growth_tree *tree, const struct vr_heap *heap);

#endif
