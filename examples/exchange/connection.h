/* What libwebsockets tells of connections, and what is sent to them. */
#ifndef EX_CONNECTION_H
#define EX_CONNECTION_H

#include "client.h"

#include <libwebsockets.h>

/* What connections need of the server: the user pointer of the context. */
struct ex_host {
	struct ex_exchange *exchange;
	const struct ex_faults *faults; /* those that each connection has */
	void *arg;
	void (*on_room)(void *arg); /* a client has read */
};

struct ex_connection {
	struct lws *wsi;
	struct ex_client *client;
	bool is_asked;	 /* to be called when it can be written to */
	int stuck_looks; /* since it took something last */
	lws_sorted_usec_list_t silence;
};

/* The callback of the protocol, whose per-session data is a struct ex_connection. */
int ex_connection_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
			size_t len);

/* To be called once a second: ends those that have read nothing for half a minute though
 * something waits. The calls are counted, not the time: where all stood still nobody is late. */
void ex_connections_look(struct ex_exchange *exchange);

#endif
