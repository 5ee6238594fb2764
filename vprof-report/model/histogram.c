#include "model/histogram.h"

#include <math.h>

/* Where in its bucket a value is taken to be. */
enum at { AT_LOW, EVENLY, AT_HIGH };

struct vr_histogram vr_histogram_of(const uint64_t *count, uint32_t buckets, uint32_t unit_bits,
				    uint32_t sub_bits, uint64_t max_ns)
{
	struct vr_histogram histogram = {count, buckets, unit_bits, sub_bits, 0, max_ns};

	for (uint32_t i = 0; i < buckets; i++)
		histogram.total += count[i];
	return histogram;
}

/* The last bucket has no end of its own, and the one of the largest value ends with that. */
void vr_histogram_ends(const struct vr_histogram *histogram, uint32_t bucket, uint64_t *low,
		       uint64_t *high)
{
	uint32_t of_max = vprof_histogram_bucket(histogram->max_ns, histogram->unit_bits,
						 histogram->sub_bits, histogram->buckets);

	*low = vprof_histogram_low(bucket, histogram->unit_bits, histogram->sub_bits);
	*high = vprof_histogram_low(bucket + 1, histogram->unit_bits, histogram->sub_bits);
	if (bucket == of_max && histogram->max_ns > *low)
		*high = histogram->max_ns;
}

struct vr_quantile vr_histogram_quantile(const struct vr_histogram *histogram, double share)
{
	struct vr_quantile found = {.known = histogram->total > 0};
	uint64_t rank = (uint64_t)ceil(share * (double)histogram->total - 1e-6), before = 0;
	uint32_t bucket = 0;
	double within;

	if (!found.known)
		return found;
	if (rank < 1)
		rank = 1;
	while (bucket + 1 < histogram->buckets && before + histogram->count[bucket] < rank)
		before += histogram->count[bucket++];
	vr_histogram_ends(histogram, bucket, &found.low_ns, &found.high_ns);
	within = ((double)(rank - before) - 0.5) / (double)histogram->count[bucket];
	found.ns = found.low_ns + (uint64_t)(within * (double)(found.high_ns - found.low_ns));
	if (rank >= histogram->total && histogram->max_ns >= found.low_ns)
		found.ns = found.low_ns = found.high_ns = histogram->max_ns;
	return found;
}

/* How far the values of one bucket reach beyond `ns`, on average. */
static double beyond(double low, double high, double ns, enum at at)
{
	if (at != EVENLY)
		return fmax(0, (at == AT_LOW ? low : high) - ns);
	if (ns <= low)
		return (low + high) / 2 - ns;
	return ns >= high ? 0 : (high - ns) * (high - ns) / (2 * (high - low));
}

static double delayed(const struct vr_histogram *histogram, uint64_t wall_ns, double ns, enum at at)
{
	double sum = 0;

	for (uint32_t i = histogram->buckets; i-- > 0;) {
		uint64_t low, high;

		if (!histogram->count[i])
			continue;
		vr_histogram_ends(histogram, i, &low, &high);
		if ((double)high <= ns)
			break; /* buckets rise */
		sum += (double)histogram->count[i] * beyond((double)low, (double)high, ns, at);
	}
	return wall_ns ? fmin(1, sum / (double)wall_ns) : 0;
}

double vr_histogram_delayed(const struct vr_histogram *histogram, uint64_t wall_ns, uint64_t ns)
{
	return delayed(histogram, wall_ns, (double)ns, EVENLY);
}

/* P(delay > w) falls as w grows. */
static uint64_t find_delay(const struct vr_histogram *histogram, uint64_t wall_ns, double longer,
			   enum at at)
{
	double low = 0, high;
	uint64_t start, end = 0;

	if (delayed(histogram, wall_ns, 0, at) <= longer)
		return 0;
	for (uint32_t i = histogram->buckets; i-- > 0 && !end;)
		if (histogram->count[i])
			vr_histogram_ends(histogram, i, &start, &end);
	high = (double)end;
	for (int i = 0; i < 64 && high - low > 0.5; i++) {
		double middle = (low + high) / 2;

		if (delayed(histogram, wall_ns, middle, at) > longer)
			low = middle;
		else
			high = middle;
	}
	return (uint64_t)llround((low + high) / 2);
}

struct vr_quantile vr_histogram_delay(const struct vr_histogram *histogram, uint64_t wall_ns,
				      double share)
{
	struct vr_quantile found = {.known = histogram->total > 0 && wall_ns > 0};

	if (!found.known)
		return found;
	found.ns = find_delay(histogram, wall_ns, 1 - share, EVENLY);
	found.low_ns = find_delay(histogram, wall_ns, 1 - share, AT_LOW);
	found.high_ns = find_delay(histogram, wall_ns, 1 - share, AT_HIGH);
	return found;
}
