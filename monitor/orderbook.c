/* Order book analysis: which side waits with more, and how near. */
#include "analyzer.h"

#include <math.h>

#define NEAR_SHARE  0.0001 /* 1 basis point around the middle is near */
#define WIDE_SPREAD 0.0005 /* a spread this wide says: trust nothing */

static double near_weight(double price, double mid)
{
	return exp(-fabs(price - mid) / (mid * NEAR_SHARE));
}

/* Sum of sizes, each weighted by its nearness when mid is given. */
static double depth(const struct app_level *levels, size_t nr, double mid)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += levels[i].size * (mid > 0 ? near_weight(levels[i].price, mid) : 1);
	return sum;
}

/* The middle, pulled towards the side that holds less at the top. */
static double micro_price(const struct app_level *bid, const struct app_level *ask)
{
	return (bid->price * ask->size + ask->price * bid->size) / (bid->size + ask->size);
}

/* What selling and buying a typical amount would cost beyond the middle. */
static double impact(const struct app_level *levels, size_t nr, double amount, double mid)
{
	double left = amount, cost = 0;

	for (size_t i = 0; i < nr && left > 0; i++) {
		double take = fmin(left, levels[i].size);

		cost += take * fabs(levels[i].price - mid);
		left -= take;
	}
	return cost;
}

int mon_orderbook_score(const struct mon_view *view, struct mon_score *out)
{
	const struct app_level *bids = view->bids, *asks = view->asks;
	struct mon_mix mix = {0};
	double spread, near_bid, near_ask, buy_cost, sell_cost, amount;

	if (!view->bid_nr || !view->ask_nr) {
		*out = mon_mix_score(&mix);
		return 0;
	}
	spread = asks[0].price - bids[0].price;
	near_bid = depth(bids, view->bid_nr, view->price);
	near_ask = depth(asks, view->ask_nr, view->price);
	amount = 0.3 * (depth(bids, view->bid_nr, 0) + depth(asks, view->ask_nr, 0));
	sell_cost = impact(bids, view->bid_nr, amount, view->price);
	buy_cost = impact(asks, view->ask_nr, amount, view->price);
	mon_mix_add(&mix, 0.40, mon_score_share(near_bid, near_bid + near_ask));
	mon_mix_add(&mix, 0.30, mon_score_share(buy_cost, buy_cost + sell_cost));
	mon_mix_add(&mix, 0.20,
		    mon_score_signed(micro_price(&bids[0], &asks[0]) - view->price, spread));
	/* A wide spread is neutral, which pulls the whole score towards the middle. */
	mon_mix_add(&mix, 0.10,
		    spread > WIDE_SPREAD * view->price
			? 50
			: mon_score_share(bids[0].size, bids[0].size + asks[0].size));
	*out = mon_mix_score(&mix);
	return 0;
}
