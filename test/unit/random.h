/* Numbers drawn from a seed, the same everywhere. */
#ifndef TEST_UNIT_RANDOM_H
#define TEST_UNIT_RANDOM_H

#include <math.h>
#include <stdint.h>

static uint64_t random_state;

/* From 0 to 1, without 1. */
static inline double uniform(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double)(random_state >> 11) * 0x1p-53;
}

static inline void random_seed(unsigned number)
{
	random_state = 0x9e3779b97f4a7c15ull * (number + 1);
	for (int i = 0; i < 20; i++)
		uniform();
}

static inline double normal(void)
{
	return sqrt(-2 * log(1 - uniform())) * cos(2 * M_PI * uniform());
}

#endif
