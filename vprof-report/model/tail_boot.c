/* Means of slow and ordinary units, and how far shares may be off: units are drawn again by
 * blocks of time, for those that are near in time are alike. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xalloc.h"
#include "model/interval.h"
#include "model/tail.h"

#define DRAWS	     2000u
#define SEED	     0x7661696c2d393925ull
#define BLOCK_NS     1000000000.0
#define BLOCKS_LEAST 32u /* a short run has shorter blocks */
#define TAIL	     0.025

void vr_tail_means_of(const struct vr_tail_sample *sample, struct vr_tail_means *means)
{
	const struct vr_tail_accounts *accounts = sample->accounts;
	size_t k = accounts->components;

	*means = (struct vr_tail_means){.slow = vr_xcalloc(k + 1, sizeof(double)),
					.ordinary = vr_xcalloc(k + 1, sizeof(double))};
	for (size_t i = 0; i < accounts->units; i++) {
		const struct vr_tail_unit *unit = &accounts->unit[i];
		int slow = sample->slow[i];
		double *to = slow ? means->slow : means->ordinary;

		if (!slow && unit->group != VR_TAIL_ORDINARY)
			continue;
		*(slow ? &means->slow_weight : &means->ordinary_weight) += unit->weight;
		*(slow ? &means->slow_ns : &means->ordinary_ns) += unit->weight * unit->ns;
		for (size_t c = 0; c < k; c++)
			to[c] += unit->weight * accounts->ns[i * k + c];
	}
	for (size_t c = 0; c < k; c++) {
		means->slow[c] /= means->slow_weight > 0 ? means->slow_weight : 1;
		means->ordinary[c] /= means->ordinary_weight > 0 ? means->ordinary_weight : 1;
	}
	means->slow_ns /= means->slow_weight > 0 ? means->slow_weight : 1;
	means->ordinary_ns /= means->ordinary_weight > 0 ? means->ordinary_weight : 1;
}

void vr_tail_means_done(struct vr_tail_means *means)
{
	free(means->slow);
	free(means->ordinary);
}

/* --- blocks ------------------------------------------------------------------ */

/* Of the units of one block: weights, times, and the components that are asked for. */
struct blocks {
	size_t count, width;
	double *sum; /* count * width: weight, ns, components; of slow ones, then of ordinary */
};

static double length_of(const struct vr_tail_accounts *accounts)
{
	const struct vr_tail_unit *unit = accounts->unit;

	return (double)(unit[accounts->units - 1].begin_ns - unit[0].begin_ns);
}

static double block_ns(const struct vr_tail_accounts *accounts)
{
	double ns = length_of(accounts) / BLOCKS_LEAST;

	return ns < 1 ? 1 : ns < BLOCK_NS ? ns : BLOCK_NS;
}

static void add_unit(double *sum, const struct vr_tail_accounts *accounts, size_t i,
		     const struct vr_tail_share *share, size_t count)
{
	double weight = accounts->unit[i].weight;

	sum[0] += weight;
	sum[1] += weight * accounts->unit[i].ns;
	for (size_t c = 0; c < count; c++)
		sum[2 + c] += weight * accounts->ns[i * accounts->components + share[c].component];
}

/* Units are in the order of time. */
static struct blocks cut(const struct vr_tail_sample *sample, const struct vr_tail_share *share,
			 size_t count)
{
	const struct vr_tail_accounts *accounts = sample->accounts;
	struct blocks blocks = {.width = 2 * (2 + count)};
	double length = block_ns(accounts), last = -1;

	blocks.sum = vr_xcalloc(accounts->units * blocks.width + 1, sizeof(*blocks.sum));
	for (size_t i = 0; i < accounts->units; i++) {
		const struct vr_tail_unit *unit = &accounts->unit[i];
		double at = floor((double)(unit->begin_ns - accounts->unit[0].begin_ns) / length);
		double *sum;

		if (!sample->slow[i] && unit->group != VR_TAIL_ORDINARY)
			continue;
		blocks.count += at > last;
		last = at;
		sum = blocks.sum + (blocks.count - 1) * blocks.width;
		add_unit(sum + (sample->slow[i] ? 0 : 2 + count), accounts, i, share, count);
	}
	return blocks;
}

