#include "args.h"
#include "say.h"

#include <errno.h>
#include <stdlib.h>

#define KEY_SEED APP_KEY_OWN

const char app_name[] = "virtuoso";

static const struct argp_option table[] = {
    {"symbol", APP_KEY_SYMBOL, "NAME", 0,
     "Market to trade; may be given more than once "
     "(default BTC/USDT)",
     0},
    APP_OPTION_DURATION,
    {"speed", APP_KEY_SPEED, "X", 0,
     "Replay the feed X times as fast as it was recorded "
     "(default 10); 0 = in lockstep without pauses, the same span of feed as with 10, "
     "and the same result every time",
     0},
    APP_OPTION_FEED,
    {"seed", KEY_SEED, "N", 0, "Seed of latencies and fills (default 1)", 0},
    {"report-every", APP_KEY_REPORT, "SECONDS", 0,
     "Print the accounts this often "
     "(default: only at the end)",
     0},
    APP_OPTION_PLANT,
    {"quiet", APP_KEY_QUIET, NULL, 0, "Print nothing but the last lines", 0},
    APP_OPTIONS_HELP,
    {0},
};

static error_t set_seed(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	if (end == text || *end || errno || *text == '-') {
		app_say("--seed wants a whole number, not '%s'", text);
		return EINVAL;
	}
	return 0;
}

static error_t take(int key, char *arg, void *input)
{
	struct virt_args *args = input;

	return key == KEY_SEED ? set_seed(arg, &args->seed) : ARGP_ERR_UNKNOWN;
}

int virt_args_parse(struct virt_args *args, int argc, char **argv)
{
	*args = (struct virt_args){
	    .app = {.duration_s = 10, .speed = 10, .symbols_most = VIRT_SYMBOLS_MAX}, .seed = 1};
	return app_options_parse(&args->app, table,
				 "Trades simulated markets with simulated money.", take, args, argc,
				 argv);
}
