/* Made-up heaps of one site, of known nature, seen as the library sees them: for
 * the tests of growth (test_growth_kinds.c).  Blocks are kept as cohorts, one a
 * tick, so that hours and millions of blocks cost little. */
#ifndef HEAP_KINDS_H
#define HEAP_KINDS_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/growth.h"
#include "random.h"

#define TICK_NS 100000000ull
#define COHORTS 65536u

struct cohort {
	uint64_t birth_ns, blocks, bytes;
};

struct heap {
	struct cohort cohort[COHORTS];
	size_t first, end; /* cohorts in use: the oldest, behind the youngest */
	uint64_t blocks, bytes, allocs, now_ns;
	double rest; /* of an event that is not whole yet */
	/* as in struct vprof_series */
	uint64_t t_ns[VPROF_SERIES_POINTS], point[VPROF_SERIES_POINTS];
	uint32_t count[VPROF_SERIES_POINTS];
	uint64_t checkpoint[VPROF_SERIES_CHECKPOINTS];
	uint64_t age[VPROF_LIFETIME_BUCKETS], lifetime[VPROF_LIFETIME_BUCKETS];
	uint32_t points, merge, in_point, first_point;
};

static inline double between(double low, double high)
{
	return low + (high - low) * uniform();
}

/* As often below as above the geometric mean. */
static inline double scaled(double low, double high)
{
	return exp(between(log(low), log(high)));
}

static inline uint64_t poisson(double mean)
{
	double left = exp(-mean), product = uniform();
	uint64_t n = 0;

	if (mean > 50)
		return (uint64_t)fmax(0, mean + sqrt(mean) * normal() + 0.5);
	for (; product > left; n++)
		product *= uniform();
	return n;
}

static inline unsigned heap_bucket(uint64_t ns)
{
	unsigned bucket = 0;

	while (bucket + 1 < VPROF_LIFETIME_BUCKETS && ns / 1000 >> bucket)
		bucket++;
	return bucket;
}

static inline void give(struct heap *heap, uint64_t blocks, double size)
{
	uint64_t bytes = (uint64_t)((double)blocks * fmax(1, size));

	if (!blocks)
		return;
	if (heap->end == heap->first || heap->cohort[heap->end - 1].birth_ns != heap->now_ns)
		heap->cohort[heap->end++] = (struct cohort){.birth_ns = heap->now_ns};
	heap->cohort[heap->end - 1].blocks += blocks;
	heap->cohort[heap->end - 1].bytes += bytes;
	heap->blocks += blocks;
	heap->allocs += blocks;
	heap->bytes += bytes;
}

/* Takes up to so many from one cohort; returns how many. */
static inline uint64_t take_from(struct heap *heap, struct cohort *from, uint64_t blocks)
{
	uint64_t taken = blocks < from->blocks ? blocks : from->blocks;
	uint64_t bytes = from->blocks ? from->bytes * taken / from->blocks : 0;

	heap->lifetime[heap_bucket(heap->now_ns - from->birth_ns)] += taken;
	from->blocks -= taken;
	from->bytes -= bytes;
	heap->blocks -= taken;
	heap->bytes -= bytes;
	return taken;
}

static inline void take_oldest(struct heap *heap, uint64_t blocks)
{
	while (blocks && heap->first < heap->end) {
		blocks -= take_from(heap, &heap->cohort[heap->first], blocks);
		if (!heap->cohort[heap->first].blocks)
			heap->first++;
	}
}

static inline void take_youngest(struct heap *heap, uint64_t blocks)
{
	while (blocks && heap->first < heap->end) {
		blocks -= take_from(heap, &heap->cohort[heap->end - 1], blocks);
		if (!heap->cohort[heap->end - 1].blocks)
			heap->end--;
	}
}

static inline void take_any(struct heap *heap, uint64_t blocks)
{
	for (blocks = blocks < heap->blocks ? blocks : heap->blocks; blocks; blocks--) {
		size_t at;

		do
			at = heap->first + (size_t)(uniform() * (double)(heap->end - heap->first));
		while (!heap->cohort[at].blocks);
		take_from(heap, &heap->cohort[at], 1);
	}
}

