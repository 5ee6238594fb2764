/* What a thread remembers of the orders in which it took locks (track/order.h). */
#ifndef VP_THREAD_ORDERS_H
#define VP_THREAD_ORDERS_H

#include <stdint.h>

#define VP_ORDER_SEEN 32u /* power of two */
/* An order is looked at when it is met first, then after so many times, and then after twice as
 * many as the last time, up to the most. */
#define VP_ORDER_EVERY 64u
#define VP_ORDER_MOST  1024u

struct vp_order_seen {
	uint64_t key;	/* of a lock taken under another; 0: none */
	uint32_t left;	/* times it is passed over yet ... */
	uint32_t every; /* ... of so many */
};

struct vp_orders {
	uint32_t epoch; /* threads that it has started and joined */
	/* Where many locks are of the same code: so many orders that are new to the thread
	 * are passed over between two that are recorded, and are to be yet. */
	uint32_t skip, left;
	struct vp_order_seen seen[VP_ORDER_SEEN];
};

#endif
