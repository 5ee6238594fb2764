#include "connection.h"
#include "request.h"

#include <string.h>
#include <sys/socket.h>

#define WRITES_MAX    64 /* messages in one turn, so that others are served */
#define SEND_BYTES    (64 << 10)
#define STUCK_LOOKS   30
#define CLOSE_SECONDS 2 /* a client that does not read hears nothing of its end */

static struct ex_connection *connection_of(struct ex_client *client)
{
	return client->connection;
}

static void wake(struct ex_client *client)
{
	struct ex_connection *connection = connection_of(client);

	if (client->ending == EX_TOO_SLOW)
		lws_set_timeout(connection->wsi, PENDING_TIMEOUT_USER_OK, CLOSE_SECONDS);
	if (connection->is_asked)
		return;
	connection->is_asked = true;
	lws_callback_on_writable(connection->wsi);
}

/* 1: public, 2: private, 0: there is nothing at that address. */
static int kind_of(struct lws *wsi)
{
	char path[64];
	int len = lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI);

	if (len <= 0)
		return 0;
	if (!strncmp(path, "/v5/public/", 11))
		return 1;
	return !strcmp(path, "/v5/private") ? 2 : 0;
}

static int begin(struct ex_connection *connection, struct lws *wsi)
{
	struct ex_host *host = lws_context_user(lws_get_context(wsi));
	struct ex_client *client = ex_client_create(host->exchange, kind_of(wsi) == 2);
	const int send_bytes = SEND_BYTES;

	if (!client)
		return -1;
	/* What the kernel holds the client has not read: market time should not be far ahead. */
	(void)setsockopt(lws_get_socket_fd(wsi), SOL_SOCKET, SO_SNDBUF, &send_bytes,
			 sizeof(send_bytes));
	*connection = (struct ex_connection){.wsi = wsi, .client = client};
	client->faults = *host->faults;
	client->connection = connection;
	client->wake = wake;
	return 0;
}

static void end(struct ex_connection *connection)
{
	lws_sul_cancel(&connection->silence);
	if (connection->client)
		ex_client_destroy(connection->client);
	connection->client = NULL;
}

static int take_request(struct ex_connection *connection, const void *bytes, size_t len)
{
	struct ex_client *client = connection->client;
	struct ex_text *request = &client->request;

	if (request->len + len > EX_REQUEST_BYTES) {
		lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, NULL, 0);
		return -1;
	}
	ex_text_bytes(request, bytes, len);
	if (!lws_is_final_fragment(connection->wsi) ||
	    lws_remaining_packet_payload(connection->wsi))
		return 0;
	if (!request->failed)
		ex_request(client, request->bytes, request->len);
	ex_text_clear(request);
	return 0;
}

static void on_silence_over(lws_sorted_usec_list_t *sul)
{
	struct ex_connection *connection = lws_container_of(sul, struct ex_connection, silence);

	connection->client->faults.silent = false;
	wake(connection->client);
}

/* The ways to end a connection. */
static int close_it(struct ex_connection *connection)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	switch (connection->client->ending) {
	case EX_AWAY:
		lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_GOINGAWAY, NULL, 0);
		break;
	case EX_TOO_SLOW:
		lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_POLICY_VIOLATION,
				 (unsigned char *)"too slow", 8);
		break;
	case EX_ABORT:
		/* Closing in the ordinary way would say goodbye first. */
		(void)connect(lws_get_socket_fd(connection->wsi), &nobody, sizeof(nobody));
		break;
	case EX_STAYS:
		break;
	}
	return -1;
}

/* An opcode that is reserved, past libwebsockets, which would not send it. */
static void send_bad_frame(struct ex_connection *connection)
{
	static const unsigned char frame[] = {0x83, 0x02, 'n', 'o'};

	(void)send(lws_get_socket_fd(connection->wsi), frame, sizeof(frame), MSG_NOSIGNAL);
	connection->client->faults.bad_frame = false;
}

static int write_some(struct ex_connection *connection)
{
	struct ex_client *client = connection->client;
	struct ex_message *message;

	for (int i = 0; i < WRITES_MAX && !lws_partial_buffered(connection->wsi); i++) {
		int done;

		message = ex_client_take(client);
		if (!message)
			return 0;
		done = lws_write(connection->wsi, message->text, message->len, LWS_WRITE_TEXT);
		ex_message_unref(message);
		if (done < 0)
			return -1;
		connection->stuck_looks = 0;
	}
	return 0;
}

static int on_writable(struct ex_connection *connection)
{
	struct ex_client *client = connection->client;
	struct ex_host *host = lws_context_user(lws_get_context(connection->wsi));

	connection->is_asked = false;
	if (client->ending == EX_ABORT || client->ending == EX_TOO_SLOW)
		return close_it(connection);
	if (client->faults.bad_frame && !lws_partial_buffered(connection->wsi))
		send_bad_frame(connection);
	if (client->faults.silent) {
		connection->stuck_looks = 0;
		lws_sul_schedule(lws_get_context(connection->wsi), 0, &connection->silence,
				 on_silence_over, EX_SILENCE_US);
		return 0;
	}
	if (write_some(connection))
		return -1;
	if (client->waiting)
		wake(client);
	else if (client->ending != EX_STAYS)
		return close_it(connection);
	host->on_room(host->arg);
	return 0;
}

void ex_connections_look(struct ex_exchange *exchange)
{
	for (struct ex_client *client = exchange->clients; client; client = client->next) {
		if (!client->waiting || client->ending != EX_STAYS ||
		    ++connection_of(client)->stuck_looks < STUCK_LOOKS)
			continue;
		client->ending = EX_TOO_SLOW;
		exchange->slow++;
		wake(client);
	}
}

int ex_connection_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			size_t len)
{
	struct ex_connection *connection = user;

	switch (reason) {
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return kind_of(wsi) ? 0 : -1;
	case LWS_CALLBACK_ESTABLISHED:
		return begin(connection, wsi);
	case LWS_CALLBACK_RECEIVE:
		return take_request(connection, in, len);
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return on_writable(connection);
	case LWS_CALLBACK_CLOSED:
		end(connection);
		return 0;
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, len);
	}
}
