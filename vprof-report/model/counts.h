/* Calls that were counted, each of them: of functions that tell of themselves.
 *
 * Counts are of the whole run and know no labels: of a window, or of a label, there are none. */
#ifndef VR_COUNTS_H
#define VR_COUNTS_H

#include "base/map.h"
#include "model/cpu.h"
#include "model/histogram.h"
#include "model/profile.h"

struct vr_count_sum {
	uint64_t calls;
	uint64_t recursive; /* of the calls: within another one of the same function */
	uint64_t time_ns, self_ns;
	uint32_t how; /* 1 << enum vprof_count_how: what told of them; 0: nothing did */
};

/* Calls of one function by another. */
struct vr_count_edge {
	uint32_t caller, callee; /* functions of the stacks; caller VPROF_NONE: not known */
	struct vr_count_sum sum;
};

/* How long calls of a function lasted. */
struct vr_durations {
	uint64_t calls; /* of which the end was seen */
	uint64_t time_ns, max_ns;
	uint64_t histogram[VPROF_DURATION_BUCKETS];
};

struct vr_counts {
	struct vr_count_sum *function;	 /* by function of the stacks */
	struct vr_durations **durations; /* the same; NULL: not timed */
	size_t n_functions;
	struct vr_count_edge *edge;
	size_t n_edges, edge_room;
	uint64_t calls;
	uint32_t how;	     /* of all */
	uint64_t lost;	     /* calls that were to be counted, and were not */
	const char *useless; /* why counts are not those of the selection, or NULL */
	struct vr_map by_edge;
};

/* Of the selected threads.  Adds functions to the stacks, so it comes before arrays by function
 * are made. */
struct vr_counts *vr_counts_new(struct vr_profile *profile);
void vr_counts_free(struct vr_counts *counts);

/* NULL: its calls were not counted. */
static inline const struct vr_count_sum *vr_count_of(const struct vr_counts *counts,
						     uint32_t function)
{
	return function < counts->n_functions && counts->function[function].how
		   ? &counts->function[function]
		   : NULL;
}
/* 1: functions of the program told of themselves; else libc's alone were counted, where they
 * are hooked. */
static inline int vr_counts_of_program(const struct vr_counts *counts)
{
	return (counts->how & ~(1u << VPROF_COUNT_HOOKED)) != 0;
}
const struct vr_count_sum *vr_count_between(const struct vr_counts *counts, uint32_t caller,
					    uint32_t callee);

/* Adds rows to those of vr_cpu_functions(): functions of which no time is known, but calls.
 *   hooked  1: also those of libc that are hooked */
struct vr_cpu_function *vr_counts_add_functions(const struct vr_counts *counts,
						const struct vr_profile *profile, int hooked,
						struct vr_cpu_function *row, size_t *rows);

/* The time that this share of its calls did not exceed. */
struct vr_quantile vr_durations_quantile(const struct vr_durations *durations, double share);

/* "-finstrument-functions", ... */
const char *vr_count_how_name(enum vprof_count_how how);

#endif
