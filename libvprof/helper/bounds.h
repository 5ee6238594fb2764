/* Where the books of threads begin and end: what libc does before and after a thread's own code,
 * and we, is in none.
 * Context: helper thread, unless said otherwise. */
#ifndef VP_HELPER_BOUNDS_H
#define VP_HELPER_BOUNDS_H

#include "vprof_format.h"

#include <stdint.h>

void vp_bounds_init(void); /* a fresh file */

/* The library has set itself up: the main thread's book begins.
 * Context: that thread, the helper runs. */
void vp_bounds_begin(void);
/* The calling thread ends the process, and waits for us from now on.
 * Context: any thread, the first only. */
void vp_bounds_end(void);

/* When a thread's book begins, and its CPU time then; 0: not yet. */
uint64_t vp_bounds_begun(const struct vprof_thread *row, uint64_t *cpu_ns);
/* When it ends; 0: the thread goes on. */
uint64_t vp_bounds_last(const struct vprof_thread *row, uint64_t *cpu_ns);

#endif
