/* What the user asked for, from the command line. */
#ifndef MON_CONFIG_H
#define MON_CONFIG_H

#include "cmdline.h"

#include <stddef.h>
#include <stdint.h>

struct mon_config {
	struct app_options app;
	unsigned int threads; /* 1..64 */
	int64_t cycle_ms;     /* between two analyses of a market */
	size_t history;	      /* candles, and trades, to keep; 0 = all */
};

/* Reads the command line; --help, --usage and --version print and exit.
 *
 * Returns 0, or -EINVAL after one line on stderr that says what is wrong. */
int mon_config_parse(struct mon_config *config, int argc, char **argv);

#endif
