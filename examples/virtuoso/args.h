/* The command line. */
#ifndef VIRT_ARGS_H
#define VIRT_ARGS_H

#include "plant.h"
#include "tape.h"

#include <limits.h>
#include <stddef.h>

#define VIRT_SYMBOLS_MAX 8

struct virt_args {
	char symbols[VIRT_SYMBOLS_MAX][VIRT_SYMBOL_MAX];
	size_t symbol_nr;
	double duration_s;     /* > 0 */
	double speed;	       /* feed time per real time; 0 = in lockstep */
	double report_every_s; /* 0 = only at the end */
	uint64_t seed;
	char feed[PATH_MAX];
	bool quiet;
	enum virt_plant plant;
};

/* Reads the command line; --help, --usage and --version print and exit.
 *
 * Returns 0, or -EINVAL after one line on stderr that says what is wrong. */
int virt_args_parse(struct virt_args *args, int argc, char **argv);

#endif
