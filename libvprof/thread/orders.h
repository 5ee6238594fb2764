/* What a thread remembers of the orders in which it took locks (track/order.h). */
#ifndef VP_THREAD_ORDERS_H
#define VP_THREAD_ORDERS_H

#include <stdint.h>

#define VP_ORDER_SEEN  32u /* power of two */
#define VP_ORDER_EVERY 64u

struct vp_order_seen {
	uint64_t key;  /* of a lock taken under another; 0: none */
	uint64_t left; /* times it is passed over yet */
};

struct vp_orders {
	uint32_t epoch; /* threads that it has started and joined */
	/* Where many locks are of the same code: so many orders that are new to the thread
	 * are passed over between two that are recorded, and are to be yet. */
	uint32_t skip, left;
	struct vp_order_seen seen[VP_ORDER_SEEN];
};

#endif
