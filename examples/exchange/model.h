/* Invented markets: random walks whose drift changes every few seconds, with order flow that
 * leans the way of the drift. The same seed makes the same markets. */
#ifndef EX_MODEL_H
#define EX_MODEL_H

#include "msg.h"

#include <stddef.h>

#define EX_MODEL_STEP_MS 10
#define EX_MODEL_LEVELS	 1000 /* of a side */

struct ex_model;

/* The names of the markets that can be had, "BTC/USDT"; NULL behind the last. */
const char *ex_model_name(size_t i);

/* Makes a market.
 *
 *   name  one of ex_model_name()
 *   seed  the market's prices follow from it and from the name
 *
 * Returns 0, -ENOENT when there is no such market, or -ENOMEM. */
int ex_model_create(const char *name, uint64_t seed, struct ex_model **out);
void ex_model_destroy(struct ex_model *model);

/* Says what happens at a time: the first call a whole book, each one later changes of it,
 * trades and tickers.
 *
 *   ts_ms  EX_MODEL_STEP_MS after that of the call before
 *   fn     called once a message, which is valid during the call */
void ex_model_step(struct ex_model *model, int64_t ts_ms,
		   void (*fn)(void *arg, const struct app_msg *msg), void *arg);

#endif
