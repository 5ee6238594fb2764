/* The rows of UNITS: iterations of loops, and spans, that are kept whole, the worst of them
 * and ordinary ones, so that it can be asked what the worst have in common.  A part of
 * vprof_format.h, never included by itself. */
#ifndef VPROF_FORMAT_UNITS_H
#define VPROF_FORMAT_UNITS_H

#ifndef VPROF_FORMAT_H
#error "include vprof_format.h"
#endif

#define VPROF_UNITS_BYTES  (2u << 20) /* the section has no more than that */
#define VPROF_UNITS_WORST  64u	      /* kept of each loop: the longest of the run ... */
#define VPROF_UNITS_HOUR   4u	      /* ... and of each hour */
#define VPROF_UNITS_PLAIN  1024u      /* chosen among all with the same chance, at most */
#define VPROF_UNITS_OTHERS 16u /* of the longest of a loop: what other threads did meanwhile */

/* What a row is: all have 256 bytes. */
enum vprof_unit_kind {
	VPROF_UNIT_VOID = 0,
	VPROF_UNIT_KEPT = 1,  /* struct vprof_unit */
	VPROF_UNIT_MORE = 2,  /* struct vprof_unit_more */
	VPROF_UNIT_SUMS = 3,  /* struct vprof_unit_sums */
	VPROF_UNIT_OTHERS = 4 /* struct vprof_unit_others */
};

/* vprof_unit.flags: why it is kept, and what is known of it. */
#define VPROF_UNIT_WORST  1u  /* one of the longest of the run */
#define VPROF_UNIT_HOUR	  2u  /* one of the longest of its hour */
#define VPROF_UNIT_PLAIN  4u  /* chosen by chance among all */
#define VPROF_UNIT_EXACT  8u  /* its times off the CPU are those of the switches */
#define VPROF_UNIT_FROZEN 16u /* the process was stopped meanwhile, or the whole machine */

/* Time in calls of one function from one place, each at least VPROF_CALL_LASTED_NS. */
struct vprof_unit_call {
	uint32_t node; /* the caller's stack */
	uint32_t name; /* string id: the function */
	uint64_t ns;
	uint32_t times;
	uint32_t class; /* enum vprof_class: BLOCKED or LOCK */
};
_Static_assert(sizeof(struct vprof_unit_call) == 24, "vprof_unit_call");

/* CPU samples that fell into it; of those with the same caller one stack. */
struct vprof_unit_sample {
	uint32_t node;
	uint32_t count;
};

#define VPROF_UNIT_CALLS   4u
#define VPROF_UNIT_SAMPLES 2u
struct vprof_unit {
	uint16_t kind;	   /* VPROF_UNIT_KEPT */
	uint16_t flags;	   /* VPROF_UNIT_* */
	uint32_t sequence; /* odd while it is being written */
	uint32_t loop;	   /* row in LOOPS; VPROF_NONE */
	uint32_t span;	   /* row in SPANS; VPROF_NONE */
	uint32_t thread;   /* row in THREADS */
	uint32_t label;	   /* string id: of a loop's as in LABELS; 0: none */
	uint64_t begin_ns, duration_ns;
	uint64_t events, bytes; /* that the wait before it brought */
	uint64_t size;		/* what a span was given */
	/* 64: of its time outside of `call`: run is what is left */
	uint64_t ns[VPROF_CLASS_COUNT];
	struct vprof_unit_call call[VPROF_UNIT_CALLS]; /* node and name 0: there are no more */
	struct vprof_unit_sample sample[VPROF_UNIT_SAMPLES]; /* count 0: there are no more */
	uint32_t more;					     /* row with more of both; VPROF_NONE */
	uint32_t samples_left;	/* CPU samples of it that are in neither */
	uint64_t calls_left_ns; /* time in calls that are in neither */
};
_Static_assert(sizeof(struct vprof_unit) == 256, "vprof_unit");

#define VPROF_UNIT_MORE_CALLS	2u
#define VPROF_UNIT_MORE_SAMPLES 24u
struct vprof_unit_more {
	uint16_t kind; /* VPROF_UNIT_MORE */
	uint16_t flags;
	uint32_t unit; /* row in UNITS */
	uint64_t reserved;
	struct vprof_unit_call call[VPROF_UNIT_MORE_CALLS];
	struct vprof_unit_sample sample[VPROF_UNIT_MORE_SAMPLES];
};
_Static_assert(sizeof(struct vprof_unit_more) == 256, "vprof_unit_more");

/* What another thread did while a unit lasted. */
struct vprof_unit_other {
	uint32_t thread;    /* row in THREADS; 0: there are no more */
	uint32_t node;	    /* where most of its CPU samples of that time were; VPROF_NODE_ROOT */
	uint32_t samples;   /* all of them */
	uint32_t call_node; /* the calls that took most of it, of one function from one place ... */
	uint32_t call_name; /* ... string id; VPROF_NONE: none that lasted */
	uint32_t reserved;
	uint64_t call_ns;
	uint64_t lock;	  /* address of one that it held, and somebody waited for it; 0: none ... */
	uint64_t held_ns; /* ... for so long, of that time */
};
_Static_assert(sizeof(struct vprof_unit_other) == 48, "vprof_unit_other");

#define VPROF_UNIT_OTHER_THREADS 5u
#define VPROF_UNIT_OTHERS_CUT	 1u /* flags: of a thread more calls may have lasted */
struct vprof_unit_others {
	uint16_t kind; /* VPROF_UNIT_OTHERS */
	uint16_t flags;
	uint32_t unit;	   /* row in UNITS; VPROF_NONE: of none just now ... */
	uint64_t begin_ns; /* ... that began then: another one may be there since */
	struct vprof_unit_other other[VPROF_UNIT_OTHER_THREADS]; /* who explains most first */
};
_Static_assert(sizeof(struct vprof_unit_others) == 256, "vprof_unit_others");

/* Of all units of a loop or a span, kept or not. */
struct vprof_unit_sums {
	uint16_t kind;	/* VPROF_UNIT_SUMS */
	uint16_t known; /* bit i: part[i] is known of each unit */
	uint32_t reserved0;
	uint32_t loop, span; /* as of a unit */
	uint32_t thread;
	uint32_t room;		    /* for units chosen by chance */
	uint64_t units;		    /* so far */
	uint64_t worst_ns;	    /* all that were longer are kept; 0: all are */
	double ns, square;	    /* sums of the times T, in nanoseconds, and of T * T */
	struct {		    /* of the times X of each class, enum vprof_class */
		double ns, product; /* sums of X, and of X * T */
	} part[VPROF_CLASS_COUNT];
	uint64_t reserved[9];
};
_Static_assert(sizeof(struct vprof_unit_sums) == 256, "vprof_unit_sums");

#endif
