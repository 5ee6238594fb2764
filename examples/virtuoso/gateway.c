#include "gateway.h"
#include "order.h"
#include "position.h"
#include "rng.h"
#include "say.h"
#include "wire.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LATENCY_MIN_MS	20.0
#define LATENCY_MEAN_MS 60.0 /* on top of the least */
#define TAKER_FEE	0.00055
#define MAKER_FEE	0.0001
#define QUEUE_LUCK	0.02   /* chance a clock that an order at the best price fills */
#define PRICE_BAND	0.05   /* limit prices further from the middle are mistakes */
#define MAX_VALUE	250000 /* quote currency, of one order and of a position */
#define MAX_OPEN	128    /* orders of a market */

struct order {
	struct virt_request request;
	int market_idx;
	int64_t due_ms; /* when it reaches the exchange */
	struct order *next;
};

struct virt_gateway {
	pthread_t thread;
	struct virt_mailbox inbox;
	struct virt_venue *venue;
	struct virt_mailbox *reports;
	int copy_fd;
	struct virt_rng rng;
	struct order *travelling;		/* by due_ms */
	struct order *resting;			/* newest first */
	struct virt_top tops[VIRT_MARKETS_MAX]; /* as of the last clock */
	struct virt_position positions[VIRT_MARKETS_MAX];
	size_t open[VIRT_MARKETS_MAX]; /* orders travelling or resting */
};

static void report(struct virt_gateway *gateway, struct virt_report *message)
{
	char *text = virt_report_text(message);

	if (!text)
		return;
	if (virt_wire_send(gateway->copy_fd, text))
		app_say("gateway: the blotter is gone");
	virt_mailbox_send(gateway->reports, VIRT_NOTE_TEXT, message->ts_ms, text);
}

static struct virt_report report_of(const struct virt_request *request, enum virt_status status,
				    int64_t ts_ms)
{
	struct virt_report message = {
	    .status = status,
	    .is_buy = request->is_buy,
	    .ts_ms = ts_ms,
	};

	memcpy(message.id, request->id, sizeof(message.id));
	memcpy(message.symbol, request->symbol, sizeof(message.symbol));
	return message;
}

static void reject(struct virt_gateway *gateway, const struct virt_request *request,
		   const char *reason, int64_t ts_ms)
{
	struct virt_report message = report_of(request, VIRT_STATUS_REJECTED, ts_ms);

	memcpy(message.reason, reason, strnlen(reason, sizeof(message.reason) - 1));
	report(gateway, &message);
}

static void end_order(struct virt_gateway *gateway, struct order *order)
{
	gateway->open[order->market_idx]--;
	free(order);
}

static void fill(struct virt_gateway *gateway, struct order *order, double price, double qty,
		 double fee_rate, int64_t ts_ms)
{
	struct virt_report message = report_of(&order->request, VIRT_STATUS_FILLED, ts_ms);

	message.price = price;
	message.qty = qty;
	message.fee = price * qty * fee_rate;
	virt_position_fill(&gateway->positions[order->market_idx], order->request.is_buy, price,
			   qty, message.fee);
	report(gateway, &message);
}

/* Why an order must not go out; NULL when it may. */
static const char *risk_check(const struct virt_gateway *gateway,
			      const struct virt_request *request, int idx)
{
	const struct virt_top *top = &gateway->tops[idx];
	double held = gateway->positions[idx].qty;
	double after = held + (request->is_buy ? request->qty : -request->qty);

	if (top->mid <= 0)
		return "no market";
	if (!(request->qty > 0))
		return "bad quantity";
	if (request->qty * top->mid > MAX_VALUE)
		return "order too large";
	if (fabs(after) * top->mid > MAX_VALUE && fabs(after) > fabs(held))
		return "position too large";
	if (!request->is_market && fabs(request->price - top->mid) > PRICE_BAND * top->mid)
		return "price out of band";
	if (gateway->open[idx] >= MAX_OPEN)
		return "too many orders";
	return NULL;
}

