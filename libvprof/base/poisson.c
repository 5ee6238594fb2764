#include "base/poisson.h"

#include <string.h>

#define LN2 0.693147180559945309417

uint64_t vp_poisson_random(uint64_t *random)
{
	uint64_t x = *random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	*random = x;
	return x * 0x9e3779b97f4a7c15u;
}

static double from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* 1 - exp(-r) for 0 <= r <= ln 2, by its series. */
static double small_chance(double r)
{
	double term = r, sum = r;

	for (int n = 2; n < 20; n++) {
		term *= -r / n;
		sum += term;
	}
	return sum;
}

double vp_poisson_chance(double x)
{
	uint64_t halvings;

	if (x < LN2)
		return small_chance(x);
	if (x > 40)
		return 1;
	/* exp(-x) = 2^-n exp(-r) */
	halvings = (uint64_t)(x / LN2);
	return 1 -
	       (1 - small_chance(x - (double)halvings * LN2)) * from_bits((1023 - halvings) << 52);
}

/* ln(u) for 0 < u < 1: exponent, and twice the atanh series of the mantissa. */
static double natural_log(double u)
{
	uint64_t bits;
	double m, t, square, term, sum;
	int exponent;

	memcpy(&bits, &u, sizeof(bits));
	exponent = (int)(bits >> 52) - 1023;
	m = from_bits((bits & 0xfffffffffffffu) | 1023ull << 52);
	t = (m - 1) / (m + 1);
	square = t * t;
	term = sum = t;
	for (int n = 3; n < 30; n += 2) {
		term *= square;
		sum += term / n;
	}
	return exponent * LN2 + 2 * sum;
}

double vp_poisson_wait(uint64_t *random)
{
	/* 52 random bits, never 0 or 1 */
	return -natural_log(((double)(vp_poisson_random(random) >> 12) + 0.5) * 0x1p-52);
}

uint64_t vp_poisson_gap(uint64_t *random, uint64_t mean)
{
	double gap = vp_poisson_wait(random) * (double)mean;

	return gap < 1 ? 1 : (uint64_t)gap;
}
