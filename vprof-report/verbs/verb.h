/* What a verb of the command line is.
 *
 * A verb prints to ctx->out as a table or CSV, or leaves its JSON document in ctx->json;
 * drive.c opens files and prints what they and the options lack.
 *
 * A new verb is a file here, a name below, and its place in main.c's list. */
#ifndef VR_VERB_H
#define VR_VERB_H

#include "text/context.h"
#include "verbs/opts.h"

/* Names of one order; the first entry of a list is its default. */
struct vr_sort_key {
	const char *name; /* NULL ends the list */
	int key;
};

/* A format beyond table, csv and json. */
struct vr_own_format {
	const char *name; /* NULL ends the list */
	int format;	  /* ctx->own_format: the verb's own number, from 0 */
};

/* What a verb is about. */
enum vr_verb_kind {
	VR_KIND_ONE,  /* one profile; of several files each by itself */
	VR_KIND_TWO,  /* two profiles side by side: ctx->before and ctx->profile */
	VR_KIND_LIVE, /* a running process, whose record it opens itself */
	VR_KIND_NONE  /* no profile */
};

struct vr_verb {
	const char *name, *summary;
	const char *usage;  /* operands */
	const char *detail; /* more help, NULL: none */
	enum vr_verb_kind kind;
	const enum vr_option *options;	/* VR_TAKES(...); NULL: none */
	const struct vr_sort_key *sort; /* NULL: --sort is no option */
	size_t limit;			/* rows of a table when -n is not given, 0: all */
	enum vr_format format;		/* default */
	/* Of one that cannot take --label: why not, and what can; NULL where it takes it. */
	const char *no_label;
	/* Besides table, csv and json (or in place of them): NULL: none. */
	const struct vr_own_format *formats;
	int only_own; /* 1: table, csv and json are none of its formats */
	int no_csv;   /* 1: its output is no list of rows */
	int pattern;  /* 1: the first operand is a PATTERN */
	int judges;   /* 1: what --fail-if says is part of what it prints */
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

#define VR_TAKES(...)                                                                              \
	(const enum vr_option[])                                                                   \
	{                                                                                          \
		__VA_ARGS__, VR_OPTIONS                                                            \
	}
#define VR_OPT_WINDOW  VR_OPT_SINCE, VR_OPT_UNTIL
#define VR_OPT_TIMES   VR_OPT_CLOCK, VR_OPT_IDLE
#define VR_OPT_NAMES   VR_OPT_STRIP, VR_OPT_FULL_NAMES
#define VR_OPT_PICTURE VR_OPT_PNG, VR_OPT_SVG
#define VR_OPT_NAMING  VR_OPT_INLINES, VR_OPT_SYMFS, VR_OPT_DEBUGINFOD

/* More help of verbs that take --clock. */
#define VR_CLOCK_DETAIL                                                                            \
	"With --clock wall times are of all threads added up, so they may exceed those on a "      \
	"clock\n"                                                                                  \
	"at the wall: CPU time, calls that blocked, waits for locks, preempted, page faults. "     \
	"What\n"                                                                                   \
	"a thread waited in its own loop and the pauses it asked for are left out without --idle."

extern const struct vr_verb vr_verb_summary, vr_verb_flat, vr_verb_tree, vr_verb_callers,
    vr_verb_callees, vr_verb_heap, vr_verb_leaks, vr_verb_timeline, vr_verb_threads, vr_verb_locks,
    vr_verb_waits, vr_verb_loop, vr_verb_spans, vr_verb_labels, vr_verb_counts, vr_verb_marks,
    vr_verb_export, vr_verb_ctl, vr_verb_ls, vr_verb_info, vr_verb_doctor, vr_verb_stacks,
    vr_verb_check;

#endif
