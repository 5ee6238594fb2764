/* Orders of a private connection. They are filled against the book as it is, and take nothing
 * away from it: the market does not know of them. A limit order rests until the other side of
 * the book comes to its price; at the end of the connection it is gone. */
#ifndef EX_ORDERS_H
#define EX_ORDERS_H

#include "client.h"

#include <jansson.h>

/* Reads a request for an order: symbol, side, orderType, qty, price, timeInForce, orderLinkId.
 *
 *   out  [out] the order, with an id, not placed yet
 *   why  [out] of an error
 *
 * Returns 0, or a code of the protocol. */
int ex_orders_read(struct ex_client *client, const json_t *arg, struct ex_order *out,
		   const char **why);
/* Places it: the client is told that it is new, what it got, and what became of it. */
void ex_orders_place(struct ex_client *client, const struct ex_order *order);

/* Cancels an open order, named by orderId or orderLinkId.
 *
 *   out  [out] the order as it was
 *
 * Returns 0, or a code of the protocol. The client is told by ex_orders_tell_cancelled(). */
int ex_orders_cancel(struct ex_client *client, const json_t *arg, struct ex_order *out,
		     const char **why);
void ex_orders_tell_cancelled(struct ex_client *client, const struct ex_order *order);

/* Fills what rests, of all clients, against the books as they are now. */
void ex_orders_match(struct ex_exchange *exchange);

#endif
