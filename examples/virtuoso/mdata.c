#include "mdata.h"
#include "feed.h"
#include "say.h"
#include "text.h"
#include "wire.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLOCK_MS    100 /* of feed: the gateway's clock */
#define DECISION_MS 100 /* of feed: the strategy's, a multiple of it */
#define FREE_SPEED  10	/* what speed 0 replays: as much as this speed would */
#define BEHIND	    64	/* notes that wait when the strategy is behind */
#define SECOND_NS   1000000000LL

struct virt_mdata {
	pthread_t thread;
	struct virt_mdata_setup setup;
	struct app_feed *feed;
	atomic_bool stopping;
	int64_t start_ns;
	struct virt_mdata_stats stats;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* Sleeps until the feed's time has come. */
static void pace(const struct virt_mdata *mdata, int64_t feed_ms)
{
	int64_t due_ns = mdata->start_ns + (int64_t)((double)feed_ms * 1e6 / mdata->setup.speed);
	struct timespec due = {due_ns / SECOND_NS, due_ns % SECOND_NS};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static int replay(struct virt_mdata *mdata, int64_t until_ms)
{
	struct virt_venue *venue = mdata->setup.venue;
	const struct app_msg *msg;
	int got;

	while ((got = app_feed_next(mdata->feed, until_ms, &msg)) > 0) {
		int idx = virt_venue_find(venue, msg->symbol);

		if (idx < 0)
			continue;
		if (virt_market_apply(&venue->markets[idx], msg))
			return -ENOMEM;
		mdata->stats.events++;
	}
	return got;
}

static void add_levels(struct virt_text *text, const char *key, const struct virt_level *levels,
		       size_t nr)
{
	virt_text_addf(text, ",\"%s\":[", key);
	for (size_t i = 0; i < nr; i++)
		virt_text_addf(text, "%s[\"%.8g\",\"%.8g\"]", i ? "," : "", levels[i].price,
			       levels[i].size);
	virt_text_addf(text, "]");
}

static char *book_text(const char *symbol, const struct virt_top *top, int64_t ts_ms)
{
	struct virt_text text = {0};

	virt_text_addf(&text, "{");
	virt_text_string(&text, "topic", "orderbook");
	virt_text_string(&text, "symbol", symbol);
	virt_text_whole(&text, "ts", ts_ms);
	add_levels(&text, "b", top->bids, top->bid_nr);
	add_levels(&text, "a", top->asks, top->ask_nr);
	virt_text_addf(&text, "}");
	return virt_text_take(&text);
}

static void publish(struct virt_mdata *mdata, int64_t ts_ms)
{
	struct virt_venue *venue = mdata->setup.venue;
	struct virt_top top;

	for (size_t i = 0; i < venue->nr; i++) {
		char *text;

		virt_market_top(&venue->markets[i], &top);
		text = book_text(venue->markets[i].symbol, &top, ts_ms);
		if (text)
			virt_wire_send(mdata->setup.copy_fd, text);
		free(text);
	}
}

static void tell_strategy(struct virt_mdata *mdata, int64_t ts_ms)
{
	struct virt_mailbox *strategy = mdata->setup.strategy;

	if (virt_mailbox_nr(strategy) > BEHIND)
		mdata->stats.late++;
	else
		virt_mailbox_send(strategy, VIRT_NOTE_CLOCK, ts_ms, NULL);
}

/* In lockstep the receiver is done before anything else happens. */
static void tell(struct virt_mdata *mdata, int64_t ts_ms)
{
	bool lockstep = mdata->setup.speed <= 0;

	virt_mailbox_send(mdata->setup.gateway, VIRT_NOTE_CLOCK, ts_ms, NULL);
	if (lockstep)
		virt_mailbox_wait_idle(mdata->setup.gateway);
	if (ts_ms % DECISION_MS)
		return;
	if (lockstep)
		virt_mailbox_wait_idle(mdata->setup.strategy); /* reports come first */
	tell_strategy(mdata, ts_ms);
	if (lockstep)
		virt_mailbox_wait_idle(mdata->setup.strategy);
}

static bool is_over(const struct virt_mdata *mdata, int64_t feed_ms)
{
	const struct virt_mdata_setup *setup = &mdata->setup;

	if (setup->speed <= 0)
		return (double)feed_ms > setup->duration_s * 1000 * FREE_SPEED;
	return (double)feed_ms > setup->duration_s * 1000 * setup->speed ||
	       (double)(now_ns() - mdata->start_ns) > setup->duration_s * SECOND_NS;
}

static void *mdata_main(void *arg)
{
	struct virt_mdata *mdata = arg;
	struct app_feed_stats feed;
	int err = replay(mdata, -1); /* history, before the clock starts */

	mdata->start_ns = now_ns();
	for (int64_t ms = 0; !err && !is_over(mdata, ms) && !mdata->stopping; ms += CLOCK_MS) {
		if (mdata->setup.speed > 0)
			pace(mdata, ms);
		err = replay(mdata, ms);
		publish(mdata, ms);
		tell(mdata, ms);
		mdata->stats.feed_ms = ms;
	}
	mdata->stats.err = err;
	app_feed_stats(mdata->feed, &feed);
	mdata->stats.bad_rows = feed.bad_rows;
	virt_mailbox_send(mdata->setup.strategy, VIRT_NOTE_STOP, 0, NULL);
	close(mdata->setup.copy_fd);
	return NULL;
}

static void destroy(struct virt_mdata *mdata)
{
	app_feed_close(mdata->feed);
	free(mdata);
}

int virt_mdata_start(const struct virt_mdata_setup *setup, struct virt_mdata **out)
{
	struct virt_mdata *mdata = calloc(1, sizeof(*mdata));
	int err = mdata ? app_feed_open(setup->feed, &mdata->feed) : -ENOMEM;

	if (!err) {
		mdata->setup = *setup;
		err = -pthread_create(&mdata->thread, NULL, mdata_main, mdata);
	}
	if (err) {
		close(setup->copy_fd);
		if (mdata)
			destroy(mdata);
		return err;
	}
	pthread_setname_np(mdata->thread, "virt-mdata");
	*out = mdata;
	return 0;
}

void virt_mdata_stop(struct virt_mdata *mdata)
{
	if (mdata)
		mdata->stopping = true;
}

void virt_mdata_join(struct virt_mdata *mdata, struct virt_mdata_stats *out)
{
	if (!mdata)
		return;
	pthread_join(mdata->thread, NULL);
	*out = mdata->stats;
	destroy(mdata);
}
