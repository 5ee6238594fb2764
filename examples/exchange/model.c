#include "model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TICKER_STEPS 10 /* 100 ms */

struct kind {
	const char *name;
	double ticks;	  /* in one unit of the quote currency */
	double lot;	  /* typical size */
	double size_unit; /* sizes are multiples of one in so many */
	int64_t bid;	  /* best bid to begin with, in ticks */
	double open_interest;
};

static const struct kind kinds[] = {
    {"BTC/USDT", 10, 0.4, 1000, 642100, 51000},	      {"ETH/USDT", 100, 4, 100, 312400, 720000},
    {"SOL/USDT", 100, 60, 10, 14832, 3100000},	      {"XRP/USDT", 10000, 900, 1, 5821, 90000000},
    {"DOGE/USDT", 100000, 4000, 1, 12410, 700000000}, {"ADA/USDT", 10000, 1200, 1, 4487, 110000000},
    {"LINK/USDT", 1000, 90, 10, 14120, 5200000},      {"AVAX/USDT", 1000, 40, 10, 27310, 2800000},
};

struct ex_model {
	const struct kind *kind;
	uint64_t rng;
	int64_t bid;	 /* ticks; the best ask is one above */
	double drift;	 /* ticks in ten steps */
	int drift_steps; /* left until it changes */
	int64_t steps;
	uint64_t seq;
	double funding, long_ratio, open_interest;
	struct app_msg msg; /* the one being said */
	void (*fn)(void *arg, const struct app_msg *msg);
	void *arg;
};

const char *ex_model_name(size_t i)
{
	return i < sizeof(kinds) / sizeof(kinds[0]) ? kinds[i].name : NULL;
}

/* splitmix64 */
static uint64_t draw(struct ex_model *m)
{
	uint64_t z = (m->rng += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static double uniform(struct ex_model *m)
{
	return (double)(draw(m) >> 11) * 0x1p-53;
}

/* Near enough to a normal, and the same on every libm. */
static double normal(struct ex_model *m)
{
	return (uniform(m) + uniform(m) + uniform(m) + uniform(m) - 2) * 1.7320508;
}

int ex_model_create(const char *name, uint64_t seed, struct ex_model **out)
{
	struct ex_model *m;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, name))
			continue;
		m = calloc(1, sizeof(*m));
		if (!m)
			return -ENOMEM;
		*m = (struct ex_model){
		    .kind = &kinds[i],
		    .rng = seed * 0x9e3779b97f4a7c15ULL + (i + 1) * 0xd1342543de82ef95ULL,
		    .bid = kinds[i].bid,
		    .funding = 0.0001,
		    .long_ratio = 0.52,
		    .open_interest = kinds[i].open_interest,
		};
		*out = m;
		return 0;
	}
	return -ENOENT;
}

void ex_model_destroy(struct ex_model *model)
{
	free(model);
}

static void say(struct ex_model *m, enum app_msg_type type, bool is_buy, double price, double size)
{
	m->msg.type = type;
	m->msg.is_buy = is_buy;
	m->msg.price = price;
	m->msg.size = size;
	m->fn(m->arg, &m->msg);
}

static double price_of(const struct ex_model *m, int64_t ticks)
{
	return (double)ticks / m->kind->ticks;
}

/* From a tenth of a lot to some ten lots, in whole units and at least one. */
static double draw_size(struct ex_model *m, double scale)
{
	double u = uniform(m) + 0.03;
	double units = floor(m->kind->lot * m->kind->size_unit * scale * 0.3 / u);

	return (units < 1 ? 1 : units) / m->kind->size_unit;
}

/* Deeper levels hold more; the side that the drift comes from is thicker. */
static double level_size(struct ex_model *m, bool bid, int64_t depth)
{
	double lean = bid ? m->drift : -m->drift;

	return draw_size(m, (1.0 + 0.02 * (double)depth) * (1.0 + 0.5 * lean));
}

static void say_level(struct ex_model *m, enum app_msg_type type, bool bid, int64_t depth)
{
	int64_t ticks = bid ? m->bid - depth : m->bid + 1 + depth;

	say(m, type, bid, price_of(m, ticks), level_size(m, bid, depth));
}

/* The book moves by a tick: the side that is pushed back loses its best level and gets another
 * at the far end, the other one the other way round. */
static void move(struct ex_model *m, bool up)
{
	int64_t lost = up ? m->bid + 1 : m->bid;
	int64_t far = up ? m->bid - EX_MODEL_LEVELS + 1 : m->bid + EX_MODEL_LEVELS;

	say(m, APP_MSG_DELTA, !up, price_of(m, lost), 0);
	say(m, APP_MSG_DELTA, up, price_of(m, far), 0);
	m->bid += up ? 1 : -1;
	say_level(m, APP_MSG_DELTA, up, 0);
	say_level(m, APP_MSG_DELTA, !up, EX_MODEL_LEVELS - 1);
}

static void say_changes(struct ex_model *m)
{
	int nr = 1 + (int)(draw(m) % 5);

	if (uniform(m) < 0.25)
		move(m, uniform(m) < 0.5 + 0.4 * m->drift || m->bid < 2 * EX_MODEL_LEVELS);
	for (int i = 0; i < nr; i++) {
		double u = uniform(m);

		/* Changes crowd near the top of the book. */
		say_level(m, APP_MSG_DELTA, draw(m) & 1,
			  (int64_t)(EX_MODEL_LEVELS * u * u * u * u));
	}
}

static void say_trades(struct ex_model *m)
{
	int nr = uniform(m) < 0.3 ? 1 + (int)(draw(m) % 3) : 0;

	for (int i = 0; i < nr; i++) {
		bool buy = uniform(m) < 0.5 + 0.4 * m->drift;

		say(m, APP_MSG_TRADE, buy, price_of(m, buy ? m->bid + 1 : m->bid),
		    draw_size(m, uniform(m) < 0.02 ? 8 : 0.6));
	}
}

static void say_ticker(struct ex_model *m)
{
	m->funding += 0.000002 * normal(m) + 0.02 * (0.0001 - m->funding);
	m->long_ratio += 0.002 * normal(m) + 0.02 * (0.52 + 0.2 * m->drift - m->long_ratio);
	m->open_interest *= 1.0 + 0.0001 * normal(m) + 0.0001 * m->drift;
	m->msg.funding = m->funding;
	m->msg.long_ratio = m->long_ratio;
	say(m, APP_MSG_TICKER, false, price_of(m, 2 * m->bid + 1) / 2, floor(m->open_interest));
}

void ex_model_step(struct ex_model *m, int64_t ts_ms,
		   void (*fn)(void *arg, const struct app_msg *msg), void *arg)
{
	m->fn = fn;
	m->arg = arg;
	m->msg = (struct app_msg){.ts_ms = ts_ms, .seq = ++m->seq};
	strcpy(m->msg.symbol, m->kind->name);
	if (m->drift_steps-- <= 0) {
		m->drift = uniform(m) - 0.5;
		m->drift_steps = 300 + (int)(draw(m) % 1500);
	}
	if (m->steps++) {
		say_changes(m);
	} else {
		for (int side = 0; side < 2; side++)
			for (int64_t depth = 0; depth < EX_MODEL_LEVELS; depth++)
				say_level(m, APP_MSG_SNAPSHOT, side, depth);
	}
	say_trades(m);
	if (m->steps % TICKER_STEPS == 1)
		say_ticker(m);
}
