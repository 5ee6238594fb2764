/* What a private connection is told of its orders, if it listens to `order` and `execution`. */
#ifndef EX_ORDER_TEXT_H
#define EX_ORDER_TEXT_H

#include "client.h"

/* The order as it is now.
 *
 *   status  "New", "PartiallyFilled", "Filled" or "Cancelled" */
void ex_order_tell(struct ex_client *client, const struct ex_order *order, const char *status);

/* A fill, already added to the order. */
void ex_order_tell_fill(struct ex_client *client, const struct ex_order *order, double price,
			double size, bool is_maker);

#endif
