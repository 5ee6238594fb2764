/* The strategy's own orders: which are open, and the ladder of quotes around a price. */
#ifndef VIRT_QUOTES_H
#define VIRT_QUOTES_H

#include "order.h"

#define VIRT_QUOTE_LEVELS 8 /* a side */

/* What an open order is for. */
struct virt_quote {
	bool live; /* sent, and not known to be over */
	bool canceling;
	char id[VIRT_ORDER_ID_MAX];
	double price, qty;
};

struct virt_quotes {
	struct virt_quote bids[VIRT_QUOTE_LEVELS], asks[VIRT_QUOTE_LEVELS];
};

/* Where quotes should stand. */
struct virt_quote_plan {
	double center; /* price */
	double step;   /* between two levels, > 0 */
	double qty;    /* of a level; 0 = no quotes */
	double skew;   /* -1..1: above 0 quotes more to buy */
};

/* Cancels what stands wrong and sends what is missing.
 *
 *   request  filled with symbol and ts_ms by the caller; the rest is overwritten
 *   serial   number of the last order; rises
 *   send     called once a request */
void virt_quotes_update(struct virt_quotes *quotes, const struct virt_quote_plan *plan,
			struct virt_request *request, uint64_t *serial,
			void (*send)(void *arg, const struct virt_request *request), void *arg);

/* Forgets an order that is over. Returns whether it was one of the quotes. */
bool virt_quotes_end(struct virt_quotes *quotes, const char *id);

/* Gives an order the next number. */
void virt_order_name(struct virt_request *request, uint64_t *serial);

#endif
