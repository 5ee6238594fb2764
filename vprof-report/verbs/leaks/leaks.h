/* The parts of the verb leaks. */
#ifndef VR_VERB_LEAKS_H
#define VR_VERB_LEAKS_H

#include "model/baseline.h"
#include "model/budget.h"
#include "model/growth.h"
#include "model/leaks.h"
#include "output/out_issues.h"
#include "verbs/budgets.h"
#include "verbs/verb.h"

/* What the options ask for, read once for all files. */
struct vr_leaks_plan {
	unsigned verdicts; /* bit 1 << enum vr_verdict; 0: not asked */
	int strict;
	int gate;	  /* --gate; a budget or a baseline makes one too */
	unsigned allowed; /* verdicts that the gate lets pass */
	struct vr_suppressions allow, suppress;
	struct vr_budgets budgets;
	struct vr_baseline *baseline;
	FILE *write_to;		 /* suppressions for the leaks there are, or NULL */
	int findings;		 /* 1: the format is one of out_issues.h */
	enum vr_issue_format as; /* which */
	size_t runs;		 /* printed so far */
	size_t judged;		 /* files that the gate could judge */
	char *excused;		 /* why not, of one that became another program; NULL: none */
};

/* Why a gate is not passed. */
struct vr_gate_failure {
	int status; /* enum vr_exit */
	char *text;
	char *more; /* lines that say who made it so, NULL: none */
};

/* What a gate says of one file. */
struct vr_gate {
	int asked;
	int status; /* 0: passed */
	struct vr_gate_failure *failure;
	size_t failures, room;
	size_t suppressed, allowed, known; /* sites */
	size_t by_object;		   /* compared with the baseline by object only */
	int unexamined; /* nobody looked, and --allow unexamined lets that pass */
};

/* One file with the rows that are to be printed. */
struct vr_leaks_view {
	struct vr_leaks_plan *plan;
	const struct vr_heap *heap;
	const struct vr_growth *growth;
	struct vr_leaks *leaks;
	size_t *order;		    /* of all leaks */
	const struct vr_leak **row; /* of the chosen verdicts, in that order */
	size_t rows;
	enum vr_leak_answer answer;
	struct vr_suppressions suppress; /* of the options and of the program itself */
	struct vr_gate gate;
};

/* --- plan.c */
/* Returns 0, or VR_EXIT_USAGE or VR_EXIT_INPUT after a line on stderr. */
int vr_leaks_begin(struct vr_context *ctx);
void vr_leaks_end(struct vr_context *ctx);

/* --- gate.c */
/* Excuses leaks as the plan says, before anything is counted or printed. */
void vr_leaks_excuse(struct vr_context *ctx, struct vr_leaks_view *view);
void vr_leaks_judge(struct vr_context *ctx, struct vr_leaks_view *view);
/* When all files were judged: VR_EXIT_INPUT after a line where there was nothing
 * but what is excused, else 0. */
int vr_leaks_last_word(struct vr_context *ctx);
void vr_gate_free(struct vr_gate *gate);
/* Sentences about the gate, one a line; free() it. */
char *vr_gate_text(const struct vr_leaks_view *view);
void vr_leaks_write_suppressions(struct vr_context *ctx, const struct vr_leaks_view *view);

/* --- table.c, json.c, issues.c */
void vr_leaks_print_text(struct vr_context *ctx, const struct vr_leaks_view *view);
void vr_leaks_print_csv(struct vr_context *ctx, const struct vr_leaks_view *view);
json_t *vr_leaks_json(struct vr_context *ctx, const struct vr_leaks_view *view);
void vr_leaks_print_findings(struct vr_context *ctx, const struct vr_leaks_view *view);

#endif
