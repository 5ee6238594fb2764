/* 95 % intervals of totals that were estimated from samples. */
#ifndef VR_INTERVAL_H
#define VR_INTERVAL_H

#include <stdint.h>

struct vr_interval {
	int known; /* 0: the total is certain, or there is nothing to go by */
	uint64_t low, high;
};

/* The x that a gamma variable of that shape (and scale 1) stays below with
 * probability p; half the chi-square quantile of 2 * shape degrees of freedom. */
double vr_gamma_quantile(double shape, double p);

/* The bounds that a Poisson mean has, 95 times of 100, when `count` were seen;
 * exact (Garwood) for whole counts, and continued between them. */
void vr_garwood(double count, double *low, double *high);

/* Of a total with this variance: as many samples of equal weight as have the
 * same relative error, by Garwood.  variance 0: certain, no interval; but of a
 * total of 0, which no sample speaks of, what small blocks may hide when one byte
 * in `distance` is sampled. */
struct vr_interval vr_interval_of(uint64_t total, double variance, uint64_t distance);

/* Half the width in percent of the total; 0 where there is no interval. */
double vr_interval_percent(const struct vr_interval *interval, uint64_t total);

#endif