/* What may live for so long has its end. */
static inline void expire(struct heap *heap, double ticks)
{
	for (; heap->first < heap->end; heap->first++) {
		struct cohort *oldest = &heap->cohort[heap->first];

		if ((double)(heap->now_ns - oldest->birth_ns) < ticks * TICK_NS)
			return;
		take_from(heap, oldest, oldest->blocks);
	}
}

/* So many blocks live from now on; of those that go the oldest, the youngest or any. */
static inline void hold(struct heap *heap, double wanted, double size, int who)
{
	uint64_t blocks = (uint64_t)fmax(0, wanted);

	if (heap->blocks < blocks)
		give(heap, blocks - heap->blocks, size);
	else if (who == 0)
		take_oldest(heap, heap->blocks - blocks);
	else if (who == 1)
		take_youngest(heap, heap->blocks - blocks);
	else
		take_any(heap, heap->blocks - blocks);
}

static inline void merge_points(struct heap *heap)
{
	for (uint32_t i = 0; i < VPROF_SERIES_POINTS / 2; i++) {
		uint32_t a = 2 * i, b = a + 1;

		heap->t_ns[i] = heap->t_ns[b];
		heap->point[i] =
		    heap->point[heap->point[a] < heap->point[b] && a >= heap->first_point ? a : b];
		heap->count[i] =
		    heap->count[heap->count[a] < heap->count[b] && a >= heap->first_point ? a : b];
	}
	for (uint32_t i = 0; i < VPROF_SERIES_CHECKPOINTS; i++)
		heap->checkpoint[i] =
		    i < VPROF_SERIES_CHECKPOINTS / 2 ? heap->checkpoint[2 * i + 1] : 0;
	heap->first_point /= 2;
	heap->points /= 2;
	heap->merge *= 2;
}

/* What the library reads at a tick; then time goes on. */
static inline void tick(struct heap *heap)
{
	uint32_t at;

	if (!heap->merge)
		heap->merge = 1;
	if (heap->points && heap->in_point < heap->merge) {
		at = heap->points - 1;
		heap->in_point++;
		if (heap->bytes < heap->point[at])
			heap->point[at] = heap->bytes;
		if (heap->blocks < heap->count[at])
			heap->count[at] = (uint32_t)heap->blocks;
	} else {
		if (heap->points == VPROF_SERIES_POINTS)
			merge_points(heap);
		at = heap->points++;
		heap->in_point = 1;
		heap->point[at] = heap->bytes;
		heap->count[at] = (uint32_t)heap->blocks;
	}
	if (heap->first_point == at && heap->blocks < 3 && heap->bytes < 1024)
		heap->first_point = at + 1; /* no row yet */
	if ((at + 1) % VPROF_SERIES_CHECKPOINT_EVERY == 0)
		heap->checkpoint[at / VPROF_SERIES_CHECKPOINT_EVERY] = heap->allocs;
	heap->t_ns[at] = heap->now_ns;
	heap->now_ns += TICK_NS;
}

static inline void heap_examine(struct heap *heap, struct vr_growth_site *site)
{
	double at[VPROF_SERIES_POINTS];
	struct vr_growth_facts facts = {
	    .bytes = heap->point,
	    .blocks = heap->count,
	    .t_ns = heap->t_ns,
	    .at = at,
	    .first = heap->first_point < heap->points ? heap->first_point : heap->points - 1,
	    .points = heap->points,
	    .age = heap->age,
	    .lifetime = heap->lifetime,
	    .checkpoint = heap->checkpoint,
	    .weight = 1,
	};

	for (uint32_t i = 0; i < heap->points; i++)
		at[i] = (double)heap->t_ns[i] / 1e9;
	memset(heap->age, 0, sizeof(heap->age));
	for (size_t i = heap->first; i < heap->end; i++)
		heap->age[heap_bucket(heap->now_ns - heap->cohort[i].birth_ns)] +=
		    heap->cohort[i].blocks;
	*site = (struct vr_growth_site){0};
	vr_growth_examine(&facts, site);
}

#endif
