/* Rows of STALLS: an iteration that takes too long, from the first look at it to its end.
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_STALL_ROWS_H
#define VP_HELPER_STALL_ROWS_H

#include "helper/seen.h"

/* An iteration that was seen under way. */
struct vp_stall_open {
	uint64_t begin_ns; /* 0: none is */
	uint32_t loop;	   /* row in LOOPS; VPROF_NONE */
	int has_row, hung;
	uint32_t row; /* in STALLS */
	uint32_t looks;
	uint64_t next_ns; /* it is looked at then */
	uint64_t looked_ns;
	/* What the kernel counts of the thread, when it was first seen and at the last look. */
	uint64_t base_cpu_ns, base_delay_ns, cpu_ns, delay_ns, base_ns;
	/* Between looks at which it waited in nothing that is published: in a fault, in a
	 * system call, stopped by itself. */
	uint64_t fault_ns, unhooked_ns, stopped_ns;
	uint64_t cause_ns; /* of its time, what is in the row explains so much */
};

/* The thread is in the iteration, which has lasted for so long that it is a stall.  Makes the
 * row, or brings it up to date. */
void vp_stall_row_look(struct vp_stall_open *open, const struct vp_seen_thread *who,
		       uint64_t limit_ns, uint64_t now_ns);

/* It is over.  `open` may be of another iteration: this one was never seen under way. */
struct vp_stall_note;
void vp_stall_row_end(struct vp_stall_open *open, const struct vp_seen_thread *who,
		      uint64_t limit_ns, const struct vp_stall_note *note);

/* It is none any more, and there is no note of it. */
void vp_stall_row_drop(struct vp_stall_open *open);

/* More than hang= is over: a dump of all threads is made, if `row` is one. */
void vp_stall_row_hang(struct vp_stall_open *open, uint32_t thread);

/* A wait for a lock that does not end, of no loop.  Returns 0 where there is no room for its
 * row, whose number is in *row, or where the thread has gone on. */
int vp_stall_row_of_lock(const struct vp_seen_thread *who, uint64_t now_ns, uint32_t *row);
void vp_stall_row_of_lock_goes_on(uint32_t row, uint64_t now_ns);
void vp_stall_row_of_lock_ends(uint32_t row);

/* What the kernel counts of a thread: CPU time, and, where `delay` is not NULL, how long it
 * was runnable without a CPU. */
uint64_t vp_stall_counts(int tid, uint64_t *delay_ns);

void vp_stall_rows_init(void);		  /* a fresh file */
void vp_stall_rows_tick(uint64_t now_ns, int loops); /* loops: there are some */

#endif
