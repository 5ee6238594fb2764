/* The markets as the exchange shows them. The market data thread writes them; the
 * strategy and the gateway take copies. Each market has a lock of its own. */
#ifndef VIRT_VENUE_H
#define VIRT_VENUE_H

#include "bars.h"
#include "ladder.h"
#include "msg.h"

#include <pthread.h>

#define VIRT_TOP_LEVELS	 10
#define VIRT_MARKETS_MAX 8

struct virt_market {
	char symbol[APP_SYMBOL_MAX];
	pthread_mutex_t lock;
	struct virt_ladder bids, asks; /* protected by lock, like all below */
	struct virt_bars bars;
	uint64_t snapshot_seq; /* of the snapshot being taken in */
	double funding;	       /* rate per interval */
	double last_price;     /* of a trade; 0 = none yet */
	double tick_size;      /* smallest price difference seen; 0 = unknown */
};

struct virt_venue {
	struct virt_market markets[VIRT_MARKETS_MAX];
	size_t nr;
};

/* The top of a book. */
struct virt_top {
	struct virt_level bids[VIRT_TOP_LEVELS], asks[VIRT_TOP_LEVELS]; /* best first */
	size_t bid_nr, ask_nr;
	double mid; /* 0 while a side is empty */
};

/* What a decision is made from. */
struct virt_picture {
	struct virt_top top;
	struct virt_bar bars[VIRT_BARS_MAX]; /* oldest first */
	size_t bar_nr;
	double funding, tick_size;
};

void virt_venue_init(struct virt_venue *venue);
void virt_venue_fini(struct virt_venue *venue);

/* Adds a market. Returns 0, or -ENOSPC. */
int virt_venue_add(struct virt_venue *venue, const char *symbol);

/* The index of a market, or -1. */
int virt_venue_find(const struct virt_venue *venue, const char *symbol);

/* Takes an event in. Returns 0, or -ENOMEM. Context: locks the market. */
int virt_market_apply(struct virt_market *market, const struct app_msg *event);

/* Copies the top of the book, or all a decision needs. Context: locks the market. */
void virt_market_top(struct virt_market *market, struct virt_top *out);
void virt_market_picture(struct virt_market *market, struct virt_picture *out);

#endif
