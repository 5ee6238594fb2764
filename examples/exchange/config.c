#include "config.h"
#include "say.h"

#include <errno.h>

enum key { KEY_PORT = 'p', KEY_SEED = APP_KEY_OWN, KEY_INJECT };

const char app_name[] = "exchange";

static const struct argp_option table[] = {
    {"port", KEY_PORT, "N", 0,
     "Port of 127.0.0.1 to listen on (default 0: any that is free; it is printed)", 0},
    {"symbol", APP_KEY_SYMBOL, "NAME", 0,
     "Market to have, such as BTC/USDT; may be given more than once (default: all that the "
     "model has)",
     0},
    {"feed", APP_KEY_FEED, "FILE", 0,
     "Play a recording, over and over (default: a model; see examples/feed/README.md)", 0},
    {"seed", KEY_SEED, "N", 0, "Of the model: the same seed, the same markets (default 1)", 0},
    {"speed", APP_KEY_SPEED, "X", 0,
     "Market time per real time (default 1); 0 = as fast as the clients read", 0},
    {"inject", KEY_INJECT, "FAULT[:N]", 0,
     "What goes wrong with every connection, at its first message or at each N-th: gap, "
     "duplicate, reorder, crossed, restart, close, reset, silence, malformed, hostile or frame",
     0},
    {"duration", APP_KEY_DURATION, "SECONDS", 0, "How long to run (default: until a signal)", 0},
    {"quiet", APP_KEY_QUIET, NULL, 0, "Print the port and errors only", 0},
    APP_OPTIONS_HELP,
    {0},
};

static error_t take(int key, char *arg, void *input)
{
	struct ex_config *config = input;
	double number = 0;
	error_t err;

	switch (key) {
	case KEY_PORT:
		err = app_set_whole("port", arg, 0, 65535, &number);
		config->port = (int)number;
		return err;
	case KEY_SEED:
		err = app_set_whole("seed", arg, 0, 1e15, &number);
		config->seed = (uint64_t)number;
		return err;
	case KEY_INJECT:
		if (!ex_faults_ask(&config->faults, arg))
			return 0;
		app_say("--inject wants %s, and perhaps :N, not '%s'", ex_faults_names(), arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int ex_config_parse(struct ex_config *config, int argc, char **argv)
{
	*config = (struct ex_config){
	    .app = {.speed = 1, .may_be_bare = true},
	    .seed = 1,
	};
	return app_options_parse(&config->app, table,
				 "An exchange for programs on this machine: public streams of "
				 "Bybit v5 at /v5/public/linear, orders at /v5/private.",
				 take, config, argc, argv);
}
