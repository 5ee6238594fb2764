/* What happened under each label beside CPU time: allocations, what was waited for, iterations of
 * loops and spans; and, of the labels that are selected together, the same of each thread. */
#ifndef VR_LABEL_SUMS_H
#define VR_LABEL_SUMS_H

#include "model/profile.h"

struct vr_label_sum {
	uint64_t allocs, alloc_bytes, frees, freed_bytes, temporary;
	uint64_t live_blocks, live_bytes; /* allocated under it, whoever frees */
	uint64_t peak_blocks, peak_bytes; /* live when the process was at its peak */
	/* of locks, and of calls that lasted: kept from work; and the rest: pauses, waits for
	 * work to do, conditions and threads */
	uint64_t waits, wait_ns, idle_ns;
	/* of loops (docs/decisions/labels.md) */
	uint64_t iterations, iteration_ns, iteration_max_ns, several;
	uint64_t spans, span_ns, span_max_ns; /* of each the label in force when it began */
	int heap_shared; /* of threads: its sites are those of others, too, which came after it */
};

struct vr_label_sums {
	/* By string id, 0: under no label; or by row of THREADS. */
	struct vr_label_sum *of;
	uint32_t *thread_of_shard; /* of each; 0: none; NULL: by label */
	int heap_known;		   /* the heap was recorded, and is known of what is selected */
	int live_known;
	int loops_known; /* there are iterations under labels, and no window */
	int spans_known; /* there are spans, and no window */
};

/* Counts over the selected threads, window and labels. */
struct vr_label_sums *vr_label_sums_new(struct vr_profile *profile);
struct vr_label_sums *vr_label_sums_new_by_thread(struct vr_profile *profile);
void vr_label_sums_free(struct vr_label_sums *sums);

#endif
