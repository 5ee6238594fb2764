/* What growth is judged from. */
#ifndef VR_GROWTH_FACTS_H
#define VR_GROWTH_FACTS_H

#include <stdint.h>

/* A site's own facts, to judge without a file. */
struct vr_growth_facts {
	const uint64_t *bytes;	/* live at each point; NULL-free up to points */
	const uint32_t *blocks; /* likewise */
	const uint64_t *t_ns;
	const double *at; /* seconds or iterations of each point */
	uint32_t first, points;
	int by_iteration;
	const uint64_t *age; /* VPROF_LIFETIME_BUCKETS, or NULL when not counted */
	const uint64_t *lifetime;
	const uint64_t *checkpoint; /* vprof_series.allocs, or NULL */
	double weight; /* blocks that one counted block stands for: 1, or when sampled */
};

#endif
