/* What is printed about, where and how: what every verb, and all that prints, gets. */
#ifndef VR_CONTEXT_H
#define VR_CONTEXT_H

#include <jansson.h>
#include <stdio.h>

#include "model/profile.h"
#include "output/out.h"

/* VR_FORMAT_OWN: another one of those that a verb lists. */
enum vr_format { VR_FORMAT_TABLE, VR_FORMAT_CSV, VR_FORMAT_JSON, VR_FORMAT_OWN };

/* --args: of a command line. */
enum vr_args {
	VR_ARGS_USUAL, /* as far as there is room, masked */
	VR_ARGS_WHOLE, /* all of it, masked */
	VR_ARGS_ALL    /* all of it, as the file has it */
};

struct vr_opts;
struct vr_runs;
struct vr_chosen;
struct vr_process;
struct vr_budgets;

struct vr_context {
	struct vr_profile *profile;  /* NULL: the verb is about none */
	struct vr_profile *before;   /* of a verb about two: what it is compared with */
	struct vr_symcache *symbols; /* of all profiles */
	size_t files;		     /* that were named */
	/* where none was: the runs there are, the newest first, and what was taken */
	const struct vr_runs *runs;
	const struct vr_chosen *chosen;
	const struct vr_process *process; /* --tree: the profile is the sum of these */
	size_t processes;
	const struct vr_opts *opts;
	enum vr_format format;
	int own_format;	       /* index into vr_verb.formats, -1: none was asked for */
	int sort;	       /* vr_sort_key.key of the chosen or first key */
	const char *sort_name; /* as it was asked for, NULL: it was not */
	size_t limit;	       /* rows to print, SIZE_MAX for all */
	const char *pattern;   /* operand of callers and callees */
	FILE *out;
	int width;	       /* of the terminal, 0: unknown */
	int strip_dirs, color; /* of the options */
	enum vr_args args;
	int recorded_said;	    /* 1: when was recorded is part of what is printed */
	const char *png, *svg;	    /* pictures to write, NULL: none */
	struct vr_budgets *budgets; /* --fail-if, of verbs that do not judge themselves; NULL */
	void *plan;		    /* what the verb's begin() left for run() and end() */
	json_t *json;		    /* [out] for VR_FORMAT_JSON */
};

#endif
