#include "recording.h"
#include "feed.h"
#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct seen {
	char names[APP_SYMBOLS_MAX][APP_SYMBOL_MAX];
	size_t nr;
};

static bool has(const struct seen *seen, const char *name)
{
	for (size_t i = 0; i < seen->nr; i++)
		if (!strcmp(seen->names[i], name))
			return true;
	return false;
}

static int read_all(struct app_feed *feed, struct seen *seen, struct app_feed_stats *stats)
{
	const struct app_msg *msg;
	int got;

	do {
		got = app_feed_next(feed, INT64_MAX, &msg);
		app_feed_stats(feed, stats);
		if (got == 1 && !stats->passes && seen->nr < APP_SYMBOLS_MAX &&
		    !has(seen, msg->symbol))
			strcpy(seen->names[seen->nr++], msg->symbol);
	} while (got == 1 && !stats->passes);
	return got < 0 ? got : 0;
}

static int choose(struct app_options *options, const struct seen *seen)
{
	for (size_t i = 0; i < options->symbol_nr; i++) {
		if (!has(seen, options->symbols[i])) {
			app_say("unknown symbol '%s': not in %s", options->symbols[i],
				options->feed);
			return -ENOENT;
		}
	}
	if (!options->symbol_nr) {
		memcpy(options->symbols, seen->names, sizeof(options->symbols));
		options->symbol_nr = seen->nr;
	}
	return 0;
}

int ex_recording_look(struct app_options *options)
{
	struct app_feed_stats stats = {0};
	struct seen seen = {0};
	struct app_feed *feed;
	int err = app_feed_open(options->feed, &feed);

	if (!err) {
		err = read_all(feed, &seen, &stats);
		app_feed_close(feed);
	}
	if (err == -ENODATA && stats.bad_rows)
		app_say("%s: no market data in it, line %" PRIu64 " is the first that is malformed",
			options->feed, stats.first_bad);
	else if (err == -ENODATA)
		app_say("%s: no market data in it", options->feed);
	else if (err)
		app_say("%s: %s", options->feed, strerror(-err));
	else if (stats.bad_rows)
		app_say("%s: %" PRIu64 " malformed rows are left out, the first is line %" PRIu64,
			options->feed, stats.bad_rows, stats.first_bad);
	return err ? err : choose(options, &seen);
}
