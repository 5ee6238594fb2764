#include "strategy.h"
#include "calibrate.h"
#include "position.h"
#include "quotes.h"
#include "risk.h"
#include "say.h"
#include "vprof.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES  160	     /* of the calibration, a decision */
#define RISK_BUDGET 400.0    /* quote currency that one hour may cost */
#define MAX_VALUE   150000.0 /* quote currency, whatever the risk says */
#define REBALANCE   0.40     /* of the largest position: smaller changes wait */
#define QUOTE_SHARE 0.03     /* of the largest position, a quote */

/* What the strategy thinks and has of one market. */
struct desk {
	struct virt_market *market;
	struct virt_calibration calibration;
	struct virt_rng rng;
	struct virt_position position;
	struct virt_quotes quotes;
	char taking[VIRT_ORDER_ID_MAX]; /* the market order under way; "" = none */
	double alpha;			/* smoothed blend of the signals */
};

struct virt_strategy {
	pthread_t thread;
	bool started;
	struct virt_mailbox inbox;
	struct virt_mailbox *requests;
	struct desk desks[VIRT_MARKETS_MAX];
	size_t desk_nr;
	uint64_t serial;
	enum app_plant plant;
	struct virt_strategy_stats stats;
	struct virt_picture picture; /* of the market being decided on */
};

static void send_request(void *arg, const struct virt_request *request)
{
	struct virt_strategy *strategy = arg;
	char *text = virt_request_text(request);

	if (!text)
		return;
	strategy->stats.requests++;
	virt_plant_request(strategy->plant, text);
	virt_mailbox_send(strategy->requests, VIRT_NOTE_TEXT, request->ts_ms, text);
}

/* The largest position that the risk allows, in the base currency. */
static double allowed_qty(struct desk *desk, const struct virt_picture *picture)
{
	double risk = virt_risk_hour(picture->bars, picture->bar_nr, &desk->rng);
	double value = risk > 0 ? RISK_BUDGET / risk : 0;

	return fmin(value, MAX_VALUE) / picture->top.mid;
}

/* Goes to the position wanted when it is far enough away. */
static void rebalance(struct virt_strategy *strategy, struct desk *desk, double allowed,
		      struct virt_request request)
{
	double change = desk->alpha * allowed - desk->position.qty;

	if (*desk->taking || fabs(change) < REBALANCE * allowed)
		return;
	request.is_market = true;
	request.is_buy = change > 0;
	request.qty = fabs(change);
	virt_order_name(&request, &strategy->serial);
	memcpy(desk->taking, request.id, sizeof(desk->taking));
	send_request(strategy, &request);
}

static void requote(struct virt_strategy *strategy, struct desk *desk, double allowed,
		    const struct virt_signals *signals, struct virt_request request)
{
	const struct virt_picture *picture = &strategy->picture;
	double spread = picture->top.asks[0].price - picture->top.bids[0].price;
	double move = signals->volatility * picture->top.mid / 20;
	struct virt_quote_plan plan = {
	    .center = picture->top.mid,
	    .step = fmax(fmax(spread, picture->tick_size),
			 picture->tick_size * floor(move / picture->tick_size)),
	    .qty = QUOTE_SHARE * allowed,
	    /* What is held already is quoted away. */
	    .skew = allowed > 0 ? desk->alpha - desk->position.qty / allowed : 0,
	};

	virt_quotes_update(&desk->quotes, &plan, &request, &strategy->serial, send_request,
			   strategy);
}

static void decide(struct virt_strategy *strategy, struct desk *desk, int64_t ts_ms)
{
	struct virt_picture *picture = &strategy->picture;
	struct virt_request request = {.ts_ms = ts_ms};
	struct virt_signals signals;
	double allowed;

	virt_market_picture(desk->market, picture);
	if (picture->top.mid <= 0 || picture->tick_size <= 0)
		return; /* nothing to trade against yet */
	strategy->stats.decisions++;
	vprof_mark("decision");
	virt_plant_decision(strategy->plant);
	memcpy(request.symbol, desk->market->symbol, sizeof(request.symbol));
	vprof_begin("indicator", "calibration");
	virt_calibration_step(&desk->calibration, picture->bars, picture->bar_nr, CANDIDATES);
	vprof_end();
	virt_signals_compute(picture, &desk->calibration.best, &signals);
	desk->alpha += 0.1 * (virt_signals_blend(&signals) - desk->alpha);
	vprof_begin("indicator", "risk");
	allowed = allowed_qty(desk, picture);
	vprof_end();
	rebalance(strategy, desk, allowed, request);
	requote(strategy, desk, allowed, &signals, request);
}