static void insert_by_due(struct order **list, struct order *order)
{
	while (*list && (*list)->due_ms <= order->due_ms)
		list = &(*list)->next;
	order->next = *list;
	*list = order;
}

static void send_out(struct virt_gateway *gateway, const struct virt_request *request, int idx)
{
	struct order *order = malloc(sizeof(*order));
	double latency_ms = LATENCY_MIN_MS + virt_rng_exponential(&gateway->rng, LATENCY_MEAN_MS);

	if (!order) {
		reject(gateway, request, "out of memory", request->ts_ms);
		return;
	}
	*order = (struct order){
	    .request = *request,
	    .market_idx = idx,
	    .due_ms = request->ts_ms + (int64_t)latency_ms,
	};
	gateway->open[idx]++;
	insert_by_due(&gateway->travelling, order);
}

static void take_request(struct virt_gateway *gateway, const char *text)
{
	struct virt_request request;
	const char *reason;
	int idx;

	if (virt_request_parse(text, &request)) {
		app_say("gateway: bad request: %s", text);
		return;
	}
	idx = virt_venue_find(gateway->venue, request.symbol);
	if (idx < 0) {
		reject(gateway, &request, "unknown symbol", request.ts_ms);
		return;
	}
	reason = request.is_cancel ? NULL : risk_check(gateway, &request, idx);
	if (reason)
		reject(gateway, &request, reason, request.ts_ms);
	else
		send_out(gateway, &request, idx);
}

/* Takes from the book until the order is done or the copied levels are. */
static void match_market(struct virt_gateway *gateway, struct order *order, int64_t ts_ms)
{
	const struct virt_top *top = &gateway->tops[order->market_idx];
	const struct virt_level *levels = order->request.is_buy ? top->asks : top->bids;
	size_t nr = order->request.is_buy ? top->ask_nr : top->bid_nr;
	double left = order->request.qty, value = 0, done;

	for (size_t i = 0; i < nr && left > 0; i++) {
		double take = fmin(left, levels[i].size);

		value += take * levels[i].price;
		left -= take;
	}
	done = order->request.qty - left;
	if (done > 0)
		fill(gateway, order, value / done, done, TAKER_FEE, ts_ms);
	else
		reject(gateway, &order->request, "no liquidity", ts_ms);
	end_order(gateway, order);
}

static bool would_take(const struct virt_top *top, const struct virt_request *request)
{
	if (request->is_buy)
		return top->ask_nr && request->price >= top->asks[0].price;
	return top->bid_nr && request->price <= top->bids[0].price;
}

static void rest(struct virt_gateway *gateway, struct order *order, int64_t ts_ms)
{
	struct virt_report message;

	if (would_take(&gateway->tops[order->market_idx], &order->request)) {
		reject(gateway, &order->request, "would take", ts_ms);
		end_order(gateway, order);
		return;
	}
	message = report_of(&order->request, VIRT_STATUS_NEW, ts_ms);
	order->next = gateway->resting;
	gateway->resting = order;
	report(gateway, &message);
}

/* Takes the new order with this id out of a list; NULL when it is not there. */
static struct order *unlist(struct order **list, const char *id)
{
	for (struct order **at = list; *at; at = &(*at)->next) {
		struct order *order = *at;

		if (!order->request.is_cancel && !strcmp(order->request.id, id)) {
			*at = order->next;
			return order;
		}
	}
	return NULL;
}

/* A cancel may overtake its order. One that comes too late is nothing: the fill has
 * been reported. */
static void cancel(struct virt_gateway *gateway, struct order *order, int64_t ts_ms)
{
	struct order *target = unlist(&gateway->resting, order->request.id);
	struct virt_report message;

	if (!target)
		target = unlist(&gateway->travelling, order->request.id);
	if (target) {
		message = report_of(&target->request, VIRT_STATUS_CANCELED, ts_ms);
		report(gateway, &message);
		end_order(gateway, target);
	}
	end_order(gateway, order);
}

