#include "venue.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void virt_venue_init(struct virt_venue *venue)
{
	venue->nr = 0;
}

void virt_venue_fini(struct virt_venue *venue)
{
	for (size_t i = 0; i < venue->nr; i++) {
		virt_ladder_fini(&venue->markets[i].bids);
		virt_ladder_fini(&venue->markets[i].asks);
		pthread_mutex_destroy(&venue->markets[i].lock);
	}
	venue->nr = 0;
}

int virt_venue_add(struct virt_venue *venue, const char *symbol)
{
	struct virt_market *market = &venue->markets[venue->nr];

	if (venue->nr == VIRT_MARKETS_MAX)
		return -ENOSPC;
	memset(market, 0, sizeof(*market));
	memcpy(market->symbol, symbol, strnlen(symbol, APP_SYMBOL_MAX - 1));
	pthread_mutex_init(&market->lock, NULL);
	virt_ladder_init(&market->bids, true);
	virt_ladder_init(&market->asks, false);
	venue->nr++;
	return 0;
}

int virt_venue_find(const struct virt_venue *venue, const char *symbol)
{
	for (size_t i = 0; i < venue->nr; i++)
		if (!strcmp(venue->markets[i].symbol, symbol))
			return (int)i;
	return -1;
}

static void learn_tick_size(struct virt_market *market)
{
	struct virt_level best[2];

	if (virt_ladder_top(&market->bids, best, 2) == 2) {
		double step = best[0].price - best[1].price;

		if (market->tick_size <= 0 || step < market->tick_size)
			market->tick_size = step;
	}
}

static int apply_level(struct virt_market *market, const struct app_msg *event)
{
	struct virt_ladder *ladder = event->is_buy ? &market->bids : &market->asks;

	if (event->type == APP_MSG_SNAPSHOT && event->seq != market->snapshot_seq) {
		virt_ladder_clear(&market->bids);
		virt_ladder_clear(&market->asks);
		market->snapshot_seq = event->seq;
	} else if (event->type == APP_MSG_DELTA) {
		/* A replay that starts over repeats the numbers of its snapshots. */
		market->snapshot_seq = 0;
	}
	return virt_ladder_set(ladder, event->price, event->size);
}

static void apply_kline(struct virt_market *market, const struct app_msg *event)
{
	struct virt_bar bar = {
	    event->ts_ms, event->open, event->high, event->low, event->price, event->size,
	};

	virt_bars_add(&market->bars, &bar);
}

int virt_market_apply(struct virt_market *market, const struct app_msg *event)
{
	int err = 0;

	pthread_mutex_lock(&market->lock);
	switch (event->type) {
	case APP_MSG_KLINE:
		apply_kline(market, event);
		break;
	case APP_MSG_SNAPSHOT:
	case APP_MSG_DELTA:
		err = apply_level(market, event);
		break;
	case APP_MSG_TRADE:
		market->last_price = event->price;
		virt_bars_trade(&market->bars, event->ts_ms, event->price, event->size);
		learn_tick_size(market);
		break;
	case APP_MSG_TICKER:
		market->funding = event->funding;
		break;
	}
	pthread_mutex_unlock(&market->lock);
	return err;
}

static void copy_top(const struct virt_market *market, struct virt_top *out)
{
	out->bid_nr = virt_ladder_top(&market->bids, out->bids, VIRT_TOP_LEVELS);
	out->ask_nr = virt_ladder_top(&market->asks, out->asks, VIRT_TOP_LEVELS);
	out->mid = out->bid_nr && out->ask_nr ? (out->bids[0].price + out->asks[0].price) / 2 : 0;
}

void virt_market_top(struct virt_market *market, struct virt_top *out)
{
	pthread_mutex_lock(&market->lock);
	copy_top(market, out);
	pthread_mutex_unlock(&market->lock);
}

void virt_market_picture(struct virt_market *market, struct virt_picture *out)
{
	pthread_mutex_lock(&market->lock);
	copy_top(market, &out->top);
	out->bar_nr = virt_bars_copy(&market->bars, out->bars);
	out->funding = market->funding;
	out->tick_size = market->tick_size;
	pthread_mutex_unlock(&market->lock);
}
