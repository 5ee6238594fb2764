/* The price feed: a CSV file read piece by piece and handed out by time. At its end
 * it starts over with later timestamps, so a replay never runs dry. */
#ifndef APP_FEED_H
#define APP_FEED_H

#include "msg.h"

#include <stddef.h>

struct app_feed;

struct app_feed_stats {
	uint64_t rows;	    /* handed out */
	uint64_t bad_rows;  /* skipped: malformed, or older than the row before; each is
			     * counted once, however often the file is read */
	uint64_t first_bad; /* the line of the first of them, from 1; 0: none */
	uint64_t passes;    /* times the file was read to its end */
};

/* Opens a feed at its start.
 *
 * Returns 0, -ENOMEM, or -errno of open. */
int app_feed_open(const char *path, struct app_feed **out);

/* Closes the file and frees the feed; NULL is fine. */
void app_feed_close(struct app_feed *feed);

/* Looks for a symbol in the file, reading no further than needed.
 *
 * Returns 1, 0 when there is none, -ENOMEM, or -errno of open and read. */
int app_feed_has_symbol(const char *path, const char *symbol);

/* Takes the next message if it is due.
 *
 *   until_ms  time of the replay in ms; messages with ts_ms <= until_ms are due
 *   out       [out] valid until the next call
 *
 * Returns 1, 0 when the next one is later, or an error as app_feed_advance. */
int app_feed_next(struct app_feed *feed, int64_t until_ms, const struct app_msg **out);

/* Hands out the messages up to a time, in order.
 *
 *   until_ms  time of the replay in ms; messages with ts_ms <= until_ms are due
 *   max       with this many done the call ends before the next timestamp, so that
 *             no message of several rows is cut in two; 0 = no limit
 *   fn        called once a message, which is valid during the call
 *
 * Returns the number handed out (max or more: others may be due), -ENODATA when the
 * file holds no live row (none with ts_ms >= 0), -ENOMEM, or -errno of read. */
int64_t app_feed_advance(struct app_feed *feed, int64_t until_ms, size_t max,
			 void (*fn)(void *arg, const struct app_msg *msg), void *arg);

void app_feed_stats(const struct app_feed *feed, struct app_feed_stats *out);

#endif