static void arrive(struct virt_gateway *gateway, struct order *order)
{
	int64_t ts_ms = order->due_ms;

	if (order->request.is_cancel)
		cancel(gateway, order, ts_ms);
	else if (order->request.is_market)
		match_market(gateway, order, ts_ms);
	else
		rest(gateway, order, ts_ms);
}

/* An order fills when the market trades through its price, and now and then while it
 * waits at the best one. */
static bool is_filled(struct virt_gateway *gateway, const struct order *order)
{
	const struct virt_top *top = &gateway->tops[order->market_idx];
	const struct virt_request *request = &order->request;
	double best;

	if (!top->bid_nr || !top->ask_nr)
		return false;
	if (would_take(top, request))
		return true;
	best = request->is_buy ? top->bids[0].price : top->asks[0].price;
	return !(request->is_buy ? request->price < best : request->price > best) &&
	       virt_rng_uniform(&gateway->rng) < QUEUE_LUCK;
}

static void match_resting(struct virt_gateway *gateway, int64_t ts_ms)
{
	struct order **at = &gateway->resting, *order;

	while ((order = *at)) {
		if (!is_filled(gateway, order)) {
			at = &order->next;
			continue;
		}
		*at = order->next;
		fill(gateway, order, order->request.price, order->request.qty, MAKER_FEE, ts_ms);
		end_order(gateway, order);
	}
}

static void take_clock(struct virt_gateway *gateway, int64_t ts_ms)
{
	struct order *order;

	for (size_t i = 0; i < gateway->venue->nr; i++)
		virt_market_top(&gateway->venue->markets[i], &gateway->tops[i]);
	while ((order = gateway->travelling) && order->due_ms <= ts_ms) {
		gateway->travelling = order->next;
		arrive(gateway, order);
	}
	match_resting(gateway, ts_ms);
}

static void *gateway_main(void *arg)
{
	struct virt_gateway *gateway = arg;
	bool stop = false;

	while (!stop) {
		struct virt_note *note = virt_mailbox_receive(&gateway->inbox);

		if (note->kind == VIRT_NOTE_TEXT)
			take_request(gateway, note->text);
		else if (note->kind == VIRT_NOTE_CLOCK)
			take_clock(gateway, note->ts_ms);
		stop = note->kind == VIRT_NOTE_STOP;
		virt_note_free(note);
	}
	close(gateway->copy_fd); /* tells the blotter that this was all */
	return NULL;
}

int virt_gateway_start(struct virt_venue *venue, struct virt_mailbox *reports, int copy_fd,
		       uint64_t seed, struct virt_gateway **out)
{
	struct virt_gateway *gateway = calloc(1, sizeof(*gateway));
	int err;

	if (!gateway) {
		close(copy_fd);
		return -ENOMEM;
	}
	virt_mailbox_init(&gateway->inbox);
	virt_rng_seed(&gateway->rng, seed, 1);
	gateway->venue = venue;
	gateway->reports = reports;
	gateway->copy_fd = copy_fd;
	err = -pthread_create(&gateway->thread, NULL, gateway_main, gateway);
	if (err) {
		close(copy_fd);
		virt_mailbox_fini(&gateway->inbox);
		free(gateway);
		return err;
	}
	pthread_setname_np(gateway->thread, "virt-gateway");
	*out = gateway;
	return 0;
}

struct virt_mailbox *virt_gateway_inbox(struct virt_gateway *gateway)
{
	return &gateway->inbox;
}

static void free_orders(struct order *order)
{
	while (order) {
		struct order *next = order->next;

		free(order);
		order = next;
	}
}

void virt_gateway_join(struct virt_gateway *gateway)
{
	if (!gateway)
		return;
	pthread_join(gateway->thread, NULL);
	free_orders(gateway->travelling);
	free_orders(gateway->resting);
	virt_mailbox_fini(&gateway->inbox);
	free(gateway);
}
