/* Tunes the trend rule: trades it over the past bars with many periods, a few at a
 * time, and keeps the periods that would have earned most. */
#ifndef VIRT_CALIBRATE_H
#define VIRT_CALIBRATE_H

#include "signals.h"

struct virt_calibration {
	struct virt_tuning best;
	double best_profit; /* share of the price, of the round under way */
	struct virt_tuning round_best;
	size_t next;	 /* which candidate comes next */
	uint64_t rounds; /* times all candidates were tried */
};

void virt_calibration_init(struct virt_calibration *calibration);

/* Tries the next candidates on these bars.
 *
 *   count  how many */
void virt_calibration_step(struct virt_calibration *calibration, const struct virt_bar *bars,
			   size_t bar_nr, size_t count);

#endif
