#include "session.h"
#include "blotter.h"
#include "feed.h"
#include "gateway.h"
#include "mdata.h"
#include "say.h"
#include "strategy.h"
#include "wire.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What an epoll event stands for. */
enum source {
	SOURCE_REPORTS,
	SOURCE_BOOKS,
	SOURCE_SIGNAL,
	SOURCE_TIMER,
};

struct session {
	const struct virt_args *args;
	struct virt_venue venue;
	struct virt_blotter blotter;
	struct virt_strategy *strategy;
	struct virt_gateway *gateway;
	struct virt_mdata *mdata;
	struct virt_wire reports, books;
	int epoll_fd, signal_fd, timer_fd;
};

static int watch(struct session *session, int fd, enum source source)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = source};

	return epoll_ctl(session->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int add_signals(struct session *session)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	session->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	return session->signal_fd < 0 ? -errno : watch(session, session->signal_fd, SOURCE_SIGNAL);
}

static int add_timer(struct session *session)
{
	int64_t ns = (int64_t)(session->args->app.report_every_s * 1e9);
	struct timespec period = {ns / 1000000000, ns % 1000000000};
	struct itimerspec spec = {period, period};

	if (ns <= 0 || session->args->app.quiet)
		return 0;
	session->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (session->timer_fd < 0 || timerfd_settime(session->timer_fd, 0, &spec, NULL))
		return -errno;
	return watch(session, session->timer_fd, SOURCE_TIMER);
}

/* Makes a wire: we keep the receiving end, *sender is for a thread to own. */
static int add_wire(struct session *session, struct virt_wire *wire, enum source source,
		    int *sender)
{
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	wire->fd = fds[0];
	err = watch(session, fds[0], source);
	if (err)
		close(fds[1]);
	else
		*sender = fds[1];
	return err;
}

static int start_gateway(struct session *session)
{
	int fd, err = add_wire(session, &session->reports, SOURCE_REPORTS, &fd);

	return err ? err
		   : virt_gateway_start(&session->venue, virt_strategy_inbox(session->strategy), fd,
					session->args->seed, &session->gateway);
}

static int start_mdata(struct session *session)
{
	struct virt_mdata_setup setup = {
	    .venue = &session->venue,
	    .strategy = virt_strategy_inbox(session->strategy),
	    .gateway = virt_gateway_inbox(session->gateway),
	    .feed = session->args->app.feed,
	    .speed = session->args->app.speed,
	    .duration_s = session->args->app.duration_s,
	};
	int err = add_wire(session, &session->books, SOURCE_BOOKS, &setup.copy_fd);

	return err ? err : virt_mdata_start(&setup, &session->mdata);
}

/* Starts the threads against the stream, so that whoever receives is there first. When
 * one fails, those before it are told to stop. */
static int start_threads(struct session *session)
{
	const struct virt_args *args = session->args;
	int err =
	    virt_strategy_create(&session->venue, args->seed, args->app.plant, &session->strategy);

	if (err)
		return err;
	err = start_gateway(session);
	if (err)
		return err;
	err = virt_strategy_start(session->strategy, virt_gateway_inbox(session->gateway));
	if (err) {
		virt_mailbox_send(virt_gateway_inbox(session->gateway), VIRT_NOTE_STOP, 0, NULL);
		return err;
	}
	err = start_mdata(session);
	if (err)
		virt_mailbox_send(virt_strategy_inbox(session->strategy), VIRT_NOTE_STOP, 0, NULL);
	return err;
}

static int prepare(struct session *session)
{
	const struct virt_args *args = session->args;

	for (size_t i = 0; i < args->app.symbol_nr; i++) {
		int found = app_feed_has_symbol(args->app.feed, args->app.symbols[i]);

		if (found < 0) {
			app_say("%s: %s", args->app.feed, strerror(-found));
			return found;
		}
		if (!found || virt_venue_add(&session->venue, args->app.symbols[i])) {
			app_say("unknown symbol '%s': not in %s", args->app.symbols[i],
				args->app.feed);
			return -ENOENT;
		}
	}
	return 0;
}

static int start(struct session *session)
{
	int err;

	session->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (session->epoll_fd < 0)
		return -errno;
	err = add_signals(session);
	err = err ? err : add_timer(session);
	return err ? err : start_threads(session);
}

