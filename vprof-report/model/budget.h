/* Budgets: "peak_heap>24MiB" is true, and a gate fails, when the run used more; "allocs(tick)>0
 * after mark:warm" when tick allocated after the first such mark.  The words: docs/budgets.md. */
#ifndef VR_BUDGET_H
#define VR_BUDGET_H

#include "base/map.h"
#include "model/blame.h"
#include "model/leaks.h"

enum vr_budget_state {
	VR_BUDGET_KEPT,
	VR_BUDGET_BROKEN,
	VR_BUDGET_UNKNOWN, /* what it is about was not examined, or not all of it was recorded */
	VR_BUDGET_UNSEEN   /* nothing of a name in it is in this record */
};

enum vr_dimension { VR_IN_COUNTS, VR_IN_BYTES, VR_IN_NS, VR_IN_PERCENT };

/* What a pattern in brackets is about. */
enum vr_budget_key {
	VR_KEY_FUNCTION, /* a frame of the call path */
	VR_KEY_MODULE,
	VR_KEY_THREAD,
	VR_KEY_LOOP,
	VR_KEY_LOCK,
	VR_KEY_CALL, /* a function of libc that may block */
	VR_KEY_TARGET,
	VR_KEY_CLASS,
	VR_KEY_LABEL, /* "key=value" that was in force */
	VR_KEY_SPAN,
	VR_KEYS
};
const char *vr_budget_key_name(enum vr_budget_key key);

/* What a condition counts. */
enum vr_quantity {
	VR_Q_PEAK_BYTES,
	VR_Q_PEAK_BLOCKS,
	VR_Q_LIVE_BYTES,
	VR_Q_LIVE_BLOCKS,
	VR_Q_ALLOCS,
	VR_Q_FREES,
	VR_Q_ALLOC_BYTES,
	VR_Q_FREED_BYTES,
	VR_Q_TEMPORARY,
	VR_Q_SITES, /* of the verdicts in `verdicts` */
	VR_Q_BLOCKS,
	VR_Q_BYTES,
	VR_Q_PERCENTILE, /* of the loop's iterations: `share` */
	VR_Q_MAX,
	VR_Q_COUNT, /* of what the subject is: iterations, stalls, calls that blocked, waits */
	VR_Q_TIME,
	VR_Q_STALLS,
	VR_Q_EVENTS,
	VR_Q_IDLE,
	VR_Q_SPIN,
	VR_Q_CALLS,
	VR_Q_TRANSFERRED,
	VR_Q_FAILED,
	VR_Q_TIMEOUTS
};
enum vr_subject { VR_OF_HEAP, VR_OF_LOOPS, VR_OF_STALLS, VR_OF_LOCKS, VR_OF_CALLS, VR_OF_SPANS };

struct vr_metric {
	const char *name, *field; /* field NULL: there is none, "": the one that may be left out */
	enum vr_subject subject;
	enum vr_quantity quantity;
	enum vr_dimension in;
	double share;		 /* VR_Q_PERCENTILE */
	unsigned keys;		 /* 1 << enum vr_budget_key that it takes */
	enum vr_budget_key bare; /* what a pattern without a key is */
	int rate;		 /* by the second */
	int whole;		 /* of the whole run only: never after a mark */
	int of_wall;		 /* may be asked as a share of the time recorded */
};

struct vr_filter {
	enum vr_budget_key key;
	char *pattern;
	int maybe; /* "NAME?": it need not have been seen */
	size_t at; /* in the text */
};
#define VR_FILTERS_MAX 8u

enum vr_budget_op {
	VR_OP_ABOVE,
	VR_OP_AT_LEAST,
	VR_OP_BELOW,
	VR_OP_AT_MOST,
	VR_OP_IS,
	VR_OP_IS_NOT,
	VR_OP_IN,    /* low <= value <= high */
	VR_OP_NOT_IN /* the rest */
};

enum vr_budget_place { VR_AT_ANY, VR_AT_LOOP, VR_AT_LOCK };

struct vr_condition {
	struct vr_metric metric;
	unsigned verdicts; /* of these verdicts, 1 << enum vr_verdict; 0: of the whole heap */
	struct vr_filter filter[VR_FILTERS_MAX];
	size_t filters;
	enum vr_budget_place at;
	enum vr_budget_op op;
	double low, high; /* of ranges both, else low; bytes, ns, percent, pieces */
	int percent;	  /* of the time recorded */
};

struct vr_budget {
	char *text;
	struct vr_condition *condition; /* all must be true */
	size_t conditions;
	char *after, *until; /* names of marks, NULL: from the start, to the end */
	size_t error_at;     /* where in the text it went wrong */
};

/* Reads one.  Returns 0, or -EINVAL with a line in err and where it is in budget->error_at;
 * vr_budget_free() it in any case. */
int vr_budget_parse(const char *text, struct vr_budget *budget, struct vr_err *err);
void vr_budget_free(struct vr_budget *budget);

/* One of those that made it true. */
struct vr_culprit {
	uint32_t node;		   /* where: a stack, VPROF_NODE_ROOT: not known */
	uint32_t thread;	   /* row of THREADS; VPROF_NONE: several */
	double value;		   /* in the metric's dimension */
	uint64_t bytes;		   /* of allocations */
	const char *call, *target; /* strings of the file; NULL: of no call */
	struct vr_lock lock;	   /* kind VR_LOCK_KINDS: of none */
	struct vr_holder holder;   /* of those who had it, the one waited for longest; ns 0: none */
};

/* What was found of one condition. */
struct vr_found {
	double low, high;	    /* the value; high above low where not all of it is known */
	char *why;		    /* why it is not, or what was not examined; NULL */
	int unseen;		    /* `why` is about a name that is not in the record */
	int unknown;		    /* nothing can be said */
	struct vr_culprit *culprit; /* the largest first */
	size_t culprits, room;
	struct vr_map by_key; /* of those */
};

struct vr_answer {
	enum vr_budget_state state;
	char *why;		/* of VR_BUDGET_UNKNOWN and VR_BUDGET_UNSEEN */
	struct vr_found *found; /* of each condition; low is its value where it is known */
	size_t count;
};

/* Judges one.
 *   heap, leaks  of the profile, for what is asked of the whole heap */
struct vr_answer vr_budget_judge(const struct vr_budget *budget, struct vr_profile *profile,
				 const struct vr_heap *heap, const struct vr_leaks *leaks);
void vr_answer_free(struct vr_answer *answer);

/* "24.0 MiB", "1,200", "3.5/s", "12.0 ms", "1.2 %": a value of that condition's metric. */
void vr_budget_value_text(const struct vr_condition *condition, double value, char out[48]);
/* 1: needs what vr_leaks_new() finds out. */
int vr_budget_is_of_leaks(const struct vr_budget *budget);

#endif
