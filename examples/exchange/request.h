/* What clients ask for: ping, subscribe, unsubscribe, inject; on private connections auth,
 * order.create and order.cancel besides. */
#ifndef EX_REQUEST_H
#define EX_REQUEST_H

#include <stddef.h>

struct ex_client;

/* Does what a message asks for and queues the answer; one that makes no sense has an answer,
 * too. */
void ex_request(struct ex_client *client, const char *text, size_t len);

#endif
