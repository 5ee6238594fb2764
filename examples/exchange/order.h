/* An order, and those of a connection that are open. */
#ifndef EX_ORDER_H
#define EX_ORDER_H

#include "market.h"

#include <stddef.h>

#define EX_ORDERS_MAX 1000 /* open ones of a connection */

enum ex_time_in_force { EX_GTC, EX_IOC, EX_FOK, EX_POST_ONLY };

struct ex_order {
	uint64_t id;
	char link[40]; /* the client's own name for it, or "" */
	struct ex_market *market;
	bool is_buy, is_market;
	enum ex_time_in_force time_in_force;
	double price, size;  /* price 0: market */
	double filled, paid; /* base and quote currency */
	int64_t created_ms;
	uint64_t fills;
};

struct ex_orders {
	struct ex_order *open;
	size_t nr, cap;
};

#endif
