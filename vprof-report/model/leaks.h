/* Verdicts on the blocks that were not freed, by call path: what the search for
 * pointers found (LEAKS rows). */
#ifndef VR_LEAKS_H
#define VR_LEAKS_H

#include "model/heap.h"
#include "model/suppress.h"

/* In the order of weight: a table begins with the worst. */
enum vr_verdict {
	VR_LOST,
	VR_INDIRECT,
	VR_GROWING,
	VR_POSSIBLE,
	VR_UNEXAMINED, /* nobody looked for pointers to them */
	VR_REACHABLE,
	VR_RUNTIME,
	VR_VERDICTS
};

/* What is to be known of a verdict, in one row.  A new one is a name above, its row in
 * leaks.c, and a rule in verbs/leaks/issues.c where it is a finding. */
enum vr_guilt { VR_GUILT_NONE, VR_GUILT_STRICT /* with --strict */, VR_GUILT_LEAK };
enum vr_examiner { VR_BY_NOBODY, VR_BY_SEARCH, VR_BY_GROWTH };
struct vr_verdict_facts {
	const char *name;
	enum vr_guilt guilt;
	enum vr_examiner by; /* what must have been done before nothing of it means none */
	int usual;	     /* most memory has it: a table shows it when asked */
};
const struct vr_verdict_facts *vr_verdict_facts(enum vr_verdict verdict);

/* Why a gate lets a leak pass. */
enum vr_excuse {
	VR_EXCUSE_NONE,
	VR_EXCUSE_SUPPRESSED, /* not in the sums either */
	VR_EXCUSE_ALLOWED,
	VR_EXCUSE_KNOWN /* the baseline has it, no smaller */
};

/* Against a baseline. */
enum vr_change { VR_CHANGE_NONE, VR_CHANGE_NEW, VR_CHANGE_MORE, VR_CHANGE_SAME };

/* Blocks of one call path that share a verdict. */
struct vr_leak {
	uint32_t node;
	enum vr_verdict verdict;
	uint64_t blocks, bytes;
	struct vr_interval sure;       /* of bytes, of what was never searched */
	uint64_t oldest_ns, newest_ns; /* births; of unexamined ones, first and last allocation */
	uint64_t allocs;	       /* of the call path in the whole run */
	uint64_t first_ns, last_ns;    /* the first and last of them */
	uint64_t example;	       /* address of one block, 0: none known */
	uint32_t owner;		       /* indirect: stack of a lost block that leads here, or 0 */
	double confidence;	       /* 0..1; negative: nothing to go by */
	const struct vr_growth_site *growth; /* the site's judgement, NULL: it has none */
	double slope_low, slope_high; /* growing: 95 % interval, bytes a second or iteration */
	/* possible only because memory of that kind was not searched; NONE: by what was found */
	enum vprof_unsearched because;
	enum vr_excuse excuse;
	const char *pattern; /* that excused it, borrowed; NULL */
	enum vr_change change;
};

/* What stands between the run and the word clean. */
enum vr_leak_gap {
	VR_GAP_NONE,
	VR_GAP_NO_SEARCH, /* none was completed */
	VR_GAP_EARLIER,	  /* it was completed, but the process went on and ended unseen */
	VR_GAP_BLOCKS,	  /* blocks found no room in the table of live ones */
	VR_GAP_OPERATORS, /* C++ operators that do not call malloc were not seen */
	VR_GAP_PAUSED,	  /* what was allocated in a pause is not known */
	VR_GAP_HANGING	  /* blocks hang on memory that was not searched */
};

struct vr_leak_sum {
	uint64_t sites, blocks, bytes;
};

struct vr_leaks {
	struct vr_leak *leak; /* by verdict, the worst first */
	size_t n_leaks;
	struct vr_leak_sum sum[VR_VERDICTS];
	int searched;	       /* a search for pointers was completed */
	enum vr_leak_gap gap;  /* of the run; vr_leaks_gap() knows the blocks, too */
	double searched_share; /* of the memory that it should have read */
	int growth_judged;     /* the file told enough to say what grows */
	size_t growth_open;    /* sites that rise, and are not decided yet */
	uint64_t allocs;       /* in the whole run */
	int nothing_live;      /* every block ever allocated was freed */
	/* of several processes: the member whose gap it is, NULL: of one record; and how many
	 * were examined, how many of them became another program before */
	const struct vr_file *gap_member;
	size_t members, examined, became_another;
};

enum vr_leaks_key {
	VR_LEAKS_VERDICT,
	VR_LEAKS_BYTES,
	VR_LEAKS_BLOCKS,
	VR_LEAKS_FIRST,
	VR_LEAKS_LAST
};

/* What is true of the whole run. */
enum vr_leak_answer { VR_ANSWER_CLEAN, VR_ANSWER_LEAK, VR_ANSWER_UNEXAMINED };

/* Takes the call paths from `heap`, so that its selection holds; heap is not kept. */
struct vr_leaks *vr_leaks_new(const struct vr_profile *profile, const struct vr_heap *heap);
void vr_leaks_free(struct vr_leaks *leaks);

/* Turns what is still in use, but grows, into growing; growth, which may be NULL, must
 * outlive leaks.  Part of leaks_growth.c. */
struct vr_growth;
void vr_leaks_grow(struct vr_leaks *leaks, const struct vr_growth *growth);

/* Marks what the list takes away, counts it there and takes it off the sums; of
 * indirect blocks also where it takes away the lost ones that lead to them. */
void vr_leaks_suppress(struct vr_leaks *leaks, struct vr_stacks *stacks,
		       struct vr_suppressions *list);

/* Indices of the leaks, the worst or largest first, earliest for VR_LEAKS_FIRST; equal
 * ones by stack.  free() it. */
size_t *vr_leaks_order(const struct vr_leaks *leaks, enum vr_leaks_key key);

/* 1 << verdict of those that are a leak; possible ones with `strict` only. */
unsigned vr_verdicts_leak(int strict);
/* Is this one a leak?  What is possible for want of a search is none. */
int vr_leak_counts(const struct vr_leak *leak, int strict);
const char *vr_verdict_name(enum vr_verdict verdict);
/* Their names in the order of weight, joined by blanks; free() it. */
char *vr_verdict_names(void);
/* The verdict with that name; -1: none. */
int vr_verdict_of(const char *name, size_t length);

enum vr_leak_answer vr_leaks_answer(const struct vr_leaks *leaks, int strict);
/* Why the answer is not clean where nothing is a leak. */
enum vr_leak_gap vr_leaks_gap(const struct vr_leaks *leaks);
/* What is possible only for want of memory to search, and not excused. */
struct vr_leak_sum vr_leaks_hanging(const struct vr_leaks *leaks);
/* "growing", "clean" or "unexamined", of growth alone. */
const char *vr_leaks_growth_answer(const struct vr_leaks *leaks);
const char *vr_answer_name(enum vr_leak_answer answer);

/* Why there was no (complete) search, in a few words; NULL when there was. */
const char *vr_leaks_no_search(const struct vr_file *file);
/* Of a kind of memory that was not searched: a key, and a few words. */
const char *vr_unsearched_name(enum vprof_unsearched kind);
const char *vr_unsearched_words(enum vprof_unsearched kind);

#endif
