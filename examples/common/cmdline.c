#include "cmdline.h"
#include "say.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

error_t app_set_number(const char *name, const char *text, double min, double max, double *out)
{
	char *end;
	double value = strtod(text, &end);

	/* Written so that NaN fails. */
	if (end == text || *end || !(value >= min && value <= max)) {
		app_say("--%s wants a number from %g to %g, not '%s'", name, min, max, text);
		return EINVAL;
	}
	*out = value;
	return 0;
}

error_t app_set_whole(const char *name, const char *text, double min, double max, double *out)
{
	if (app_set_number(name, text, min, max, out))
		return EINVAL;
	if (*out > floor(*out)) {
		app_say("--%s wants a whole number, not '%s'", name, text);
		return EINVAL;
	}
	return 0;
}

static error_t add_symbol(struct app_options *options, const char *name)
{
	size_t len = strlen(name);
	size_t most = options->symbols_most ? options->symbols_most : APP_SYMBOLS_MAX;

	for (size_t i = 0; i < options->symbol_nr; i++)
		if (!strcmp(options->symbols[i], name))
			return 0;
	if (!len || len >= APP_SYMBOL_MAX) {
		app_say("unknown symbol '%s'", name);
		return EINVAL;
	}
	if (options->symbol_nr == most) {
		app_say("more than %zu symbols", most);
		return EINVAL;
	}
	memcpy(options->symbols[options->symbol_nr++], name, len + 1);
	return 0;
}

static error_t set_feed(struct app_options *options, const char *path)
{
	if (!*path || strlen(path) >= sizeof(options->feed)) {
		app_say("--feed wants the name of a file");
		return EINVAL;
	}
	strcpy(options->feed, path);
	return 0;
}

static error_t set_plant(const char *name, enum app_plant *out)
{
	static const char *const names[] = {"", "leak", "cache", "hotloop"};

	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(name, names[i])) {
			*out = (enum app_plant)i;
			return 0;
		}
	}
	app_say("--plant wants leak, cache or hotloop, not '%s'", name);
	return EINVAL;
}

/* argp's own help falls silent together with its complaints (ARGP_NO_ERRS). */
static __attribute__((noreturn)) void tell_and_exit(const struct argp_state *state, int key)
{
	char name[64];

	if (key == APP_KEY_VERSION) {
		printf("%s " APP_VERSION "\n", app_name);
	} else {
		snprintf(name, sizeof(name), "%s", app_name);
		argp_help(state->root_argp, stdout,
			  key == APP_KEY_HELP ? ARGP_HELP_STD_HELP : ARGP_HELP_STD_USAGE, name);
	}
	exit(EXIT_SUCCESS);
}

error_t app_options_take(struct app_options *options, int key, char *arg, struct argp_state *state)
{
	switch (key) {
	case APP_KEY_SYMBOL:
		return add_symbol(options, arg);
	case APP_KEY_DURATION:
		return app_set_number("duration", arg, 0.01, 1e7, &options->duration_s);
	case APP_KEY_SPEED:
		return app_set_number("speed", arg, 0, 1e4, &options->speed);
	case APP_KEY_REPORT:
		return app_set_number("report-every", arg, 0, 1e7, &options->report_every_s);
	case APP_KEY_FEED:
		return set_feed(options, arg);
	case APP_KEY_PLANT:
		return set_plant(arg, &options->plant);
	case APP_KEY_QUIET:
		options->quiet = true;
		return 0;
	case APP_KEY_HELP:
	case APP_KEY_USAGE:
	case APP_KEY_VERSION:
		tell_and_exit(state, key);
	case ARGP_KEY_ARG:
		app_say("unexpected argument '%s' (see --help)", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* What argp hands to parse_or_complain(). */
struct parse {
	struct app_options *options;
	error_t (*own)(int key, char *arg, void *input);
	void *input;
};

/* Adds the one line that getopt's errors lack: a parser says its own, and notes so
 * in hook. The scan stands behind what it could not make sense of. */
static error_t parse_or_complain(int key, char *arg, struct argp_state *state)
{
	struct parse *parse = state->input;
	int idx = state->next > 1 ? state->next - 1 : 1;
	error_t err;

	if (key == ARGP_KEY_ERROR) {
		if (!state->hook)
			app_say("bad option or argument '%s' (see --help)",
				idx < state->argc ? state->argv[idx] : "");
		return 0;
	}
	err = parse->own(key, arg, parse->input);
	if (err == ARGP_ERR_UNKNOWN)
		err = app_options_take(parse->options, key, arg, state);
	if (err && err != ARGP_ERR_UNKNOWN)
		state->hook = state;
	return err;
}

/* The feed lies beside the build directory, or below the prefix of an installation. */
static int find_feed(struct app_options *options)
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
			    snprintf(options->feed, sizeof(options->feed), "%s/%s", dir, places[i]);

			if (used < (int)sizeof(options->feed) && !access(options->feed, R_OK))
				return 0;
		}
	}
	app_say("the bundled feed was not found; name one with --feed FILE");
	return -EINVAL;
}

int app_options_parse(struct app_options *options, const struct argp_option *table, const char *doc,
		      error_t (*own)(int key, char *arg, void *input), void *input, int argc,
		      char **argv)
{
	struct argp argp = {.options = table, .parser = parse_or_complain, .doc = doc};
	struct parse parse = {options, own, input};

	/* argp's own complaint takes two lines; ours says it in one. */
	if (argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &parse))
		return -EINVAL;
	if (options->may_be_bare)
		return 0;
	if (!options->symbol_nr)
		add_symbol(options, "BTC/USDT");
	return *options->feed ? 0 : find_feed(options);
}
