/* Memory that the program mapped itself, by call path; what was resident, by mapping. */
#ifndef VR_MAPS_H
#define VR_MAPS_H

#include "model/profile.h"

struct vr_map_site {
	uint32_t node;
	struct vprof_map sum;
	uint64_t live_bytes, peak_bytes; /* its share of the process's peak */
	int resident_known;
	uint64_t resident_bytes; /* by the last account; 0 without one */
};

struct vr_maps {
	struct vr_map_site *site; /* in no order: vr_maps_order() */
	size_t n_sites;
	struct vr_map_site all; /* sums; the peak is the process's where nothing is selected */
	int known;		/* 0: the library that wrote the record did not look */
};

enum vr_maps_key { VR_MAPS_BYTES, VR_MAPS_CALLS, VR_MAPS_LIVE, VR_MAPS_PEAK };

struct vr_maps *vr_maps_new(struct vr_profile *profile);
void vr_maps_free(struct vr_maps *maps);
/* Indices of the sites, the largest first; free() it. */
size_t *vr_maps_order(const struct vr_maps *maps, enum vr_maps_key key);
uint64_t vr_map_site_value(const struct vr_map_site *site, enum vr_maps_key key);

/* What the resident memory was made of at one moment. */
struct vr_resident {
	struct vprof_account account;
	uint64_t sum;		    /* over the kinds: what the kernel counts as resident */
	struct vprof_resident *row; /* the largest first; a few mappings as one */
	size_t n_rows;
	uint64_t cost_ns; /* CPU time of all accounts */
	int partly;	  /* 1: not all of the run was recorded, so not all blocks are known */
};

/* USUAL: of those about as high as the highest, the one with the largest live heap; at the very
 * highest the program may be gone already, and only what malloc keeps be there. */
enum vr_resident_when { VR_RESIDENT_LAST, VR_RESIDENT_PEAK, VR_RESIDENT_USUAL };

/* NULL: there is no account; vr_resident_free().  The mappings of a USUAL one may be unknown:
 * no rows. */
struct vr_resident *vr_resident_new(struct vr_profile *profile, enum vr_resident_when when);
void vr_resident_free(struct vr_resident *resident);
/* Bytes of malloc's beyond what was live: free, fragmented, or its own books; 0 where more
 * was live than resident. */
uint64_t vr_account_gap(const struct vprof_account *account);
/* Over the kinds. */
uint64_t vr_account_sum(const struct vprof_account *account);
const char *vr_resident_kind_name(uint32_t kind);

#endif
