/* Random numbers that a seed repeats. Each owner has a generator of its own, so that
 * what one thread draws does not depend on another. */
#ifndef VIRT_RNG_H
#define VIRT_RNG_H

#include <stddef.h>
#include <stdint.h>

struct virt_rng {
	uint64_t state;
};

/* Starts a sequence; stream keeps apart generators with the same seed. */
void virt_rng_seed(struct virt_rng *rng, uint64_t seed, uint64_t stream);

uint64_t virt_rng_next(struct virt_rng *rng);

/* 0 <= x < 1 */
double virt_rng_uniform(struct virt_rng *rng);

/* Exponentially distributed, x >= 0. */
double virt_rng_exponential(struct virt_rng *rng, double mean);

/* 0 <= x < limit; limit must be > 0 and below 2^32. */
size_t virt_rng_below(struct virt_rng *rng, size_t limit);

#endif
