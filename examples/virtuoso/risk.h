/* How much may be held: value at risk from resampled returns. */
#ifndef VIRT_RISK_H
#define VIRT_RISK_H

#include "bars.h"
#include "rng.h"

/* Value at risk: the loss that one hour exceeds in one case of twenty, as a share of
 * the value held; by drawing hours from the returns of the past bars.
 *
 *   rng  decides which
 *
 * Returns a share >= 0; 0 with fewer than 2 bars. */
double virt_risk_hour(const struct virt_bar *bars, size_t bar_nr, struct virt_rng *rng);

#endif
