/* The command line. */
#ifndef VIRT_ARGS_H
#define VIRT_ARGS_H

#include "cmdline.h"

#include <stdint.h>

#define VIRT_SYMBOLS_MAX 8

struct virt_args {
	struct app_options app; /* speed 0: in lockstep */
	uint64_t seed;
};

/* Reads the command line; --help, --usage and --version print and exit.
 *
 * Returns 0, or -EINVAL after one line on stderr that says what is wrong. */
int virt_args_parse(struct virt_args *args, int argc, char **argv);

#endif
