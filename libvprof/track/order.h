/* In which order threads take locks: rows of ORDERS, of which a report makes out which locks
 * two threads may once wait for of each other.
 *
 * Whoever takes a lock holding none pays for a look at that.  Under another one a small table
 * of the thread tells whether these two have been met before, in this order: such are looked
 * at more and more rarely.  What is new is recorded with the stack; which locks are
 * really held is read from the locks. */
#ifndef VP_TRACK_ORDER_H
#define VP_TRACK_ORDER_H

#include "stack/regs.h"

#include <stdint.h>

/* The calling thread holds others (base/held.h), and has taken the newest of them for good or
 * worse: it would have waited without end.  errno is kept.  Context: any thread, any handler. */
void vp_order_taken(const struct vp_regs *caller);

/* A lock is no more: what will lie there is another.  Context: any thread. */
void vp_order_destroyed(uint64_t lock);

int vp_orders_init(void); /* fresh file: forgets all; 0 */

#endif
