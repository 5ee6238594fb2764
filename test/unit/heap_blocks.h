/* A made-up heap of one site, block by block, seen as the library sees it: readings every
 * tenth of a second, merged when 128 points are full. */
#ifndef HEAP_BLOCKS_H
#define HEAP_BLOCKS_H

#include <stdlib.h>
#include <string.h>

#include "check_main.h"
#include "model/growth.h"
#include "random.h"

#define TICK_NS 100000000ull
#define ROOM	40000u

/* One site. */
struct sim {
	uint64_t birth[ROOM]; /* of live blocks, oldest first */
	uint64_t size[ROOM];
	size_t live;
	uint64_t bytes, now_ns;
	/* as in struct vprof_series */
	uint64_t t_ns[VPROF_SERIES_POINTS], point[VPROF_SERIES_POINTS];
	uint32_t count[VPROF_SERIES_POINTS];
	uint64_t age[VPROF_LIFETIME_BUCKETS], lifetime[VPROF_LIFETIME_BUCKETS];
	uint32_t points, merge, in_point;
};

static inline size_t below(size_t n)
{
	return (size_t)(uniform() * (double)n);
}

/* How often something of that mean happens in a tick. */
static inline unsigned poisson(double mean)
{
	double left = exp(-mean), product = uniform();
	unsigned n = 0;

	while (product > left) {
		product *= uniform();
		n++;
	}
	return n;
}

static inline struct sim *fresh(void)
{
	struct sim *sim = calloc(1, sizeof(*sim));

	sim->merge = 1;
	return sim;
}

static inline unsigned bucket_of(uint64_t ns)
{
	unsigned bucket = 0;

	while (bucket + 1 < VPROF_LIFETIME_BUCKETS && ns / 1000 >> bucket)
		bucket++;
	return bucket;
}

static inline void give(struct sim *sim, uint64_t bytes)
{
	ck_assert(sim->live < ROOM);
	sim->birth[sim->live] = sim->now_ns;
	sim->size[sim->live++] = bytes;
	sim->bytes += bytes;
}

static inline void take(struct sim *sim, size_t at)
{
	sim->lifetime[bucket_of(sim->now_ns - sim->birth[at])]++;
	sim->bytes -= sim->size[at];
	sim->live--;
	memmove(&sim->birth[at], &sim->birth[at + 1], (sim->live - at) * sizeof(sim->birth[0]));
	memmove(&sim->size[at], &sim->size[at + 1], (sim->live - at) * sizeof(sim->size[0]));
}

static inline void merge_points(struct sim *sim)
{
	for (uint32_t i = 0; i < VPROF_SERIES_POINTS / 2; i++) {
		uint32_t a = 2 * i, b = a + 1;

		sim->t_ns[i] = sim->t_ns[b];
		sim->point[i] = sim->point[sim->point[a] < sim->point[b] ? a : b];
		sim->count[i] = sim->count[sim->count[a] < sim->count[b] ? a : b];
	}
	sim->points /= 2;
	sim->merge *= 2;
}

static inline void reading(struct sim *sim)
{
	uint32_t at;

	if (sim->points && sim->in_point < sim->merge) {
		at = sim->points - 1;
		sim->in_point++;
		if (sim->bytes < sim->point[at])
			sim->point[at] = sim->bytes;
		if (sim->live < sim->count[at])
			sim->count[at] = (uint32_t)sim->live;
	} else {
		if (sim->points == VPROF_SERIES_POINTS)
			merge_points(sim);
		at = sim->points++;
		sim->in_point = 1;
		sim->point[at] = sim->bytes;
		sim->count[at] = (uint32_t)sim->live;
	}
	sim->t_ns[at] = sim->now_ns;
	sim->now_ns += TICK_NS;
}

static inline void examine(struct sim *sim, struct vr_growth_site *site, int by_iteration)
{
	double at[VPROF_SERIES_POINTS];
	struct vr_growth_facts facts = {
	    .bytes = sim->point,
	    .blocks = sim->count,
	    .t_ns = sim->t_ns,
	    .at = at,
	    .points = sim->points,
	    .by_iteration = by_iteration,
	    .age = sim->age,
	    .lifetime = sim->lifetime,
	    .weight = 1,
	};

	for (uint32_t i = 0; i < sim->points; i++)
		at[i] = by_iteration ? i + 1 : (double)sim->t_ns[i] / 1e9;
	memset(sim->age, 0, sizeof(sim->age));
	for (size_t i = 0; i < sim->live; i++)
		sim->age[bucket_of(sim->now_ns - sim->birth[i])]++;
	*site = (struct vr_growth_site){0};
	vr_growth_examine(&facts, site);
}

#endif
