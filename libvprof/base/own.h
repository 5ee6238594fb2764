/* What of the process's memory is ours: the search for pointers to the
 * host's blocks (leak/search.h) must not look there.
 *
 * A log of what was mapped and unmapped, in order: written without a lock, by
 * any thread, and read in a snapshot of the process only. */
#ifndef VP_BASE_OWN_H
#define VP_BASE_OWN_H

#include <stddef.h>
#include <stdint.h>

#define VP_OWN_OPS 16384u

struct vp_own_op {
	uint64_t lo, hi; /* bit 0 of lo: mapped; hi 0: not written yet */
};

/* Context: any thread, signal handler too. */
void vp_own_add(const void *start, size_t bytes);
void vp_own_drop(const void *start, size_t bytes);

/* The piece of [at, hi) that begins at `at` and is all ours, or all not: its end. */
uint64_t vp_own_piece(uint64_t at, uint64_t hi, int *ours);

/* 1: the host has locked what it will map; what we map is not to stay so. */
extern uint32_t vp_own_locked;

/* The log; returns the number of entries.  *missed: entries it had no room for. */
uint32_t vp_own_log(const struct vp_own_op **ops, uint32_t *missed);

#endif
