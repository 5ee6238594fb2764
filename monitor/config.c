#include "config.h"
#include "say.h"

enum key { KEY_THREADS = 't', KEY_CYCLE = APP_KEY_OWN, KEY_HISTORY };

const char app_name[] = "monitor";

static const struct argp_option table[] = {
    {"symbol", APP_KEY_SYMBOL, "NAME", 0,
     "Market to watch; may be given more than once "
     "(default BTC/USDT)",
     0},
    APP_OPTION_DURATION,
    {"speed", APP_KEY_SPEED, "X", 0,
     "Replay the feed X times as fast as it was recorded "
     "(default 10); 0 = without pauses, the same span of feed as with 10",
     0},
    APP_OPTION_FEED,
    {"threads", KEY_THREADS, "N", 0, "Threads that analyse (default 2)", 0},
    {"cycle", KEY_CYCLE, "MS", 0, "Time between two analyses (default 20)", 0},
    {"report-every", APP_KEY_REPORT, "SECONDS", 0,
     "Print the boxes this often "
     "(default: only at the end)",
     0},
    {"history", KEY_HISTORY, "N", 0,
     "Candles and trades to keep per market (default "
     "1000); 0 = keep all",
     0},
    APP_OPTION_PLANT,
    {"quiet", APP_KEY_QUIET, NULL, 0, "No boxes and no messages but errors", 0},
    APP_OPTIONS_HELP,
    {0},
};

static error_t take(int key, char *arg, void *input)
{
	struct mon_config *config = input;
	double number = 0;
	error_t err;

	switch (key) {
	case KEY_THREADS:
		err = app_set_whole("threads", arg, 1, 64, &number);
		config->threads = (unsigned int)number;
		return err;
	case KEY_CYCLE:
		err = app_set_whole("cycle", arg, 1, 60000, &number);
		config->cycle_ms = (int64_t)number;
		return err;
	case KEY_HISTORY:
		err = app_set_whole("history", arg, 0, 1e9, &number);
		config->history = (size_t)number;
		return err;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int mon_config_parse(struct mon_config *config, int argc, char **argv)
{
	*config = (struct mon_config){
	    .app = {.duration_s = 10, .speed = 10},
	    .threads = 2,
	    .cycle_ms = 20,
	    .history = 1000,
	};
	return app_options_parse(&config->app, table,
				 "Watches markets and says what it thinks of them.", take, config,
				 argc, argv);
}
