/* Event loops: how long their iterations took, how late arrivals were served, and what made
 * iterations slow.
 *
 * A loop's numbers are of the whole run; stalls have their times, and a window chooses among
 * them. */
#ifndef VR_LOOPS_H
#define VR_LOOPS_H

#include "model/histogram.h"
#include "model/profile.h"
#include "model/rhythm.h"

enum vr_loop_percentile {
	VR_LOOP_P50,
	VR_LOOP_P90,
	VR_LOOP_P99,
	VR_LOOP_P999,
	VR_LOOP_P9999,
	VR_LOOP_PERCENTILES
};
/* 0.5, 0.9, ...; "p50", "p90", ... */
extern const double vr_loop_share[VR_LOOP_PERCENTILES];
extern const char *const vr_loop_percentile_name[VR_LOOP_PERCENTILES];

struct vr_loop {
	const struct vprof_loop *row; /* under --label of those iterations alone, else of all */
	struct vprof_loop *of_labels; /* owns it then; NULL */
	uint32_t id;		      /* row in LOOPS */
	char *name; /* of the function that loops, "[epoll_wait]" where that is not known */
	struct vr_function function; /* the same, with the line of the wait */
	uint64_t wall_ns;	     /* from its first wait to its last */
	struct vr_histogram iteration, lateness;
	struct vr_quantile took[VR_LOOP_PERCENTILES];
	struct vr_quantile delay[VR_LOOP_PERCENTILES]; /* as arrivals see it */
	double delayed;				       /* share of arrivals that wait at all */
	struct vr_quantile late[VR_LOOP_PERCENTILES];  /* of waits whose time was over */
	/* What STALLS tells of it, in the window; not what the process was stopped for. */
	size_t stalls;
	uint64_t stall_ns, longest_ns;
	struct vr_rhythm rhythm; /* of those */
};

/* One row of STALLS. */
struct vr_stall {
	const struct vprof_stall *row;
	const struct vr_loop *loop; /* NULL: a wait of no loop */
	/* enum vprof_class: what most of it was; of others' making only where without their part
	 * it would have been none */
	uint32_t class;
	struct vr_function function; /* the responsible frame, with the line that ran */
	struct vr_function holder;   /* the same of what the holder did */
	struct vr_function kept_by;  /* the same; where nobody saw it that of a stall alike */
	size_t cause;		     /* index of vr_loops.cause */
};

/* Stalls that have the same cause. */
struct vr_stall_cause {
	const struct vr_stall *worst; /* of those whose holder was seen, if any was */
	size_t stalls, live;
	uint64_t sum_ns, longest_ns;
	struct vr_rhythm rhythm;
};

struct vr_loops {
	struct vr_loop *loop;
	size_t n_loops;
	struct vr_stall *stall; /* in the order of time */
	size_t n_stalls;
	struct vr_stall_cause *cause; /* those that took most time first */
	size_t n_causes;
	size_t frozen; /* rows that say that the process was stopped, or the machine stood still */
	uint64_t frozen_ns;
};

/* Loops and stalls of the selected threads and window, and of modules that their stacks touch.
 *
 *   name  a glob over names of loops, NULL: all
 *
 * Returns NULL where no loop is called so. */
struct vr_loops *vr_loops_new(struct vr_profile *profile, const char *name);
void vr_loops_free(struct vr_loops *loops); /* NULL is fine */

enum vr_loops_key {
	VR_LOOPS_STALL, /* time in stalls, then the longest iteration */
	VR_LOOPS_BUSY,
	VR_LOOPS_MAX,
	VR_LOOPS_P50,
	VR_LOOPS_P99,
	VR_LOOPS_P999,
	VR_LOOPS_ITERATIONS,
	VR_LOOPS_SPIN
};
/* Indices of the loops, the largest first; free() it. */
size_t *vr_loops_order(const struct vr_loops *loops, enum vr_loops_key key);
/* A frame of a stack, its line the one that ran; "" and 0 where there is none: where the program
 * itself is (the innermost frame of its own executable, else the responsible one), and the
 * responsible frame.  Of frames without names the nearest caller that has one. */
struct vr_function vr_program_frame(struct vr_profile *profile, uint32_t node);
struct vr_function vr_responsible_function(struct vr_profile *profile, uint32_t node);

/* 1 for "app+0x12" and "0x1234": its file has no symbols there. */
int vr_function_has_no_name(const struct vr_function *function);

/* --- stall_cpu.c --------------------------------------------------------------- */

/* Of stalls that were running: the function is the innermost that was on the stack in nearly all
 * CPU samples of that time, where there are some; its line is its own. */
void vr_stalls_name_by_samples(struct vr_profile *profile, struct vr_loops *loops);

/* --- stalls.c ------------------------------------------------------------------ */

/* Fills what `loops` has of stalls, its loops being there.
 *
 *   of_no_loop  1: also those of no loop, threads that waited too long for a lock
 */
void vr_stalls_read(struct vr_profile *profile, struct vr_loops *loops, int of_no_loop);

/* Of enum vprof_class.  1: nothing that the program does makes it so: another process, a quota,
 * memory that is not there yet. */
int vr_class_is_outside(uint32_t class);
/* 1: libc, or what the kernel has for it: what runs there runs for its caller. */
int vr_module_is_system(const char *module);
/* Indices of the stalls, the longest first; free() it. */
size_t *vr_stalls_order(const struct vr_loops *loops);

#endif
