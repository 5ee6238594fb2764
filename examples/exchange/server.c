#include "server.h"
#include "connection.h"
#include "model.h"
#include "say.h"
#include "step.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define TICK_US	    10000
#define STEPS_MAX   200	    /* in one turn of the loop, so that sockets are served */
#define BUSY_US	    20000   /* and no longer than this */
#define LOOK_US	    1000000 /* between two looks for clients that do not read */
#define WAITING_MAX (EX_QUEUE_MAX / 8)

struct server {
	const struct ex_config *config;
	struct ex_exchange *exchange;
	struct ex_host host;
	struct lws_context *context;
	struct lws_vhost *vhost;
	lws_sorted_usec_list_t tick, end;
	lws_usec_t start_us, looked_us; /* start: when market time was 0 */
	bool stopping;
};

/* Whether market time matters to a client. */
static bool is_waiting(const struct ex_client *client)
{
	return client->topic_nr || client->orders.nr;
}

/* At speed 0: it matters to somebody, and whoever it does has read nearly all. */
static bool has_room(const struct ex_exchange *exchange)
{
	bool any = false;

	for (struct ex_client *client = exchange->clients; client; client = client->next) {
		if (!is_waiting(client))
			continue;
		any = true;
		if (client->bytes > EX_QUEUE_ENOUGH || client->waiting > WAITING_MAX)
			return false;
	}
	return any;
}

static void stop(struct server *server)
{
	server->stopping = true;
	lws_cancel_service(server->context);
}

static bool is_due(struct server *server, lws_usec_t now_us)
{
	double speed = server->config->app.speed;

	if (speed > 0)
		return (double)(now_us - server->start_us) / 1000 * speed >=
		       (double)(server->exchange->now_ms + EX_MODEL_STEP_MS);
	return has_room(server->exchange);
}

/* Market time goes on. Where it cannot keep up it is late from then on, and does not run after
 * what it missed. */
static void go_on(struct server *server)
{
	struct ex_exchange *exchange = server->exchange;
	lws_usec_t begin_us = lws_now_usecs();
	int steps = 0;

	while (is_due(server, begin_us)) {
		if (steps++ == STEPS_MAX || lws_now_usecs() - begin_us > BUSY_US) {
			if (server->config->app.speed > 0)
				server->start_us =
				    begin_us - (lws_usec_t)((double)exchange->now_ms * 1000 /
							    server->config->app.speed);
			return;
		}
		if (ex_step(exchange)) {
			app_say("%s: %s", server->config->app.feed, strerror(-exchange->err));
			stop(server);
			return;
		}
	}
}

static void on_tick(lws_sorted_usec_list_t *sul)
{
	struct server *server = lws_container_of(sul, struct server, tick);
	lws_usec_t now_us = lws_now_usecs();

	go_on(server);
	if (now_us - server->looked_us >= LOOK_US) {
		ex_connections_look(server->exchange);
		server->looked_us = now_us;
	}
	lws_sul_schedule(server->context, 0, &server->tick, on_tick,
			 server->config->app.speed <= 0 && has_room(server->exchange) ? 1
										      : TICK_US);
}

static void on_room(void *arg)
{
	struct server *server = arg;

	if (server->config->app.speed <= 0 && has_room(server->exchange))
		lws_sul_schedule(server->context, 0, &server->tick, on_tick, 1);
}

static void on_end(lws_sorted_usec_list_t *sul)
{
	stop(lws_container_of(sul, struct server, end));
}

/* A descriptor in the loop that tells of signals. */
static int on_signal(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		     size_t len)
{
	struct ex_host *host = lws_context_user(lws_get_context(wsi));
	struct signalfd_siginfo info;

	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_RAW_RX_FILE &&
	    read(lws_get_socket_fd(wsi), &info, sizeof(info)) == (ssize_t)sizeof(info))
		stop(host->arg);
	return 0;
}

static const struct lws_protocols protocols[] = {
    {.name = "v5",
     .callback = ex_connection_event,
     .per_session_data_size = sizeof(struct ex_connection)},
    {.name = "signals", .callback = on_signal},
    {0},
};

static int watch_signals(struct server *server)
{
	lws_sock_file_fd_type fd;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	fd.filefd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd.filefd < 0)
		return -errno;
	return lws_adopt_descriptor_vhost(server->vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "signals",
					  NULL)
		   ? 0
		   : -ENOMEM;
}

static int open_port(struct server *server)
{
	struct lws_context_creation_info info = {
	    .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DISABLE_IPV6 |
		       LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
	    .port = server->config->port,
	    .iface = "127.0.0.1",
	    .protocols = protocols,
	    .fd_limit_per_thread = EX_CLIENTS_MAX + 32,
	    .user = &server->host,
	};

	lws_set_log_level(0, NULL);
	server->context = lws_create_context(&info);
	if (!server->context)
		return -ENOMEM;
	errno = 0;
	server->vhost = lws_create_vhost(server->context, &info);
	if (!server->vhost)
		return errno ? -errno : -EADDRINUSE;
	return watch_signals(server);
}

static void print_end(const struct server *server)
{
	const struct ex_exchange *e = server->exchange;

	printf("exchange: %" PRIu64 " clients, %" PRIu64 " messages, %" PRIu64 " faults, %" PRIu64
	       " too slow, %" PRIu64 " orders, %" PRIu64 " fills, %.1f s of market time\n",
	       e->connected, e->messages, e->faults, e->slow, e->orders, e->fills,
	       (double)e->now_ms / 1000);
}

int ex_server_run(const struct ex_config *config, struct ex_exchange *exchange)
{
	struct server server = {.config = config, .exchange = exchange};
	int err;

	server.host = (struct ex_host){exchange, &config->faults, &server, on_room};
	err = open_port(&server);
	if (err) {
		app_say("cannot listen on 127.0.0.1:%d: %s", config->port, strerror(-err));
	} else {
		printf("exchange: listening on 127.0.0.1:%d\n",
		       lws_get_vhost_listen_port(server.vhost));
		fflush(stdout);
		server.start_us = lws_now_usecs();
		lws_sul_schedule(server.context, 0, &server.tick, on_tick, TICK_US);
		if (config->app.duration_s > 0)
			lws_sul_schedule(server.context, 0, &server.end, on_end,
					 (lws_usec_t)(config->app.duration_s * 1e6));
		while (!server.stopping && lws_service(server.context, 0) >= 0)
			;
		lws_sul_cancel(&server.tick);
		lws_sul_cancel(&server.end);
		if (!config->app.quiet)
			print_end(&server);
		err = exchange->err;
	}
	if (server.context)
		lws_context_destroy(server.context);
	return err;
}
