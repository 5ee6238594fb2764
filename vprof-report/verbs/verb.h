/* What a verb of the command line is.
 *
 * A verb prints to ctx->out as a table or CSV, or leaves its JSON document
 * in ctx->json; main.c opens files, prints errors and ends the program. */
#ifndef VR_VERB_H
#define VR_VERB_H

#include "text/context.h"
#include "verbs/opts.h"

/* Names of one order; the first entry of a list is its default. */
struct vr_sort_key {
	const char *name; /* NULL ends the list */
	int key;
};

struct vr_verb {
	const char *name, *summary;
	const char *usage;		/* operands */
	const char *detail;		/* more help, NULL: none */
	unsigned options;		/* enum vr_option */
	const struct vr_sort_key *sort; /* NULL: --sort is no option */
	size_t limit;			/* rows of a table when -n is not given, 0: all */
	enum vr_format format;		/* default */
	const char *const *formats;	/* NULL: table, csv, json; else names up to a NULL */
	int no_csv;			/* 1: its output is no list of rows */
	int pattern;			/* 1: the first operand is a PATTERN */
	/* Reads its own options before any file is opened; may be NULL.
	 * Returns 0, or VR_EXIT_USAGE after a line on stderr. */
	int (*begin)(struct vr_context *ctx);
	/* After the last file, whatever became of it; frees ctx->plan. */
	void (*end)(struct vr_context *ctx);
	/* After the last file, where all went well: the status, or NULL. */
	int (*last_word)(struct vr_context *ctx);
	/* Returns 0 or enum vr_exit. */
	int (*run)(struct vr_context *ctx);
};

extern const struct vr_verb vr_verb_summary, vr_verb_flat, vr_verb_tree, vr_verb_callers,
    vr_verb_callees, vr_verb_heap, vr_verb_leaks, vr_verb_timeline, vr_verb_threads, vr_verb_locks,
    vr_verb_labels, vr_verb_marks, vr_verb_export, vr_verb_ctl, vr_verb_info;

/* ctl, which reads no profile: returns enum vr_exit. */
int vr_ctl(const struct vr_opts *opts);

#endif
