/* The order gateway: checks what the strategy wants, and plays the exchange's part
 * with the bundled markets: latency, matching, fees. A thread of its own. */
#ifndef VIRT_GATEWAY_H
#define VIRT_GATEWAY_H

#include "mailbox.h"
#include "venue.h"

struct virt_gateway;

/* Starts the gateway.
 *
 *   venue    read only, for the books
 *   reports  where reports go
 *   copy_fd  socket that gets a copy of every report; closed by the gateway when it
 *            ends, also when starting fails
 *   seed     of latency and queue positions
 *
 * Returns 0, -ENOMEM, or -errno of pthread_create. */
int virt_gateway_start(struct virt_venue *venue, struct virt_mailbox *reports, int copy_fd,
		       uint64_t seed, struct virt_gateway **out);

/* Where requests (TEXT), the time of the market (CLOCK) and STOP go. */
struct virt_mailbox *virt_gateway_inbox(struct virt_gateway *gateway);

/* Waits for the thread, which ends with STOP, and frees the gateway; NULL is fine. */
void virt_gateway_join(struct virt_gateway *gateway);

#endif
