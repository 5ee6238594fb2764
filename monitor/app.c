#include "app.h"
#include "feed.h"
#include "log.h"
#include "loop.h"
#include "market.h"
#include "plant.h"
#include "report.h"
#include "vprof.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS	      10    /* between two looks at the feed */
#define TICK_MESSAGES 20000 /* most a tick takes, so that signals are served */
#define FREE_SPEED    10    /* feed time a cycle covers when nothing paces it */
#define MS_NS	      1000000LL

struct watch {
	struct mon_market market;
	struct mon_alert alert;
	bool busy;	    /* an analysis of it runs */
	struct mon_str box; /* as of the last analysis */
};

struct app {
	const struct mon_config *config;
	struct mon_loop *loop;
	struct mon_pool *pool;
	struct app_feed *feed;
	struct watch *watches;
	size_t watch_nr;
	bool color;
	int err; /* why the loop was stopped, or 0 */
	int64_t start_ns;
	int64_t feed_ms; /* time of the replay */
	size_t running;	 /* analyses started and not taken back */
	uint64_t messages, cycles, analyses, skipped;
	int64_t slowest_ns; /* analysis, from start to result */
	int done_event;	    /* signalled when done is no longer empty */
	int step_event;	    /* speed 0: the next step is due */
	pthread_mutex_t done_lock;
	struct mon_analysis *done; /* protected by done_lock */
};

static void stop_with(struct app *app, int err)
{
	app->err = app->err ? app->err : err;
	mon_loop_stop(app->loop);
}

static void on_message(void *arg, const struct app_msg *msg)
{
	struct app *app = arg;

	mon_plant_message(app->config->app.plant, msg);
	for (size_t i = 0; i < app->watch_nr; i++) {
		if (!strcmp(app->watches[i].market.symbol, msg->symbol)) {
			mon_market_apply(&app->watches[i].market, msg);
			app->messages++;
			return;
		}
	}
}

static void advance_feed(struct app *app, int64_t until_ms)
{
	int64_t done = app_feed_advance(app->feed, until_ms, TICK_MESSAGES, on_message, app);

	if (done == -ENODATA)
		mon_log(MON_LOG_ERROR, "%s: no market data in it", app->config->app.feed);
	else if (done < 0)
		mon_log(MON_LOG_ERROR, "%s: %s", app->config->app.feed, strerror((int)-done));
	if (done < 0)
		stop_with(app, (int)done);
	app->feed_ms = until_ms;
}

/* In a worker thread: hands the result to the loop. */
static void on_analysed(void *arg, struct mon_analysis *analysis)
{
	struct app *app = arg;

	pthread_mutex_lock(&app->done_lock);
	analysis->next = app->done;
	app->done = analysis;
	pthread_mutex_unlock(&app->done_lock);
	mon_event_signal(app->done_event);
}

static void start_analysis(struct app *app, size_t idx)
{
	struct watch *watch = &app->watches[idx];
	struct mon_view *view;

	if (watch->busy) {
		app->skipped++;
		return;
	}
	if (mon_view_create(&watch->market, app->feed_ms, &view) ||
	    mon_analysis_start(app->pool, idx, view, on_analysed, app)) {
		app->skipped++;
		return;
	}
	watch->busy = true;
	app->running++;
}

static void on_cycle(void *arg, uint64_t value)
{
	struct app *app = arg;

	(void)value;
	app->cycles++;
	vprof_mark("cycle");
	mon_plant_cycle(app->config->app.plant);
	for (size_t i = 0; i < app->watch_nr; i++)
		start_analysis(app, i);
}

static void on_tick(void *arg, uint64_t value)
{
	struct app *app = arg;
	double run_ms = (double)(mon_now_ns() - app->start_ns) / (double)MS_NS;

	(void)value;
	advance_feed(app, (int64_t)(run_ms * app->config->app.speed));
}

/* Speed 0: one cycle's worth of feed, then its analyses; the next step follows when
 * they are done. So every run sees the same markets at the same cycles. */
