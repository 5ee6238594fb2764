/* The command line: options in any place, operands in order.
 *
 * A new option is a name in enum vr_option, a row in opts.c, and a word in the list of each
 * verb that takes it. */
#ifndef VR_OPTS_H
#define VR_OPTS_H

#include <stdio.h>

#include "base/err.h"
#include "model/profile.h"
#include "text/context.h"

/* In the order in which --help prints them. */
enum vr_option {
	VR_OPT_SORT,
	VR_OPT_LIMIT,
	VR_OPT_FORMAT,
	VR_OPT_THREAD,
	VR_OPT_SINCE,
	VR_OPT_UNTIL,
	VR_OPT_MODULE,
	VR_OPT_LOOP,
	VR_OPT_TAIL,
	VR_OPT_SELECT,
	VR_OPT_SPAN,
	VR_OPT_BY,
	VR_OPT_LABEL,
	VR_OPT_CLOCK,
	VR_OPT_IDLE,
	VR_OPT_TREE,
	VR_OPT_ALL,
	VR_OPT_STRIP,
	VR_OPT_FULL_NAMES,
	VR_OPT_BOTTOM_UP,
	VR_OPT_MIN_PERCENT,
	VR_OPT_DEPTH,
	VR_OPT_PNG,
	VR_OPT_SVG,
	VR_OPT_INLINES,
	VR_OPT_SYMFS,
	VR_OPT_DEBUGINFOD,
	VR_OPT_VERDICT,
	VR_OPT_STRICT,
	VR_OPT_KIND,
	VR_OPT_DEADLOCKS,
	VR_OPT_OUTPUT,
	VR_OPT_VALUE,
	VR_OPT_GATE,
	VR_OPT_FAIL_IF,
	VR_OPT_BASELINE,
	VR_OPT_ALLOW,
	VR_OPT_SUPPRESSIONS,
	VR_OPT_WRITE_SUPPRESSIONS,
	VR_OPT_ARGS,
	VR_OPT_COLOR,
	VR_OPT_HELP,
	VR_OPT_VERSION,
	VR_OPTIONS
};
_Static_assert(VR_OPTIONS <= 64, "sets of options have 64 bits");

typedef uint64_t vr_option_set;

static inline vr_option_set vr_option_bit(enum vr_option option)
{
	return (vr_option_set)1 << option;
}

/* The values of an option that may be given several times. */
struct vr_words {
	const char **word;
	size_t count, room;
};

struct vr_opts {
	vr_option_set given;
	const char *sort;
	size_t limit;	    /* rows; 0: all */
	const char *format; /* its name; drive.c checks it against the verb */
	const char *output, *value, *kind;
	const char *png, *svg; /* files to write, NULL: none */
	const char *symfs;     /* a directory, NULL: none */
	int no_debuginfod;
	struct vr_select select;
	int strip_dirs, bottom_up;
	int tree; /* all processes of the run, added up */
	int all;  /* runs: not the newest alone */
	double min_percent;
	size_t depth; /* 0: no limit */
	int color;    /* 1 or 0, resolved */
	enum vr_args args;
	const char *loop;    /* a glob over names of loops, NULL: all */
	double tail;	     /* percent: what is above is slow */
	const char *slow;    /* which are slow, NULL: by that percentage */
	const char *span;    /* the same over names of spans */
	const char *by;	     /* what rows are of, NULL: the verb's default */
	const char *verdict; /* names, separated by commas */
	int strict;
	struct vr_words fail_if, allow, suppressions;
	const char *baseline, *write_suppressions;
	const char **operand; /* borrowed from argv */
	size_t operands;
};

static inline int vr_opts_given(const struct vr_opts *opts, enum vr_option option)
{
	return (opts->given & vr_option_bit(option)) != 0;
}

/* Fills opts, for vr_opts_free() in any case.
 * Returns 0, or VR_EXIT_USAGE with one line in err. */
int vr_opts_parse(int argc, char **argv, struct vr_opts *opts, struct vr_err *err);
void vr_opts_free(struct vr_opts *opts);

/* Takes an operand away and returns it. */
const char *vr_opts_take(struct vr_opts *opts, size_t operand);

/* Prints the options of a set with their help, one a line. */
void vr_opts_help(FILE *out, vr_option_set set);
/* "sort" */
const char *vr_opts_name(enum vr_option option);
/* "--sort --limit": names of a set; free() it. */
char *vr_opts_names(vr_option_set set);

#endif