static struct desk *desk_of(struct virt_strategy *strategy, const char *symbol)
{
	for (size_t i = 0; i < strategy->desk_nr; i++)
		if (!strcmp(strategy->desks[i].market->symbol, symbol))
			return &strategy->desks[i];
	return NULL;
}

static void take_report(struct virt_strategy *strategy, const char *text)
{
	struct virt_report report;
	struct desk *desk;

	if (virt_report_parse(text, &report)) {
		app_say("strategy: bad report: %s", text);
		return;
	}
	desk = desk_of(strategy, report.symbol);
	if (!desk || report.status == VIRT_STATUS_NEW)
		return;
	if (report.status == VIRT_STATUS_FILLED)
		virt_position_fill(&desk->position, report.is_buy, report.price, report.qty,
				   report.fee);
	if (!strcmp(desk->taking, report.id))
		desk->taking[0] = '\0';
	else
		virt_quotes_end(&desk->quotes, report.id);
}

static void *strategy_main(void *arg)
{
	struct virt_strategy *strategy = arg;
	bool stop = false;

	while (!stop) {
		struct virt_note *note = virt_mailbox_receive(&strategy->inbox);

		if (note->kind == VIRT_NOTE_TEXT)
			take_report(strategy, note->text);
		for (size_t i = 0; i < strategy->desk_nr && note->kind == VIRT_NOTE_CLOCK; i++) {
			vprof_begin("symbol", strategy->desks[i].market->symbol);
			decide(strategy, &strategy->desks[i], note->ts_ms);
			vprof_end();
		}
		stop = note->kind == VIRT_NOTE_STOP;
		virt_note_free(note);
	}
	virt_mailbox_send(strategy->requests, VIRT_NOTE_STOP, 0, NULL);
	return NULL;
}

int virt_strategy_create(struct virt_venue *venue, uint64_t seed, enum app_plant plant,
			 struct virt_strategy **out)
{
	struct virt_strategy *strategy = calloc(1, sizeof(*strategy));

	if (!strategy)
		return -ENOMEM;
	virt_mailbox_init(&strategy->inbox);
	strategy->plant = plant;
	strategy->desk_nr = venue->nr;
	for (size_t i = 0; i < venue->nr; i++) {
		struct desk *desk = &strategy->desks[i];

		desk->market = &venue->markets[i];
		virt_calibration_init(&desk->calibration);
		virt_rng_seed(&desk->rng, seed, 2 + i);
	}
	*out = strategy;
	return 0;
}

int virt_strategy_start(struct virt_strategy *strategy, struct virt_mailbox *requests)
{
	int err;

	strategy->requests = requests;
	err = -pthread_create(&strategy->thread, NULL, strategy_main, strategy);
	if (err)
		return err;
	strategy->started = true;
	pthread_setname_np(strategy->thread, "virt-strategy");
	return 0;
}

struct virt_mailbox *virt_strategy_inbox(struct virt_strategy *strategy)
{
	return &strategy->inbox;
}

void virt_strategy_join(struct virt_strategy *strategy, struct virt_strategy_stats *out)
{
	if (strategy->started)
		pthread_join(strategy->thread, NULL);
	strategy->started = false;
	for (size_t i = 0; i < strategy->desk_nr; i++)
		strategy->stats.calibrations += strategy->desks[i].calibration.rounds;
	*out = strategy->stats;
}

void virt_strategy_destroy(struct virt_strategy *strategy)
{
	if (!strategy)
		return;
	virt_mailbox_fini(&strategy->inbox);
	free(strategy);
}
