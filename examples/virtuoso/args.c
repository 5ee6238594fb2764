#include "args.h"
#include "say.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION "0.1.0"

enum key {
	KEY_SYMBOL = 's',
	KEY_DURATION = 'd',
	KEY_SPEED = 'x',
	KEY_FEED = 'f',
	KEY_QUIET = 'q',
	KEY_REPORT = 'r',
	KEY_HELP = '?',
	KEY_VERSION = 'V',
	KEY_SEED = 0x100,
	KEY_PLANT,
	KEY_USAGE,
};

static const struct argp_option options[] = {
    {"symbol", KEY_SYMBOL, "NAME", 0,
     "Market to trade; may be given more than once "
     "(default BTC/USDT)",
     0},
    {"duration", KEY_DURATION, "SECONDS", 0, "How long to run (default 10)", 0},
    {"speed", KEY_SPEED, "X", 0,
     "Replay the feed X times as fast as it was recorded "
     "(default 10); 0 = in lockstep without pauses, the same span of feed as with 10, "
     "and the same result every time",
     0},
    {"feed", KEY_FEED, "FILE", 0, "Feed to replay (default: the bundled one)", 0},
    {"seed", KEY_SEED, "N", 0, "Seed of latencies and fills (default 1)", 0},
    {"report-every", KEY_REPORT, "SECONDS", 0,
     "Print the accounts this often "
     "(default: only at the end)",
     0},
    {"plant", KEY_PLANT, "BUG", 0,
     "Make a mistake on purpose, for a profiler to find: leak, cache or hotloop", 0},
    {"quiet", KEY_QUIET, NULL, 0, "Print nothing but the last lines", 0},
    {"help", KEY_HELP, NULL, 0, "Give this help list", -1},
    {"usage", KEY_USAGE, NULL, 0, "Give a short usage message", -1},
    {"version", KEY_VERSION, NULL, 0, "Print program version", -1},
    {0},
};

static int set_number(const char *name, const char *text, double min, double max, double *out)
{
	char *end;
	double value = strtod(text, &end);

	/* Written so that NaN fails. */
	if (end == text || *end || !(value >= min && value <= max)) {
		virt_say("--%s wants a number from %g to %g, not '%s'", name, min, max, text);
		return EINVAL;
	}
	*out = value;
	return 0;
}

static int set_seed(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	if (end == text || *end || errno || *text == '-') {
		virt_say("--seed wants a whole number, not '%s'", text);
		return EINVAL;
	}
	return 0;
}

static int add_symbol(struct virt_args *args, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < args->symbol_nr; i++)
		if (!strcmp(args->symbols[i], name))
			return 0;
	if (!len || len >= VIRT_SYMBOL_MAX) {
		virt_say("unknown symbol '%s'", name);
		return EINVAL;
	}
	if (args->symbol_nr == VIRT_SYMBOLS_MAX) {
		virt_say("more than %d symbols", VIRT_SYMBOLS_MAX);
		return EINVAL;
	}
	memcpy(args->symbols[args->symbol_nr++], name, len + 1);
	return 0;
}

static int set_feed(struct virt_args *args, const char *path)
{
	if (!*path || strlen(path) >= sizeof(args->feed)) {
		virt_say("--feed wants the name of a file");
		return EINVAL;
	}
	strcpy(args->feed, path);
	return 0;
}

static int set_plant(const char *name, enum virt_plant *out)
{
	int err = virt_plant_parse(name, out);

	if (err)
		virt_say("--plant wants leak, cache or hotloop, not '%s'", name);
	return -err;
}

static __attribute__((noreturn)) void tell_and_exit(const struct argp_state *state, int key)
{
	static char name[] = "virtuoso";

	if (key == KEY_VERSION)
		puts("virtuoso " VERSION);
	else
		argp_help(state->root_argp, stdout,
			  key == KEY_HELP ? ARGP_HELP_STD_HELP : ARGP_HELP_STD_USAGE, name);
	exit(EXIT_SUCCESS);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct virt_args *args = state->input;

	switch (key) {
	case KEY_SYMBOL:
		return add_symbol(args, arg);
	case KEY_DURATION:
		return set_number("duration", arg, 0.01, 1e7, &args->duration_s);
	case KEY_SPEED:
		return set_number("speed", arg, 0, 1e4, &args->speed);
	case KEY_REPORT:
		return set_number("report-every", arg, 0, 1e7, &args->report_every_s);
	case KEY_FEED:
		return set_feed(args, arg);
	case KEY_SEED:
		return set_seed(arg, &args->seed);
	case KEY_PLANT:
		return set_plant(arg, &args->plant);
	case KEY_QUIET:
		args->quiet = true;
		return 0;
	case KEY_HELP:
	case KEY_USAGE:
	case KEY_VERSION:
		tell_and_exit(state, key);
	case ARGP_KEY_ARG:
		virt_say("unexpected argument '%s' (see --help)", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Adds the one line that getopt's errors lack: parse_option says its own, and notes so
 * in hook. The scan stands behind what it could not make sense of. */
static error_t parse_or_complain(int key, char *arg, struct argp_state *state)
{
	int idx = state->next > 1 ? state->next - 1 : 1;
	error_t err;

	if (key == ARGP_KEY_ERROR) {
		if (!state->hook)
			virt_say("bad option or argument '%s' (see --help)",
				 idx < state->argc ? state->argv[idx] : "");
		return 0;
	}
	err = parse_option(key, arg, state);
	if (err && err != ARGP_ERR_UNKNOWN)
		state->hook = state;
	return err;
}

/* The feed lies beside the build directory, or below the prefix of an installation. */
static int find_feed(struct virt_args *args)
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
			    snprintf(args->feed, sizeof(args->feed), "%s/%s", dir, places[i]);

			if (used < (int)sizeof(args->feed) && !access(args->feed, R_OK))
				return 0;
		}
	}
	virt_say("the bundled feed was not found; name one with --feed FILE");
	return -EINVAL;
}

int virt_args_parse(struct virt_args *args, int argc, char **argv)
{
	static const struct argp argp = {
	    .options = options,
	    .parser = parse_or_complain,
	    .doc = "Trades simulated markets with simulated money.",
	};

	*args = (struct virt_args){.duration_s = 10, .speed = 10, .seed = 1};
	/* argp's own complaint takes two lines; ours says it in one. */
	if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, args))
		return -EINVAL;
	if (!args->symbol_nr)
		add_symbol(args, "BTC/USDT");
	return *args->feed ? 0 : find_feed(args);
}
