/* Allocation sites: heap totals by stack, summed over the shards. */
#ifndef VR_HEAP_H
#define VR_HEAP_H

#include "model/interval.h"
#include "model/profile.h"

struct vr_site {
	uint32_t node;
	uint64_t allocs, alloc_bytes, frees, freed_bytes;
	uint64_t live_blocks, live_bytes;
	uint64_t peak_blocks, peak_bytes; /* live when the process was at its peak */
	uint64_t temporary;		  /* freed by its thread before its next allocation */
	uint64_t first_ns, last_ns;
	uint64_t lifetime[VPROF_LIFETIME_BUCKETS];
	double variance, live_variance; /* of alloc_bytes and live_bytes, when sampled */
};

struct vr_heap {
	struct vr_site *site; /* in no order: vr_heap_order() */
	size_t n_sites;
	/* sums over the sites */
	uint64_t allocs, frees, alloc_bytes, freed_bytes;
	uint64_t live_blocks, live_bytes, temporary;
	uint64_t peak_blocks, peak_bytes; /* header's when nothing is selected */
	/* VPROF_HEAP_SAMPLE: all sums but temporary, which is not known, are
	 * estimates */
	int sampled;
	uint64_t sample_bytes; /* mean distance of two sampled bytes */
	double variance, live_variance;
	int selected;	    /* threads, modules or labels were left out */
	int windowed;	    /* of a window: */
	uint64_t step_ns;   /* from reading to reading; 0: there are none */
	uint64_t cut_bytes; /* allocated between two readings that an end of it is between */
	uint64_t nameless;  /* allocations of the run that are of no site for want of room */
	int shared;	    /* threads not selected allocated at the same sites */
};

enum vr_heap_key { VR_HEAP_BYTES, VR_HEAP_CALLS, VR_HEAP_LIVE, VR_HEAP_PEAK, VR_HEAP_TEMPORARY };

/* select.thread keeps the sites where such a thread allocated, each as a whole;
 * select.module those whose stack touches such an object; select.label counts what was
 * allocated under it alone. */
struct vr_heap *vr_heap_new(struct vr_profile *profile);
/* The same of select's window, where there is one, from the heap over time: `live` is at its
 * end; of the peak and of lifetimes nothing is known.  What lies between two readings counts
 * in the window that the middle of them is in. */
struct vr_heap *vr_heap_new_window(struct vr_profile *profile);
int vr_heap_time_inside(const struct vr_profile *profile, const struct vprof_heap_time *row);
void vr_heap_free(struct vr_heap *heap);
/* Indices of the sites, the largest first, equal ones by node; free() it. */
size_t *vr_heap_order(const struct vr_heap *heap, enum vr_heap_key key);
/* The first in that order; NULL: there is no site. */
const struct vr_site *vr_heap_largest(const struct vr_heap *heap, enum vr_heap_key key);
/* 95 % intervals; none (known = 0) where nothing was sampled or all is certain.
 * There are none of blocks: a site of mixed sizes does not tell their variance. */
struct vr_interval vr_heap_interval(const struct vr_heap *heap);
struct vr_interval vr_heap_live_interval(const struct vr_heap *heap);
struct vr_interval vr_site_interval(const struct vr_heap *heap, const struct vr_site *site);
struct vr_interval vr_site_live_interval(const struct vr_heap *heap, const struct vr_site *site);
uint64_t vr_site_value(const struct vr_site *site, enum vr_heap_key key);

/* Bucket of struct vprof_site.lifetime that holds the median, -1 when nothing
 * was freed; and the upper end of a bucket in ns (UINT64_MAX for the last). */
int vr_site_median(const struct vr_site *site);
uint64_t vr_lifetime_limit_ns(int bucket);

#endif
