/* Writes the bundled market feed to stdout (format: README.md beside this file).
 *
 *   cc -O2 -o build/mkfeed examples/feed/mkfeed.c -lm
 *   build/mkfeed > examples/feed/market.csv
 *
 * Everything comes from one fixed seed, so the committed file can be made again.
 * Prices are invented: a random walk whose drift changes every few seconds, with
 * order flow that leans the way of the drift, so that the analyses have something
 * to find. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LEVELS	       25 /* a side */
#define STEP_MS	       100
#define STEPS	       1200 /* 120 s */
#define HISTORY	       1000 /* 1m candles before the start */
#define SNAPSHOT_STEPS 300
#define TICKER_STEPS   5

struct market {
	const char *name;
	double tick; /* price distance of two levels */
	int price_digits;
	double lot; /* typical size */
	int size_digits;
	int64_t bid;	 /* best bid, in ticks; the best ask is one spread above */
	int64_t spread;	 /* ticks */
	double drift;	 /* ticks a step */
	int drift_steps; /* left until the drift changes */
	double funding;
	double long_ratio;
	double open_interest;
	uint64_t seq;
};

static uint64_t rng_state = 0x5eed0f1bULL;

/* splitmix64 */
static uint64_t rng_next(void)
{
	uint64_t z = (rng_state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static double rng_uniform(void)
{
	return (double)(rng_next() >> 11) * 0x1p-53;
}

/* Sum of twelve uniforms: near enough to a normal, and the same on every libm. */
static double rng_normal(void)
{
	double sum = -6.0;

	for (int i = 0; i < 12; i++)
		sum += rng_uniform();
	return sum;
}

static double random_size(const struct market *m)
{
	return m->lot * exp(0.8 * rng_normal());
}

static void put_head(const struct market *m, int64_t ts_ms, const char *type, const char *side)
{
	printf("%" PRId64 ",%s,%s,%s,", ts_ms, m->name, type, side);
}

static void put_level(const struct market *m, int64_t ts_ms, const char *type, bool bid,
		      int64_t price_ticks, double size)
{
	put_head(m, ts_ms, type, bid ? "bid" : "ask");
	printf("%.*f,%.*f,%" PRIu64 "\n", m->price_digits, (double)price_ticks * m->tick,
	       size > 0 ? m->size_digits : 0, size, m->seq);
}

/* Deeper levels hold more; the side the drift comes from is thicker. */
static double level_size(const struct market *m, bool bid, int64_t depth)
{
	double lean = bid ? m->drift : -m->drift;

	return random_size(m) * (1.0 + 0.08 * (double)depth) * (1.0 + 0.9 * lean);
}

static int64_t level_price(const struct market *m, bool bid, int64_t depth)
{
	return bid ? m->bid - depth : m->bid + m->spread + depth;
}

static void put_snapshot(struct market *m, int64_t ts_ms)
{
	m->seq++;
	for (int side = 1; side >= 0; side--)
		for (int64_t depth = 0; depth < LEVELS; depth++)
			put_level(m, ts_ms, "snapshot", side, level_price(m, side, depth),
				  level_size(m, side, depth));
}

/* The book after a move is the old one shifted: levels that fell out of the window
 * are deleted, those that came in are inserted. */
static void put_shift(struct market *m, int64_t ts_ms, int64_t move)
{
	struct market old = *m;

	m->bid += move;
	for (int side = 1; side >= 0; side--) {
		for (int64_t depth = 0; depth < LEVELS; depth++) {
			int64_t price = level_price(&old, side, depth);
			int64_t new_depth = side ? m->bid - price : price - m->bid - m->spread;

			if (new_depth < 0 || new_depth >= LEVELS)
				put_level(m, ts_ms, "delta", side, price, 0);
		}
	}
	for (int side = 1; side >= 0; side--) {
		for (int64_t depth = 0; depth < LEVELS; depth++) {
			int64_t price = level_price(m, side, depth);
			int64_t old_depth = side ? old.bid - price : price - old.bid - old.spread;

			if (old_depth < 0 || old_depth >= LEVELS)
				put_level(m, ts_ms, "delta", side, price,
					  level_size(m, side, depth));
		}
	}
}

static void put_refresh(struct market *m, int64_t ts_ms)
{
	int nr = 3 + (int)(rng_next() % 4);

	for (int i = 0; i < nr; i++) {
		bool bid = rng_next() & 1;
		/* The product crowds the changes near the top of the book. */
		int64_t depth = (int64_t)(LEVELS * rng_uniform() * rng_uniform());

		put_level(m, ts_ms, "delta", bid, level_price(m, bid, depth),
			  level_size(m, bid, depth));
	}
}

static void put_trades(struct market *m, int64_t ts_ms)
{
	int nr = (int)(rng_next() % 5);

	for (int i = 0; i < nr; i++) {
		bool buy = rng_uniform() < 0.5 + 0.6 * m->drift;
		double size = random_size(m) * (rng_uniform() < 0.03 ? 8.0 : 0.6);

		put_head(m, ts_ms, "trade", buy ? "buy" : "sell");
		printf("%.*f,%.*f,%" PRIu64 "\n", m->price_digits,
		       (double)level_price(m, !buy, 0) * m->tick, m->size_digits, size, m->seq);
	}
}

static void put_ticker(struct market *m, int64_t ts_ms)
{
	m->funding += 0.000004 * rng_normal() + 0.05 * (0.0001 - m->funding);
	m->long_ratio += 0.004 * rng_normal() + 0.03 * (0.52 + 0.2 * m->drift - m->long_ratio);
	m->open_interest *= 1.0 + 0.0004 * rng_normal() + 0.0004 * m->drift;
	put_head(m, ts_ms, "ticker", "");
	printf("%.*f,%.1f,%" PRIu64 ",,,,,%.6f,%.4f\n", m->price_digits,
	       ((double)m->bid + 0.5 * (double)m->spread) * m->tick, m->open_interest, m->seq,
	       m->funding, m->long_ratio);
}

static void step_market(struct market *m, int64_t step)
{
	int64_t ts_ms = step * STEP_MS;
	int64_t move;

	if (m->drift_steps-- <= 0) {
		m->drift = 0.7 * (rng_uniform() - 0.5);
		m->drift_steps = 80 + (int)(rng_next() % 150);
	}
	if (step % SNAPSHOT_STEPS == 0) {
		put_snapshot(m, ts_ms);
	} else {
		m->seq++;
		move = (int64_t)lround(m->drift + 0.7 * rng_normal());
		if (move)
			put_shift(m, ts_ms, move);
		put_refresh(m, ts_ms);
	}
	put_trades(m, ts_ms);
	if (step % TICKER_STEPS == 0)
		put_ticker(m, ts_ms);
}

/* Closes are built backwards from the first live price, so that history and live
 * data meet without a jump. */
static void fill_closes(const struct market *m, double *close)
{
	double drift = 0;

	close[HISTORY] = ((double)m->bid + 0.5 * (double)m->spread) * m->tick;
	for (int i = HISTORY - 1; i >= 0; i--) {
		if (rng_next() % 60 == 0)
			drift = 0.0003 * rng_normal();
		close[i] = close[i + 1] * (1.0 - drift - 0.0006 * rng_normal());
	}
}

static void put_kline(const struct market *m, int minute, double open, double close)
{
	double high = fmax(open, close) * (1.0 + 0.0004 * rng_uniform());
	double low = fmin(open, close) * (1.0 - 0.0004 * rng_uniform());
	double volume = m->lot * 1200 * exp(0.4 * rng_normal());
	double buy_share = 0.5 + 120.0 * (close - open) / open + 0.05 * rng_normal();

	buy_share = fmin(0.9, fmax(0.1, buy_share));
	put_head(m, ((int64_t)minute - HISTORY) * 60000, "kline", "");
	printf("%.*f,%.*f,0,%.*f,%.*f,%.*f,%.*f\n", m->price_digits, close, m->size_digits, volume,
	       m->price_digits, open, m->price_digits, high, m->price_digits, low, m->size_digits,
	       volume * buy_share);
}

static struct market markets[] = {
    {.name = "BTC/USDT",
     .tick = 1.0,
     .price_digits = 1,
     .lot = 0.4,
     .size_digits = 3,
     .bid = 64210,
     .spread = 1,
     .funding = 0.0001,
     .long_ratio = 0.52,
     .open_interest = 51000},
    {.name = "ETH/USDT",
     .tick = 0.05,
     .price_digits = 2,
     .lot = 4,
     .size_digits = 2,
     .bid = 62480,
     .spread = 1,
     .funding = 0.0001,
     .long_ratio = 0.55,
     .open_interest = 720000},
    {.name = "SOL/USDT",
     .tick = 0.01,
     .price_digits = 2,
     .lot = 60,
     .size_digits = 1,
     .bid = 14832,
     .spread = 1,
     .funding = 0.00012,
     .long_ratio = 0.61,
     .open_interest = 3100000},
};

int main(void)
{
	enum { MARKETS = sizeof(markets) / sizeof(markets[0]) };
	static double close[MARKETS][HISTORY + 1];

	printf("ts_ms,symbol,type,side,price,size,seq,open,high,low,buy_size,funding,"
	       "long_ratio\n");
	for (int i = 0; i < MARKETS; i++)
		fill_closes(&markets[i], close[i]);
	for (int minute = 0; minute < HISTORY; minute++)
		for (int i = 0; i < MARKETS; i++)
			put_kline(&markets[i], minute, close[i][minute], close[i][minute + 1]);
	for (int64_t step = 0; step < STEPS; step++)
		for (int i = 0; i < MARKETS; i++)
			step_market(&markets[i], step);
	if (fflush(stdout) || ferror(stdout))
		return 1;
	return 0;
}
