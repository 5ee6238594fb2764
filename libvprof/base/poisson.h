/* The arithmetic of Poisson sampling, without libm.
 *
 * Bytes are sampled independently with mean distance R, so a block of z bytes
 * is sampled with p = 1 - exp(-z / R), and a sampled one stands for 1 / p. */
#ifndef VP_BASE_POISSON_H
#define VP_BASE_POISSON_H

#include <stdint.h>

/* 1 - exp(-x) for x >= 0, to 1e-12 relative. */
double vp_poisson_chance(double x);

/* Bytes until the next sample point: exponential with that mean, at least 1.
 * *random: xorshift state of the thread, never 0. */
uint64_t vp_poisson_gap(uint64_t *random, uint64_t mean);

uint64_t vp_poisson_random(uint64_t *random);

/* Exponential with mean 1. */
double vp_poisson_wait(uint64_t *random);

#endif
