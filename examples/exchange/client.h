/* One connection: what it listens to and what waits to be sent to it. */
#ifndef EX_CLIENT_H
#define EX_CLIENT_H

#include "exchange.h"
#include "faults.h"
#include "order.h"

#define EX_CLIENTS_MAX	 256
#define EX_QUEUE_MAX	 8192	     /* messages that wait */
#define EX_QUEUE_BYTES	 (8u << 20)  /* and their bytes: beyond that a client is too slow */
#define EX_QUEUE_ENOUGH	 (64u << 10) /* with so many waiting, market time can wait at speed 0 */
#define EX_REQUEST_BYTES (64u << 10)
#define EX_ARGS_BYTES	 21000 /* of the names of all topics, as at Bybit */

/* How a connection is to end: AWAY once what waits has been sent, the others at once. */
enum ex_ending { EX_STAYS, EX_AWAY, EX_TOO_SLOW, EX_ABORT };

struct ex_client {
	struct ex_exchange *exchange;
	struct ex_client *next;
	uint64_t id;
	bool is_private, authorized;
	struct ex_text request; /* what came of it so far */
	struct ex_message *queue[EX_QUEUE_MAX];
	size_t head, waiting, bytes;
	enum ex_ending ending;
	struct ex_topic **topics; /* of the exchange's, those that it listens to */
	size_t topic_nr, topic_bytes;
	bool wants_orders, wants_executions;
	struct ex_faults faults;
	struct ex_orders orders;
	void *connection;			/* whoever sends */
	void (*wake)(struct ex_client *client); /* something waits */
};

/* Adds a client to the exchange. Returns NULL without memory or with EX_CLIENTS_MAX there. */
struct ex_client *ex_client_create(struct ex_exchange *exchange, bool is_private);
/* Takes it out again. */
void ex_client_destroy(struct ex_client *client);

/* Queues a message, whose reference the caller keeps; NULL is nothing. */
void ex_client_send(struct ex_client *client, struct ex_message *message);
/* The same, with the reference. */
void ex_client_give(struct ex_client *client, struct ex_message *message);
/* The first message that waits; the caller owns the reference. NULL: none. */
struct ex_message *ex_client_take(struct ex_client *client);

/* Begins and ends to listen. Returns 0, -EEXIST,
 * -ENOENT, -E2BIG (EX_ARGS_BYTES), or -ENOMEM. */
int ex_client_listen(struct ex_client *client, struct ex_topic *topic);
int ex_client_leave(struct ex_client *client, struct ex_topic *topic);

#endif
