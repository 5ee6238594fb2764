#ifndef EX_CONFIG_H
#define EX_CONFIG_H

#include "cmdline.h"
#include "faults.h"

#include <stdint.h>

struct ex_config {
	struct app_options app; /* no symbol: all; no feed: the model; duration 0: no end */
	int port;		/* 0: any */
	uint64_t seed;
	struct ex_faults faults; /* of each connection */
};

/* Returns 0, or -EINVAL after one line on stderr. */
int ex_config_parse(struct ex_config *config, int argc, char **argv);

#endif
