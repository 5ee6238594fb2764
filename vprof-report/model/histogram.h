/* Percentiles of times that are known by their log-linear histogram, as the library keeps it.
 *
 * What is known of a value is its bucket: a percentile is a point in it, the values of a bucket
 * taken to lie evenly in it, and the bucket's ends are its honest precision. */
#ifndef VR_HISTOGRAM_H
#define VR_HISTOGRAM_H

#include <stdint.h>

#include <vprof_format.h>

struct vr_histogram {
	const uint64_t *count; /* of each bucket; borrowed */
	uint32_t buckets, unit_bits, sub_bits;
	uint64_t total;	 /* values */
	uint64_t max_ns; /* the largest of them, exactly; 0: not known */
};

struct vr_histogram vr_histogram_of(const uint64_t *count, uint32_t buckets, uint32_t unit_bits,
				    uint32_t sub_bits, uint64_t max_ns);

/* The ends of a bucket: values from *low to *high, exclusive but for the largest of all. */
void vr_histogram_ends(const struct vr_histogram *histogram, uint32_t bucket, uint64_t *low,
		       uint64_t *high);

struct vr_quantile {
	int known; /* 0: there are no values */
	uint64_t ns, low_ns, high_ns;
};

/* The value that this share of all does not exceed, nearest rank: 0.5 is the median, 1 the
 * largest. */
struct vr_quantile vr_histogram_quantile(const struct vr_histogram *histogram, double share);

/* What an arrival at any moment has to wait for the end of the value it falls into, where values
 * fill `wall_ns` one after the other with gaps in which nothing has to wait: the longer a value,
 * the more arrivals fall into it.  P(delay > w) = sum over values d > w of (d - w) / wall.
 *
 *   share  of arrivals that wait no longer; 0.5 is the median
 */
struct vr_quantile vr_histogram_delay(const struct vr_histogram *histogram, uint64_t wall_ns,
				      double share);
/* The share of arrivals that wait longer than that, 0 to 1. */
double vr_histogram_delayed(const struct vr_histogram *histogram, uint64_t wall_ns, uint64_t ns);

#endif
