/* Options that all example programs have, and what argp lacks: one line for each error. */
#ifndef APP_CMDLINE_H
#define APP_CMDLINE_H

#include "symbol.h"

#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define APP_VERSION	"0.1.0"
#define APP_SYMBOLS_MAX 16

/* A bug to make on purpose; plant.c of each program makes its own. */
enum app_plant { APP_PLANT_NONE, APP_PLANT_LEAK, APP_PLANT_CACHE, APP_PLANT_HOTLOOP };

struct app_options {
	char symbols[APP_SYMBOLS_MAX][APP_SYMBOL_MAX];
	size_t symbol_nr, symbols_most; /* most: at most so many; 0: APP_SYMBOLS_MAX */
	double duration_s;		/* > 0 */
	double speed;			/* feed time per real time; 0 = without pauses */
	double report_every_s;		/* 0 = only at the end */
	char feed[PATH_MAX];
	bool quiet;
	bool may_be_bare; /* neither a symbol nor a feed is needed */
	enum app_plant plant;
};

/* Keys of struct argp_option. A program's own begin at APP_KEY_OWN. */
enum app_key {
	APP_KEY_SYMBOL = 's',
	APP_KEY_DURATION = 'd',
	APP_KEY_SPEED = 'x',
	APP_KEY_FEED = 'f',
	APP_KEY_QUIET = 'q',
	APP_KEY_REPORT = 'r',
	APP_KEY_HELP = '?',
	APP_KEY_VERSION = 'V',
	APP_KEY_PLANT = 0x100,
	APP_KEY_USAGE,
	APP_KEY_OWN = 0x200
};

/* Rows of the options that need no other words in one program than in another. */
#define APP_OPTION_DURATION                                                                        \
	{                                                                                          \
		"duration", APP_KEY_DURATION, "SECONDS", 0, "How long to run (default 10)", 0      \
	}
#define APP_OPTION_FEED                                                                            \
	{                                                                                          \
		"feed", APP_KEY_FEED, "FILE", 0, "Feed to replay (default: the bundled one)", 0    \
	}
#define APP_OPTION_PLANT                                                                           \
	{                                                                                          \
		"plant", APP_KEY_PLANT, "BUG", 0,                                                  \
		    "Make a mistake on purpose, for a profiler to find: leak, cache or hotloop", 0 \
	}
#define APP_OPTIONS_HELP                                                                           \
	{"help", APP_KEY_HELP, NULL, 0, "Give this help list", -1},                                \
	    {"usage", APP_KEY_USAGE, NULL, 0, "Give a short usage message", -1},                   \
	{                                                                                          \
		"version", APP_KEY_VERSION, NULL, 0, "Print program version", -1                   \
	}

/* Takes a common option, help and version, which end the program, and an argument, which
 * is an error. Returns 0, EINVAL after a line on stderr, or ARGP_ERR_UNKNOWN. */
error_t app_options_take(struct app_options *options, int key, char *arg, struct argp_state *state);

/* Reads the command line: own options first, the common ones where `own` does not know one.
 * Afterwards there is a symbol and a feed, unless options->may_be_bare.
 *
 *   own  returns 0, EINVAL after a line on stderr, or ARGP_ERR_UNKNOWN; `input` is its own
 *
 * Returns 0, or -EINVAL after one line on stderr. */
int app_options_parse(struct app_options *options, const struct argp_option *table, const char *doc,
		      error_t (*own)(int key, char *arg, void *input), void *input, int argc,
		      char **argv);

/* Values of options. Each returns 0, or EINVAL after a line on stderr. */
error_t app_set_number(const char *name, const char *text, double min, double max, double *out);
error_t app_set_whole(const char *name, const char *text, double min, double max, double *out);

#endif
