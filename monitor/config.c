#include "config.h"
#include "log.h"

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MON_VERSION "0.1.0"

enum option_key {
	OPT_SYMBOL = 's',
	OPT_DURATION = 'd',
	OPT_SPEED = 'x',
	OPT_FEED = 'f',
	OPT_THREADS = 't',
	OPT_QUIET = 'q',
	OPT_REPORT_EVERY = 'r',
	OPT_CYCLE = 0x100,
	OPT_HISTORY,
	OPT_PLANT,
	OPT_USAGE,
	OPT_HELP = '?',
	OPT_VERSION = 'V',
};

static const struct argp_option options[] = {
    {"symbol", OPT_SYMBOL, "NAME", 0,
     "Market to watch; may be given more than once "
     "(default BTC/USDT)",
     0},
    {"duration", OPT_DURATION, "SECONDS", 0, "How long to run (default 10)", 0},
    {"speed", OPT_SPEED, "X", 0,
     "Replay the feed X times as fast as it was recorded "
     "(default 10); 0 = without pauses, the same span of feed as with 10",
     0},
    {"feed", OPT_FEED, "FILE", 0, "Feed to replay (default: the bundled one)", 0},
    {"threads", OPT_THREADS, "N", 0, "Threads that analyse (default 2)", 0},
    {"cycle", OPT_CYCLE, "MS", 0, "Time between two analyses (default 20)", 0},
    {"report-every", OPT_REPORT_EVERY, "SECONDS", 0,
     "Print the boxes this often "
     "(default: only at the end)",
     0},
    {"history", OPT_HISTORY, "N", 0,
     "Candles and trades to keep per market (default "
     "1000); 0 = keep all",
     0},
    {"plant", OPT_PLANT, "BUG", 0,
     "Make a mistake on purpose, for a profiler to find: leak, cache or hotloop", 0},
    {"quiet", OPT_QUIET, NULL, 0, "No boxes and no messages but errors", 0},
    {"help", OPT_HELP, NULL, 0, "Give this help list", -1},
    {"usage", OPT_USAGE, NULL, 0, "Give a short usage message", -1},
    {"version", OPT_VERSION, NULL, 0, "Print program version", -1},
    {0},
};

static int set_number(const char *name, const char *text, double min, double max, double *out)
{
	char *end;
	double value = strtod(text, &end);

	/* Written so that NaN fails. */
	if (end == text || *end || !(value >= min && value <= max)) {
		mon_log(MON_LOG_ERROR, "--%s wants a number from %g to %g, not '%s'", name, min,
			max, text);
		return EINVAL;
	}
	*out = value;
	return 0;
}

static int set_whole(const char *name, const char *text, double min, double max, double *out)
{
	if (set_number(name, text, min, max, out))
		return EINVAL;
	if (*out > floor(*out)) {
		mon_log(MON_LOG_ERROR, "--%s wants a whole number, not '%s'", name, text);
		return EINVAL;
	}
	return 0;
}

static int add_symbol(struct mon_config *config, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < config->symbol_nr; i++)
		if (!strcmp(config->symbols[i], name))
			return 0;
	if (!len || len >= MON_SYMBOL_MAX) {
		mon_log(MON_LOG_ERROR, "unknown symbol '%s'", name);
		return EINVAL;
	}
	if (config->symbol_nr == MON_SYMBOLS_MAX) {
		mon_log(MON_LOG_ERROR, "more than %d symbols", MON_SYMBOLS_MAX);
		return EINVAL;
	}
	memcpy(config->symbols[config->symbol_nr++], name, len + 1);
	return 0;
}

static int set_feed(struct mon_config *config, const char *path)
{
	if (!*path || strlen(path) >= sizeof(config->feed)) {
		mon_log(MON_LOG_ERROR, "--feed wants the name of a file");
		return EINVAL;
	}
	strcpy(config->feed, path);
	return 0;
}

static int set_plant(const char *name, enum mon_plant *out)
{
	int err = mon_plant_parse(name, out);

	if (err)
		mon_log(MON_LOG_ERROR, "--plant wants leak, cache or hotloop, not '%s'", name);
	return -err;
}

