/* The command line: options in any place, operands in order. */
#ifndef VR_OPTS_H
#define VR_OPTS_H

#include <stdio.h>

#include "base/err.h"
#include "model/profile.h"

/* Bits of vr_verb.options and vr_opts.given, one an option. */
enum vr_option {
	VR_OPT_SORT = 1 << 0,
	VR_OPT_LIMIT = 1 << 1,
	VR_OPT_FORMAT = 1 << 2,
	VR_OPT_THREAD = 1 << 3,
	VR_OPT_SINCE = 1 << 4,
	VR_OPT_UNTIL = 1 << 5,
	VR_OPT_MODULE = 1 << 6,
	VR_OPT_STRIP = 1 << 7,
	VR_OPT_BOTTOM_UP = 1 << 8,
	VR_OPT_MIN_PERCENT = 1 << 9,
	VR_OPT_DEPTH = 1 << 10,
	VR_OPT_INLINES = 1 << 11,
	VR_OPT_COLOR = 1 << 12,
	VR_OPT_HELP = 1 << 13,
	VR_OPT_PNG = 1 << 28,
	VR_OPT_SVG = 1 << 29,
	VR_OPT_VERSION = 1 << 14,
	VR_OPT_LABEL = 1 << 30,
	VR_OPT_VERDICT = 1 << 20,
	VR_OPT_STRICT = 1 << 21,
	VR_OPT_OUTPUT = 1 << 24,
	VR_OPT_VALUE = 1 << 25,
	VR_OPT_GATE = 1 << 22,
	VR_OPT_FAIL_IF = 1 << 23,
	VR_OPT_BASELINE = 1 << 26,
	VR_OPT_ALLOW = 1 << 27,
	VR_OPT_SUPPRESSIONS = 1 << 15,
	VR_OPT_WRITE_SUPPRESSIONS = 1 << 16
};
#define VR_OPT_PICTURE (VR_OPT_PNG | VR_OPT_SVG)
#define VR_OPT_WINDOW  (VR_OPT_SINCE | VR_OPT_UNTIL)

/* The values of an option that may be given several times. */
struct vr_words {
	const char **word;
	size_t count, room;
};

struct vr_opts {
	unsigned given; /* enum vr_option */
	const char *sort;
	size_t limit;	    /* rows; 0: all */
	const char *format; /* its name; main.c checks it against the command */
	const char *output, *value;
	const char *png, *svg; /* files to write, NULL: none */
	struct vr_select select;
	int strip_dirs, bottom_up;
	double min_percent;
	int depth;	     /* 0: no limit */
	int color;	     /* 1 or 0, resolved */
	const char *verdict; /* names, separated by commas */
	int strict;
	struct vr_words fail_if, allow, suppressions;
	const char *baseline, *write_suppressions;
	const char **operand; /* borrowed from argv */
	size_t operands;
};

/* Fills opts, for vr_opts_free() in any case.
 * Returns 0, or VR_EXIT_USAGE with one line in err. */
int vr_opts_parse(int argc, char **argv, struct vr_opts *opts, struct vr_err *err);

void vr_opts_free(struct vr_opts *opts);

/* Prints the options in `mask` with their help, one a line. */
void vr_opts_help(FILE *out, unsigned mask);
/* "--sort", ... of the lowest bit in `mask`. */
const char *vr_opts_name(unsigned mask);
/* Names of the options in `mask`, separated by blanks; free() it. */
char *vr_opts_names(unsigned mask);

#endif
