/* The strategy: decides at every clock what to hold and where to quote, and tells the
 * gateway. A thread of its own. */
#ifndef VIRT_STRATEGY_H
#define VIRT_STRATEGY_H

#include "mailbox.h"
#include "plant.h"
#include "venue.h"

struct virt_strategy;

struct virt_strategy_stats {
	uint64_t decisions;
	uint64_t requests;
	uint64_t calibrations; /* rounds over all candidates */
};

/* Prepares a strategy; it starts with virt_strategy_start().
 *
 *   venue  read only
 *   seed   of the risk estimate
 *   plant  the bug to have
 *
 * Returns 0, or -ENOMEM. */
int virt_strategy_create(struct virt_venue *venue, uint64_t seed, enum app_plant plant,
			 struct virt_strategy **out);

/* Starts the thread.
 *
 *   requests  where requests go; gets STOP when the strategy ends
 *
 * Returns 0, or -errno of pthread_create. */
int virt_strategy_start(struct virt_strategy *strategy, struct virt_mailbox *requests);

/* Where reports (TEXT), the time of the market (CLOCK) and STOP go. */
struct virt_mailbox *virt_strategy_inbox(struct virt_strategy *strategy);

/* Waits for the thread if it was started, and reads its counters. */
void virt_strategy_join(struct virt_strategy *strategy, struct virt_strategy_stats *out);

/* Frees a strategy that was joined or never started; NULL is fine. */
void virt_strategy_destroy(struct virt_strategy *strategy);

#endif
