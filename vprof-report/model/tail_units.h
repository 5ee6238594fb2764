/* The units of a record: what of its loops was kept, as accounts of components with names. */
#ifndef VR_TAIL_UNITS_H
#define VR_TAIL_UNITS_H

#include "model/loops.h"
#include "model/spans.h"
#include "model/tail.h"
#include "model/tail_select.h"

/* What a component is. */
enum vr_tail_kind {
	VR_TAIL_CALL,  /* in one function of libc, from one function of the program */
	VR_TAIL_CALLS, /* in further calls, which are not told apart */
	VR_TAIL_CLASS, /* off the CPU, in no call */
	VR_TAIL_CPU,   /* on it, in one function */
	VR_TAIL_UNSEEN /* on it, without a sample */
};

struct vr_tail_what {
	enum vr_tail_kind kind;
	uint32_t class;		     /* enum vprof_class */
	uint32_t call;		     /* string id; VPROF_NONE */
	uint32_t node;		     /* one of its stacks; VPROF_NODE_ROOT */
	struct vr_function function; /* where; "" where there is none */
};

/* A class, of all units: what the running sums say its share of the variance is, against the
 * share of the excess that its components have together. */
struct vr_tail_check {
	uint32_t class;
	double of_variance, of_excess;
};

struct vr_tail {
	const struct vr_loop *loop;	/* NULL: the units are spans */
	const struct vr_span_sum *span; /* NULL: they are iterations */
	struct vprof_unit_sums sums;	/* of all units; kind VPROF_UNIT_VOID: none was kept */
	double all;   /* so many there were; of a window or a label an estimate, by the weights */
	int narrowed; /* to those */
	struct vr_tail_accounts accounts;
	const struct vprof_unit **unit; /* row of each */
	double *samples;		/* as accounts.ns: CPU samples */
	struct vr_tail_what *what;	/* of each component */
	size_t what_room;
	double slow_ns; /* slow ones are longer; 0: they were chosen otherwise */
	double ordinary_from_ns, ordinary_to_ns;
	struct vr_tail_answer answer;
	struct vr_tail_check check[2];
	size_t checks;		 /* of classes that disagree by more than 15 points */
	struct vr_rhythm rhythm; /* of the slow ones */
	size_t inexact;		 /* units of which it is not known what kept them off the CPU */
};

/* 1: the record has some; 0: it is an older library's, or neither a loop nor a
 * span was found while it ran. */
int vr_tail_has_units(const struct vr_file *file);

/* The units of one loop, and what the slow ones have.
 *   select  which are slow */
struct vr_tail *vr_tail_of_loop(struct vr_profile *profile, const struct vr_loop *loop,
				const struct vr_tail_select *select);
/* The same of the spans that are added up in spans->span[at]. */
struct vr_tail *vr_tail_of_span(struct vr_profile *profile, const struct vr_spans *spans, size_t at,
				const struct vr_tail_select *select);
/* Only which of them are kept, of the whole run: unit, accounts.unit with its weights, sums. */
struct vr_tail *vr_tail_kept_of_span(const struct vr_profile *profile, const struct vr_spans *spans,
				     size_t at);
void vr_tail_free(struct vr_tail *tail); /* NULL is fine */

/* What other threads did while one of them lasted; NULL: it is not kept of this one. */
const struct vprof_unit_others *vr_tail_others(const struct vr_file *file,
					       const struct vprof_unit *unit);

/* --- tail_what.c: what a unit's time went into ----------------------------------- */

/* Fills components and accounts.ns of units that have their groups. */
void vr_tail_account(struct vr_profile *profile, struct vr_tail *tail);
/* The component of that kind and place, made where there is none; accounts.ns has no room for
 * new ones until all are known. */
size_t vr_tail_component_of(const struct vr_file *file, struct vr_tail *tail,
			    const struct vr_tail_what *what);

/* --- tail_cpu.c: CPU time by function -------------------------------------------- */

/* A sample of a unit. */
struct vr_tail_hit {
	size_t unit;
	uint32_t node;
	uint32_t count;
	size_t component; /* [out] */
};
/* Finds the functions to tell apart, and which each sample is of. */
void vr_tail_name_hits(struct vr_profile *profile, struct vr_tail *tail, struct vr_tail_hit *hit,
		       size_t hits);

#endif
