#include "feed.h"
#include "parse.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES  8192
#define LOOP_STEP_MS 100 /* pause between the last row and the first again */

struct app_feed {
	int fd;
	struct csv_parser csv;
	struct app_row row;	 /* the one libcsv is filling */
	struct app_msg *waiting; /* parsed, not handed out: [head, nr) */
	size_t head, nr, cap;
	int parse_err;	    /* -ENOMEM from a callback, which cannot return it */
	int64_t shift_ms;   /* added to the file's times: rises a pass */
	int64_t last_ts_ms; /* of the file, this pass */
	bool has_live;	    /* a row with ts_ms >= 0 in this pass */
	uint64_t line;	    /* rows that ended so far; a row is a line, as no field has one in it */
	struct app_feed_stats stats;
};

/* libcsv: a field is complete. */
static void on_field(void *text, size_t len, void *arg)
{
	struct app_feed *feed = arg;

	app_row_add(&feed->row, text, len);
}

static int push_waiting(struct app_feed *feed, const struct app_msg *msg)
{
	if (feed->nr == feed->cap) {
		size_t cap = feed->cap ? feed->cap * 2 : 256;
		struct app_msg *waiting = reallocarray(feed->waiting, cap, sizeof(*waiting));

		if (!waiting)
			return -ENOMEM;
		feed->waiting = waiting;
		feed->cap = cap;
	}
	feed->waiting[feed->nr++] = *msg;
	return 0;
}

static void take_row(struct app_feed *feed)
{
	struct app_msg msg;

	/* Times that go backwards would hold up or reorder the replay. */
	if (app_parse_row(&feed->row, &msg) || msg.ts_ms < feed->last_ts_ms) {
		if (!feed->stats.passes && !feed->stats.bad_rows++)
			feed->stats.first_bad = feed->line;
		return;
	}
	feed->last_ts_ms = msg.ts_ms;
	if (msg.ts_ms >= 0)
		feed->has_live = true;
	else if (feed->stats.passes)
		return; /* history is needed once */
	msg.ts_ms += feed->shift_ms;
	if (push_waiting(feed, &msg))
		feed->parse_err = -ENOMEM;
}

/* libcsv: a row is complete. */
static void on_row(int terminator, void *arg)
{
	struct app_feed *feed = arg;

	(void)terminator;
	feed->line++;
	if (!app_row_is_header(&feed->row))
		take_row(feed);
	app_row_clear(&feed->row);
}

int app_feed_open(const char *path, struct app_feed **out)
{
	struct app_feed *feed = calloc(1, sizeof(*feed));
	int err;

	if (!feed)
		return -ENOMEM;
	feed->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (feed->fd < 0) {
		err = -errno;
		free(feed);
		return err;
	}
	csv_init(&feed->csv, 0);
	feed->last_ts_ms = INT64_MIN;
	*out = feed;
	return 0;
}

void app_feed_close(struct app_feed *feed)
{
	if (!feed)
		return;
	csv_free(&feed->csv);
	close(feed->fd);
	free(feed->waiting);
	free(feed);
}

static int end_pass(struct app_feed *feed)
{
	csv_fini(&feed->csv, on_field, on_row, feed);
	feed->stats.passes++;
	if (!feed->has_live)
		return -ENODATA;
	if (lseek(feed->fd, 0, SEEK_SET) < 0)
		return -errno;
	feed->shift_ms += feed->last_ts_ms + LOOP_STEP_MS;
	feed->last_ts_ms = INT64_MIN;
	feed->has_live = false;
	return feed->parse_err;
}

/* Parses the next piece of the file; at its end, prepares the next pass. */
static int refill(struct app_feed *feed)
{
	char chunk[CHUNK_BYTES];
	ssize_t len = read(feed->fd, chunk, sizeof(chunk));

	if (len < 0)
		return errno == EINTR ? 0 : -errno;
	if (!len)
		return end_pass(feed);
	if (csv_parse(&feed->csv, chunk, (size_t)len, on_field, on_row, feed) != (size_t)len)
		return -ENOMEM;
	return feed->parse_err;
}

/* Makes sure that a message waits. */
static int fill_waiting(struct app_feed *feed)
{
	int err = 0;

	if (feed->head < feed->nr)
		return 0;
	feed->head = feed->nr = 0;
	while (!feed->nr && !err)
		err = refill(feed);
	return err;
}

int app_feed_next(struct app_feed *feed, int64_t until_ms, const struct app_msg **out)
{
	int err = fill_waiting(feed);

	if (err)
		return err;
	if (feed->waiting[feed->head].ts_ms > until_ms)
		return 0;
	*out = &feed->waiting[feed->head++];
	feed->stats.rows++;
	return 1;
}

int64_t app_feed_advance(struct app_feed *feed, int64_t until_ms, size_t max,
			 void (*fn)(void *arg, const struct app_msg *msg), void *arg)
{
	size_t done = 0;
	int64_t last_ms = 0;

	for (;;) {
		const struct app_msg *msg;
		int err = fill_waiting(feed);

		if (err)
			return err;
		msg = &feed->waiting[feed->head];
		if (msg->ts_ms > until_ms || (max && done >= max && msg->ts_ms > last_ms))
			return (int64_t)done;
		last_ms = msg->ts_ms;
		fn(arg, msg);
		feed->head++;
		feed->stats.rows++;
		done++;
	}
}

int app_feed_has_symbol(const char *path, const char *symbol)
{
	struct app_feed *feed;
	bool found = false;
	int err = app_feed_open(path, &feed);

	if (err)
		return err;
	while (!found && !feed->stats.passes && !err) {
		feed->nr = 0;
		err = refill(feed);
		for (size_t i = 0; i < feed->nr && !found; i++)
			found = !strcmp(feed->waiting[i].symbol, symbol);
	}
	app_feed_close(feed);
	if (found)
		return 1;
	return err == -ENODATA ? 0 : err;
}

void app_feed_stats(const struct app_feed *feed, struct app_feed_stats *out)
{
	*out = feed->stats;
}