static void on_step(void *arg, uint64_t value)
{
	struct app *app = arg;
	int64_t step_ms = app->config->cycle_ms * FREE_SPEED;

	if ((double)(app->feed_ms + step_ms) > app->config->app.duration_s * 1000 * FREE_SPEED) {
		mon_loop_stop(app->loop);
		return;
	}
	advance_feed(app, app->feed_ms + step_ms);
	on_cycle(app, value);
	if (!app->running)
		mon_event_signal(app->step_event);
}

static void tell_alert(const struct mon_analysis *analysis, enum mon_alert_state state)
{
	if (state == MON_ALERT_NONE)
		return;
	mon_log(MON_LOG_INFO, "%s %s at %.2f: score %.1f, reliability %.0f%%",
		analysis->view->symbol, state == MON_ALERT_IS_BUY ? "BUY" : "SELL",
		analysis->view->price, analysis->total.value, 100 * analysis->total.reliability);
}

static void take_result(struct app *app, struct mon_analysis *analysis)
{
	struct watch *watch = &app->watches[analysis->market_idx];
	int64_t took_ns = mon_now_ns() - analysis->started_ns;

	watch->busy = false;
	app->running--;
	app->analyses++;
	if (took_ns > app->slowest_ns)
		app->slowest_ns = took_ns;
	tell_alert(analysis, mon_alert_update(&watch->alert, analysis->total.value));
	mon_str_clear(&watch->box);
	if (mon_report_box(&watch->box, analysis, &watch->alert, app->color))
		mon_str_clear(&watch->box);
	mon_analysis_destroy(analysis);
}

static void take_results(struct app *app)
{
	struct mon_analysis *done, *next;

	pthread_mutex_lock(&app->done_lock);
	done = app->done;
	app->done = NULL;
	pthread_mutex_unlock(&app->done_lock);
	for (; done; done = next) {
		next = done->next;
		take_result(app, done);
	}
}

static void on_done(void *arg, uint64_t value)
{
	struct app *app = arg;

	(void)value;
	take_results(app);
	if (app->config->app.speed <= 0 && !app->running)
		mon_event_signal(app->step_event);
}

static void print_boxes(const struct app *app)
{
	for (size_t i = 0; i < app->watch_nr && !app->config->app.quiet; i++)
		if (app->watches[i].box.len)
			fputs(app->watches[i].box.text, stdout);
	fflush(stdout);
}

static void on_report(void *arg, uint64_t value)
{
	(void)value;
	print_boxes(arg);
}

static void on_deadline(void *arg, uint64_t value)
{
	struct app *app = arg;

	(void)value;
	mon_loop_stop(app->loop);
}

static void on_signal(void *arg, uint64_t signal)
{
	struct app *app = arg;

	mon_log(MON_LOG_INFO, "%s, stopping", signal == SIGINT ? "interrupted" : "terminated");
	mon_loop_stop(app->loop);
}

static int add_timer(struct app *app, double seconds, bool repeat,
		     void (*fn)(void *arg, uint64_t value))
{
	int64_t ns = (int64_t)(seconds * 1e9);

	return mon_loop_add_timer(app->loop, ns > 0 ? ns : 1, repeat ? ns : 0,
				  (struct mon_handler){fn, app});
}

/* Real time is paced by timers; speed 0 steps itself, and needs no deadline. */
static int add_pace(struct app *app)
{
	const struct mon_config *config = app->config;
	int err;

	if (config->app.speed <= 0) {
		err = mon_loop_add_event(app->loop, (struct mon_handler){on_step, app},
					 &app->step_event);
		if (!err)
			mon_event_signal(app->step_event);
		return err;
	}
	err = add_timer(app, TICK_MS * 1e-3, true, on_tick);
	err = err ? err : add_timer(app, (double)config->cycle_ms * 1e-3, true, on_cycle);
	return err ? err : add_timer(app, config->app.duration_s, false, on_deadline);
}

static int add_sources(struct app *app)
{
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	err = mon_loop_add_signals(app->loop, &signals, (struct mon_handler){on_signal, app});
	err = err ? err
		  : mon_loop_add_event(app->loop, (struct mon_handler){on_done, app},
				       &app->done_event);
	if (!err && app->config->app.report_every_s > 0)
		err = add_timer(app, app->config->app.report_every_s, true, on_report);
	return err ? err : add_pace(app);
}