/* Names what argp could not make sense of: at this point the scan stands behind it. */
static void complain(const struct argp_state *state)
{
	int idx = state->next > 1 ? state->next - 1 : 1;

	mon_log(MON_LOG_ERROR, "bad option or argument '%s' (see --help)",
		idx < state->argc ? state->argv[idx] : "");
}

/* argp's own help falls silent together with its complaints (ARGP_NO_ERRS). */
static __attribute__((noreturn)) void tell_and_exit(const struct argp_state *state, int key)
{
	static char name[] = "monitor";

	if (key == OPT_VERSION)
		puts("monitor " MON_VERSION);
	else
		argp_help(state->root_argp, stdout,
			  key == OPT_HELP ? ARGP_HELP_STD_HELP : ARGP_HELP_STD_USAGE, name);
	exit(EXIT_SUCCESS);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct mon_config *config = state->input;
	double number = 0;
	int err = 0;

	switch (key) {
	case OPT_SYMBOL:
		return add_symbol(config, arg);
	case OPT_DURATION:
		return set_number("duration", arg, 0.01, 1e7, &config->duration_s);
	case OPT_SPEED:
		return set_number("speed", arg, 0, 1e4, &config->speed);
	case OPT_FEED:
		return set_feed(config, arg);
	case OPT_REPORT_EVERY:
		return set_number("report-every", arg, 0, 1e7, &config->report_every_s);
	case OPT_THREADS:
		err = set_whole("threads", arg, 1, 64, &number);
		config->threads = (unsigned int)number;
		return err;
	case OPT_CYCLE:
		err = set_whole("cycle", arg, 1, 60000, &number);
		config->cycle_ms = (int64_t)number;
		return err;
	case OPT_HISTORY:
		err = set_whole("history", arg, 0, 1e9, &number);
		config->history = (size_t)number;
		return err;
	case OPT_PLANT:
		return set_plant(arg, &config->plant);
	case OPT_QUIET:
		config->quiet = true;
		return 0;
	case OPT_HELP:
	case OPT_USAGE:
	case OPT_VERSION:
		tell_and_exit(state, key);
	case ARGP_KEY_ARG:
		mon_log(MON_LOG_ERROR, "unexpected argument '%s' (see --help)", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Wraps parse_option so that every failure says its one line exactly once. */
static error_t parse_or_complain(int key, char *arg, struct argp_state *state)
{
	error_t err;

	if (key == ARGP_KEY_ERROR) {
		/* hook is set once a line was printed */
		if (!state->hook)
			complain(state);
		return 0;
	}
	err = parse_option(key, arg, state);
	if (err && err != ARGP_ERR_UNKNOWN)
		state->hook = state;
	return err;
}

/* The feed lies beside the build directory, or below the prefix of an installation. */
static int find_feed(struct mon_config *config)
{
	static const char *const places[] = {
	    "../examples/feed/market.csv",
	    "../share/vprof/feed/market.csv",
	};
	char dir[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", dir, sizeof(dir) - 1);

	if (len > 0) {
		dir[len] = '\0';
		*strrchr(dir, '/') = '\0';
		for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
			int used =
			    snprintf(config->feed, sizeof(config->feed), "%s/%s", dir, places[i]);

			if (used < (int)sizeof(config->feed) && !access(config->feed, R_OK))
				return 0;
		}
	}
	mon_log(MON_LOG_ERROR, "the bundled feed was not found; name one with --feed FILE");
	return -EINVAL;
}

int mon_config_parse(struct mon_config *config, int argc, char **argv)
{
	static const struct argp argp = {
	    .options = options,
	    .parser = parse_or_complain,
	    .doc = "Watches markets and says what it thinks of them.",
	};

	*config = (struct mon_config){
	    .duration_s = 10,
	    .speed = 10,
	    .threads = 2,
	    .cycle_ms = 20,
	    .history = 1000,
	};
	/* argp's own complaint takes two lines; ours says it in one. */
	if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, config))
		return -EINVAL;
	if (!config->symbol_nr)
		add_symbol(config, "BTC/USDT");
	return *config->feed ? 0 : find_feed(config);
}
