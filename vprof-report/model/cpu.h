/* CPU time by stack and by function, over the selected threads and window; with select.wall
 * also the time off the CPU (model/wall.h), added to it.
 *
 * Whole-run weights come from the CPU table; a window is counted from the
 * events that are still in the ring.  docs/sampling.md explains the scaling
 * to thread CPU time and the [kernel] remainder. */
#ifndef VR_CPU_H
#define VR_CPU_H

#include "model/profile.h"
#include "model/wall.h"

/* Time of one stack in one thread. */
struct vr_cpu_row {
	uint32_t node, thread;
	int off_cpu;
	uint64_t ns, samples;
};

struct vr_cpu {
	uint64_t *self_ns;	/* by node, pseudo nodes included */
	uint64_t *self_samples; /* by node */
	uint64_t total_ns, total_samples;
	uint64_t worth; /* so many samples that stand for as much each would be as sure */
	uint64_t kernel_ns;	 /* of which not sampled: the kernel's */
	uint64_t hooks_ns;	 /* sampled in the library's hooks, not in the total */
	uint64_t helper_ns;	 /* the library's own thread, not in the total */
	uint64_t scaled_threads; /* threads whose weights were scaled */
	struct vr_cpu_row *row;	 /* vr_cpu_new_by_thread() only; adds up to the rest */
	size_t rows, row_room;
	struct vr_map by_row;
	int by_thread;
	/* by string id: self_ns and samples under that label; index 0: none */
	uint64_t *label_ns, *label_samples;
	int label_no_kernel; /* a label was selected, kernel time has none */
	/* window only */
	int window_cut;	      /* it begins before the oldest event kept */
	int window_no_kernel; /* kernel time of the window is not known */
	struct vr_wall *wall; /* what of the time was off the CPU; NULL: only CPU time counts */
	uint64_t on_cpu_ns;   /* of total_ns */
};

struct vr_cpu *vr_cpu_new(struct vr_profile *profile);
/* The same, and what each thread spent where. */
struct vr_cpu *vr_cpu_new_by_thread(struct vr_profile *profile);
void vr_cpu_free(struct vr_cpu *cpu);

/* Totals of one function. */
struct vr_cpu_function {
	uint32_t function;	    /* index into stacks->function */
	uint64_t self_ns, total_ns; /* total: recursion counted once */
	uint64_t self_samples, total_samples;
};

/* Every function seen in a counted stack, unsorted; free() it.  Functions of
 * modules that select.module does not match are left out. */
struct vr_cpu_function *vr_cpu_functions(struct vr_profile *profile, const struct vr_cpu *cpu,
					 size_t *count);

/* CPU time of one thread: what the kernel counted, or the sum of its samples
 * where that is not known. */
uint64_t vr_cpu_thread_ns(const struct vr_profile *profile, uint32_t thread);

#endif
