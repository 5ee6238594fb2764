#ifndef EX_STEP_H
#define EX_STEP_H

#include "exchange.h"

/* Market time goes on by a step, and clients are told what is new. Returns 0, or what
 * ex_source_advance() does. */
int ex_step(struct ex_exchange *exchange);

#endif
