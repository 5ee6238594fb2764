/* What the user asked for, from the command line. */
#ifndef MON_CONFIG_H
#define MON_CONFIG_H

#include "msg.h"
#include "plant.h"

#include <limits.h>
#include <stddef.h>

#define MON_SYMBOLS_MAX 16

struct mon_config {
	char symbols[MON_SYMBOLS_MAX][MON_SYMBOL_MAX];
	size_t symbol_nr;
	double duration_s; /* > 0 */
	double speed;	   /* feed time per real time; 0 = as fast as possible */
	char feed[PATH_MAX];
	unsigned int threads;  /* 1..64 */
	int64_t cycle_ms;      /* between two analyses of a market */
	double report_every_s; /* 0 = only at the end */
	size_t history;	       /* candles, and trades, to keep; 0 = all */
	bool quiet;
	enum mon_plant plant;
};

/* Reads the command line; --help, --usage and --version print and exit.
 *
 * Returns 0, or -EINVAL after one line on stderr that says what is wrong. */
int mon_config_parse(struct mon_config *config, int argc, char **argv);

#endif
