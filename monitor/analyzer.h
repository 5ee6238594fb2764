/* The six analyzers. Each judges a view from one side, and knows nothing of the
 * others. All: return 0, or -ENOMEM with *out untouched.
 * Context: any thread; the view is only read. */
#ifndef MON_ANALYZER_H
#define MON_ANALYZER_H

#include "market.h"
#include "score.h"

enum mon_face {
	MON_FACE_ORDERFLOW,
	MON_FACE_ORDERBOOK,
	MON_FACE_TECHNICAL,
	MON_FACE_STRUCTURE,
	MON_FACE_VOLUME,
	MON_FACE_SENTIMENT,
	MON_FACE_NR,
};

struct mon_analyzer {
	const char *name;
	double weight; /* in the confluence score; all six add up to 1 */
	int (*score)(const struct mon_view *view, struct mon_score *out);
};

/* Indexed by enum mon_face. */
extern const struct mon_analyzer mon_analyzers[MON_FACE_NR];

/* Cumulative volume delta, taker imbalance, large trades, over the recent trades. */
int mon_orderflow_score(const struct mon_view *view, struct mon_score *out);

/* Imbalance, depth near the middle, pressure at the top, spread. */
int mon_orderbook_score(const struct mon_view *view, struct mon_score *out);

/* RSI, MACD, CCI, ATR, Williams %R and AO over four timeframes. */
int mon_technical_score(const struct mon_view *view, struct mon_score *out);

/* VWAP, volume profile, support and resistance. */
int mon_structure_score(const struct mon_view *view, struct mon_score *out);

/* Volume delta, OBV, ADL, relative volume, CMF. */
int mon_volume_score(const struct mon_view *view, struct mon_score *out);

/* Long/short ratio, funding and open interest. */
int mon_sentiment_score(const struct mon_view *view, struct mon_score *out);

#endif