/* Opens the feed and makes sure that it has what is to be watched. */
static int open_feed(struct app *app)
{
	const struct mon_config *config = app->config;

	for (size_t i = 0; i < config->app.symbol_nr; i++) {
		int found = app_feed_has_symbol(config->app.feed, config->app.symbols[i]);

		if (found < 0) {
			mon_log(MON_LOG_ERROR, "%s: %s", config->app.feed, strerror(-found));
			return found;
		}
		if (!found) {
			mon_log(MON_LOG_ERROR, "unknown symbol '%s': not in %s",
				config->app.symbols[i], config->app.feed);
			return -ENOENT;
		}
	}
	return app_feed_open(config->app.feed, &app->feed);
}

static int open_watches(struct app *app)
{
	const struct mon_config *config = app->config;

	app->watches = calloc(config->app.symbol_nr, sizeof(*app->watches));
	if (!app->watches)
		return -ENOMEM;
	app->watch_nr = config->app.symbol_nr;
	for (size_t i = 0; i < app->watch_nr; i++)
		mon_market_init(&app->watches[i].market, config->app.symbols[i], config->history);
	return 0;
}

static int start(struct app *app)
{
	int err = open_watches(app);

	err = err ? err : mon_loop_create(&app->loop);
	err = err ? err : mon_pool_create(app->config->threads, &app->pool);
	if (err)
		return err;
	advance_feed(app, -1); /* history, before the clock starts */
	app->feed_ms = 0;
	if (app->err)
		return app->err;
	app->start_ns = mon_now_ns();
	return add_sources(app);
}

static void stop(struct app *app)
{
	/* The pool first: its last results still need the event and the list. */
	mon_pool_destroy(app->pool);
	if (app->watches)
		take_results(app);
	mon_loop_destroy(app->loop);
}

static void print_summary(const struct app *app)
{
	struct app_feed_stats feed;
	struct app_book_stats book = {0};
	uint64_t alerts = 0;

	app_feed_stats(app->feed, &feed);
	for (size_t i = 0; i < app->watch_nr; i++) {
		const struct app_book_stats *one = &app->watches[i].market.book.stats;

		book.updates += one->updates;
		book.crossed += one->crossed;
		book.gaps += one->gaps;
		book.stale += one->stale;
		alerts += app->watches[i].alert.buys + app->watches[i].alert.sells;
	}
	print_boxes(app);
	printf("feed: %" PRIu64 " rows, %" PRIu64 " bad, %" PRIu64 " passes, %.1f s replayed\n",
	       feed.rows, feed.bad_rows, feed.passes, (double)app->feed_ms / 1000);
	printf("book: %" PRIu64 " updates, %" PRIu64 " crossed, %" PRIu64 " gaps, %" PRIu64
	       " stale\n",
	       book.updates, book.crossed, book.gaps, book.stale);
	printf("monitor: %zu symbols, %" PRIu64 " messages, %" PRIu64 " cycles, %" PRIu64
	       " analyses, %" PRIu64 " skipped, %" PRIu64 " alerts\n",
	       app->watch_nr, app->messages, app->cycles, app->analyses, app->skipped, alerts);
	printf("time: %.2f s, slowest analysis %.2f ms\n",
	       (double)(mon_now_ns() - app->start_ns) * 1e-9, (double)app->slowest_ns * 1e-6);
	mon_plant_print(app->config->app.plant, stdout);
	fflush(stdout);
}

static void free_app(struct app *app)
{
	for (size_t i = 0; i < app->watch_nr; i++) {
		mon_market_fini(&app->watches[i].market);
		mon_str_fini(&app->watches[i].box);
	}
	free(app->watches);
	app_feed_close(app->feed);
	pthread_mutex_destroy(&app->done_lock);
}

int mon_app_run(const struct mon_config *config)
{
	struct app app = {.config = config, .color = mon_report_wants_color()};
	int err;

	pthread_mutex_init(&app.done_lock, NULL);
	err = open_feed(&app); /* says itself what is wrong */
	if (!err) {
		err = start(&app);
		err = err ? err : mon_loop_run(app.loop);
		stop(&app);
		if (err && !app.err)
			mon_log(MON_LOG_ERROR, "cannot run: %s", strerror(-err));
		err = err ? err : app.err;
		if (!err)
			print_summary(&app);
	}
	free_app(&app);
	return err;
}