/* --- draws ------------------------------------------------------------------- */

/* S. Vigna's splitmix64: its sequence is the same everywhere. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Returns 0 where the draw has no slow unit, no ordinary one, or slow ones are not longer. */
static int draw(const struct blocks *blocks, uint64_t *state, double *sum)
{
	size_t half = blocks->width / 2;

	memset(sum, 0, blocks->width * sizeof(*sum));
	for (size_t i = 0; i < blocks->count; i++) {
		size_t at = (size_t)(((__uint128_t)next(state) * blocks->count) >> 64);

		for (size_t c = 0; c < blocks->width; c++)
			sum[c] += blocks->sum[at * blocks->width + c];
	}
	return sum[0] > 0 && sum[half] > 0 && sum[1] / sum[0] > sum[half + 1] / sum[half];
}

static double share_in(const double *sum, size_t half, size_t c)
{
	double excess = sum[1] / sum[0] - sum[half + 1] / sum[half];

	return (sum[2 + c] / sum[0] - sum[half + 2 + c] / sum[half]) / excess;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void set_bounds(struct vr_tail_share *share, double *value, size_t count)
{
	share->bounded = count >= DRAWS / 2;
	if (!share->bounded)
		return;
	qsort(value, count, sizeof(*value), by_value);
	share->low = value[(size_t)(TAIL * (double)(count - 1))];
	share->high = value[(size_t)ceil((1 - TAIL) * (double)(count - 1))];
	share->low = share->low < share->share ? share->low : share->share;
	share->high = share->high > share->share ? share->high : share->share;
}

/* Which part of the slow units these are. */
static double part_of_slow(const struct vr_tail_sample *sample, const struct vr_tail_means *means)
{
	const struct vr_tail_accounts *accounts = sample->accounts;
	double weight = 0;

	for (size_t i = 0; i < accounts->units; i++)
		if (accounts->unit[i].group == VR_TAIL_SLOW)
			weight += accounts->unit[i].weight;
	return weight > 0 ? means->slow_weight / weight : 1;
}

/* Of what was only sampled, chance has a part in how often it was seen, too (Garwood). */
static void widen(const struct vr_tail_component *component, const struct vr_tail_means *means,
		  double part, struct vr_tail_share *share)
{
	double excess = means->slow_ns - means->ordinary_ns, samples = component->samples * part;
	double low, high, each;

	if (!share->bounded || !component->sampled || !(samples > 0) || excess <= 0)
		return;
	vr_garwood(samples, &low, &high);
	each = means->slow[share->component] / samples;
	low = (low * each - means->ordinary[share->component]) / excess;
	high = (high * each - means->ordinary[share->component]) / excess;
	share->low = low < share->low ? low : share->low;
	share->high = high > share->high ? high : share->high;
	share->high = share->high < 1 || share->share > 1 ? share->high : 1;
}

void vr_tail_bound(const struct vr_tail_sample *sample, struct vr_tail_share *share, size_t count)
{
	struct blocks blocks = cut(sample, share, count);
	double *value = vr_xcalloc(count * DRAWS + 1, sizeof(*value));
	double *sum = vr_xcalloc(blocks.width + 1, sizeof(*sum));
	struct vr_tail_means means;
	uint64_t state = SEED;
	size_t good = 0;

	for (unsigned i = 0; i < DRAWS && blocks.count; i++) {
		if (!draw(&blocks, &state, sum))
			continue;
		for (size_t c = 0; c < count; c++)
			value[c * DRAWS + good] = share_in(sum, blocks.width / 2, c);
		good++;
	}
	vr_tail_means_of(sample, &means);
	for (size_t c = 0; c < count; c++) {
		set_bounds(&share[c], value + c * DRAWS, good);
		widen(&sample->accounts->component[share[c].component], &means,
		      part_of_slow(sample, &means), &share[c]);
	}
	vr_tail_means_done(&means);
	free(value);
	free(sum);
	free(blocks.sum);
}
