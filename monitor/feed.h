/* The price feed: a CSV file read piece by piece and handed out by time. At its end
 * it starts over with later timestamps, so a replay never runs dry. */
#ifndef MON_FEED_H
#define MON_FEED_H

#include "msg.h"

#include <stddef.h>

struct mon_feed;

struct mon_feed_stats {
	uint64_t rows;	   /* handed out */
	uint64_t bad_rows; /* skipped: malformed, or older than the row before; each is
			    * counted once, however often the file is read */
	uint64_t passes;   /* times the file was read to its end */
};

/* Opens a feed at its start.
 *
 * Returns 0, -ENOMEM, or -errno of open. */
int mon_feed_open(const char *path, struct mon_feed **out);

/* Closes the file and frees the feed; NULL is fine. */
void mon_feed_close(struct mon_feed *feed);

/* Looks for a symbol in the file, reading no further than needed.
 *
 * Returns 1, 0 when there is none, -ENOMEM, or -errno of open and read. */
int mon_feed_has_symbol(const char *path, const char *symbol);

/* Hands out the messages up to a time, in order.
 *
 *   until_ms  time of the replay in ms; messages with ts_ms <= until_ms are due
 *   max       with this many done the call ends before the next timestamp, so that
 *             no message of several rows is cut in two; 0 = no limit
 *   fn        called once a message, which is valid during the call
 *
 * Returns the number handed out (max or more: others may be due), -ENODATA when the
 * file holds no live row (none with ts_ms >= 0), -ENOMEM, or -errno of read. */
int64_t mon_feed_advance(struct mon_feed *feed, int64_t until_ms, size_t max,
			 void (*fn)(void *arg, const struct mon_msg *msg), void *arg);

void mon_feed_stats(const struct mon_feed *feed, struct mon_feed_stats *out);

#endif
