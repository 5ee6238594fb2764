/* Looks for stretches of the past that went like the last forty minutes, and reports how
 * they went on. */
#ifndef VIRT_ANALOG_H
#define VIRT_ANALOG_H

#include "bars.h"

/* Compares shapes by dynamic time warping: a move that took a little longer is still
 * the same move.
 *
 * Returns the mean return of the bars that followed the most similar stretches, as a
 * share of the price; 0 when there are too few bars, or no memory. */
double virt_analog_outlook(const struct virt_bar *bars, size_t bar_nr);

#endif
