/* Sentiment: what the crowd holds, and what it pays for holding it. */
#include "analyzer.h"

#include <math.h>

#define FUNDING_NEUTRAL 0.0001 /* per interval: what venues charge when nobody leans */

static double mean_long_ratio(const struct mon_ticker *tickers, size_t nr)
{
	double sum = 0;

	for (size_t i = 0; i < nr; i++)
		sum += tickers[i].long_ratio;
	return sum / (double)nr;
}

/* Open interest that rises with the price confirms the move; falling interest means
 * that positions close and the move runs out. */
static double interest_score(const struct mon_ticker *tickers, size_t nr)
{
	const struct mon_ticker *first = &tickers[0], *last = &tickers[nr - 1];
	double price_change, interest_change;

	if (first->mark_price <= 0 || first->open_interest <= 0)
		return NAN;
	price_change = last->mark_price / first->mark_price - 1;
	interest_change = last->open_interest / first->open_interest - 1;
	return mon_score_signed((price_change > 0 ? 1 : -1) * interest_change, 0.01);
}

int mon_sentiment_score(const struct mon_view *view, struct mon_score *out)
{
	const struct mon_ticker *last;
	struct mon_mix mix = {0};

	if (view->ticker_nr) {
		last = &view->tickers[view->ticker_nr - 1];
		/* A crowd that has bought already cannot buy again: both are contrary. */
		mon_mix_add(&mix, 0.25, mon_score_signed(0.5 - last->long_ratio, 0.15));
		mon_mix_add(&mix, 0.30, mon_score_signed(FUNDING_NEUTRAL - last->funding, 0.0002));
		mon_mix_add(&mix, 0.20,
			    mon_score_signed(last->long_ratio -
						 mean_long_ratio(view->tickers, view->ticker_nr),
					     0.05));
		mon_mix_add(&mix, 0.25, interest_score(view->tickers, view->ticker_nr));
	}
	*out = mon_mix_score(&mix);
	return 0;
}
