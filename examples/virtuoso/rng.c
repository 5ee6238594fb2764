#include "rng.h"

#include <math.h>

/* splitmix64 */
uint64_t virt_rng_next(struct virt_rng *rng)
{
	uint64_t z = (rng->state += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void virt_rng_seed(struct virt_rng *rng, uint64_t seed, uint64_t stream)
{
	rng->state = seed ^ (stream * 0xd1342543de82ef95ULL);
	rng->state = virt_rng_next(rng);
}

double virt_rng_uniform(struct virt_rng *rng)
{
	return (double)(virt_rng_next(rng) >> 11) * 0x1p-53;
}

double virt_rng_exponential(struct virt_rng *rng, double mean)
{
	return -mean * log1p(-virt_rng_uniform(rng));
}

size_t virt_rng_below(struct virt_rng *rng, size_t limit)
{
	return (size_t)(((virt_rng_next(rng) >> 32) * limit) >> 32);
}