static void take_signal(struct session *session)
{
	struct signalfd_siginfo info;

	if (read(session->signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (!session->args->app.quiet)
		app_say("%s, stopping", info.ssi_signo == SIGINT ? "interrupted" : "terminated");
	virt_mdata_stop(session->mdata);
}

static void take_timer(struct session *session)
{
	uint64_t times;

	if (read(session->timer_fd, &times, sizeof(times)) != (ssize_t)sizeof(times))
		return;
	virt_blotter_print_lines(&session->blotter, stdout);
	virt_blotter_print(&session->blotter, stdout);
	fflush(stdout);
}

static int serve(struct session *session, enum source source)
{
	switch (source) {
	case SOURCE_REPORTS:
		return virt_wire_receive(&session->reports, virt_blotter_report, &session->blotter);
	case SOURCE_BOOKS:
		return virt_wire_receive(&session->books, virt_blotter_book, &session->blotter);
	case SOURCE_SIGNAL:
		take_signal(session);
		break;
	case SOURCE_TIMER:
		take_timer(session);
		break;
	}
	return 0;
}

static void unwatch_closed(struct session *session, const struct virt_wire *wire)
{
	/* An end that was closed stays ready for ever. */
	if (wire->closed)
		epoll_ctl(session->epoll_fd, EPOLL_CTL_DEL, wire->fd, NULL);
}

/* Runs until both senders are gone: the replay ends first, then the strategy, then the
 * gateway, each after its last message. */
static int run(struct session *session)
{
	struct epoll_event ready[8];
	int err = 0;

	while (!err && (!session->reports.closed || !session->books.closed)) {
		int nr = epoll_wait(session->epoll_fd, ready, 8, -1);

		if (nr < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < nr && !err; i++)
			err = serve(session, (enum source)ready[i].data.u32);
		unwatch_closed(session, &session->reports);
		unwatch_closed(session, &session->books);
	}
	return err;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void print_end(const struct session *session, const struct virt_mdata_stats *mdata,
		      const struct virt_strategy_stats *strategy)
{
	const struct virt_blotter *blotter = &session->blotter;

	if (!session->args->app.quiet)
		virt_blotter_print_lines(blotter, stdout);
	virt_blotter_print(blotter, stdout);
	printf("virtuoso: %zu symbols, %" PRIu64 " events, %" PRIu64 " bad, %" PRIu64
	       " books, %.1f s replayed\n",
	       session->venue.nr, mdata->events, mdata->bad_rows, blotter->books,
	       (double)mdata->feed_ms / 1000);
	printf("strategy: %" PRIu64 " decisions, %" PRIu64 " late, %" PRIu64 " requests, %" PRIu64
	       " calibrations\n",
	       strategy->decisions, mdata->late, strategy->requests, strategy->calibrations);
	printf("pnl: %+.2f USDT\n", virt_blotter_pnl(blotter));
	virt_plant_print(session->args->app.plant, stdout);
	fflush(stdout);
}

/* Joins whatever was started. A wire is closed first, so that no sender can wait for
 * room in it. */
static void finish(struct session *session, struct virt_mdata_stats *mdata,
		   struct virt_strategy_stats *strategy)
{
	virt_mdata_stop(session->mdata);
	virt_wire_fini(&session->reports);
	virt_wire_fini(&session->books);
	virt_mdata_join(session->mdata, mdata);
	if (session->strategy)
		virt_strategy_join(session->strategy, strategy);
	virt_gateway_join(session->gateway);
	virt_strategy_destroy(session->strategy);
	close_fd(session->timer_fd);
	close_fd(session->signal_fd);
	close_fd(session->epoll_fd);
}

int virt_session_run(const struct virt_args *args)
{
	struct session *session = calloc(1, sizeof(*session));
	struct virt_strategy_stats strategy = {0};
	struct virt_mdata_stats mdata = {0};
	int err;

	if (!session)
		return -ENOMEM;
	session->args = args;
	session->epoll_fd = session->signal_fd = session->timer_fd = -1;
	session->reports.fd = session->books.fd = -1;
	virt_venue_init(&session->venue);
	virt_blotter_init(&session->blotter, &session->venue);
	err = prepare(session); /* says itself what is wrong */
	if (!err) {
		err = start(session);
		err = err ? err : run(session);
		finish(session, &mdata, &strategy);
		err = err ? err : mdata.err;
		if (err == -ENODATA)
			app_say("%s: no market data in it", args->app.feed);
		else if (err)
			app_say("cannot go on: %s", strerror(-err));
		else
			print_end(session, &mdata, &strategy);
	}
	virt_blotter_fini(&session->blotter);
	virt_venue_fini(&session->venue);
	free(session);
	return err;
}
