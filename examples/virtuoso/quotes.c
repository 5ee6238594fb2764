#include "quotes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void virt_order_name(struct virt_request *request, uint64_t *serial)
{
	snprintf(request->id, sizeof(request->id), "%.3s-%06" PRIu64, request->symbol, ++*serial);
}

static double wanted_price(const struct virt_quote_plan *plan, bool is_buy, size_t level)
{
	/* The skew moves the whole ladder, so that one side is nearer to the market. */
	double center = plan->center + plan->skew * plan->step;
	double distance = ((double)level + 0.5) * plan->step;
	double price = is_buy ? center - distance : center + distance;

	return is_buy ? floor(price / plan->step) * plan->step
		      : ceil(price / plan->step) * plan->step;
}

static void send_cancel(struct virt_quote *quote, struct virt_request *request,
			void (*send)(void *arg, const struct virt_request *request), void *arg)
{
	request->is_cancel = true;
	memcpy(request->id, quote->id, sizeof(request->id));
	quote->canceling = true;
	send(arg, request);
}

static void send_quote(struct virt_quote *quote, struct virt_request *request,
		       void (*send)(void *arg, const struct virt_request *request), void *arg)
{
	request->is_cancel = false;
	request->price = quote->price;
	request->qty = quote->qty;
	memcpy(quote->id, request->id, sizeof(quote->id));
	quote->live = true;
	quote->canceling = false;
	send(arg, request);
}

void virt_quotes_update(struct virt_quotes *quotes, const struct virt_quote_plan *plan,
			struct virt_request *request, uint64_t *serial,
			void (*send)(void *arg, const struct virt_request *request), void *arg)
{
	request->is_market = false;
	for (size_t i = 0; i < 2 * VIRT_QUOTE_LEVELS; i++) {
		bool is_buy = i < VIRT_QUOTE_LEVELS;
		size_t level = i % VIRT_QUOTE_LEVELS;
		struct virt_quote *quote = is_buy ? &quotes->bids[level] : &quotes->asks[level];
		double price = wanted_price(plan, is_buy, level);
		bool wrong = plan->qty <= 0 || fabs(quote->price - price) > plan->step / 2;

		request->is_buy = is_buy;
		if (quote->live && wrong && !quote->canceling)
			send_cancel(quote, request, send, arg);
		if (quote->live || plan->qty <= 0)
			continue; /* the place is free once the cancel is reported */
		quote->price = price;
		quote->qty = plan->qty;
		virt_order_name(request, serial);
		send_quote(quote, request, send, arg);
	}
}

bool virt_quotes_end(struct virt_quotes *quotes, const char *id)
{
	for (size_t i = 0; i < 2 * VIRT_QUOTE_LEVELS; i++) {
		struct virt_quote *quote =
		    i < VIRT_QUOTE_LEVELS ? &quotes->bids[i] : &quotes->asks[i - VIRT_QUOTE_LEVELS];

		if (quote->live && !strcmp(quote->id, id)) {
			quote->live = false;
			return true;
		}
	}
	return false;
}
