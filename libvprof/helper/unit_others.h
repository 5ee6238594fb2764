/* What other threads did while a unit lasted that took very long: who held a lock that somebody
 * waited for, what lasted in them, who had the CPU.
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_UNIT_OTHERS_H
#define VP_HELPER_UNIT_OTHERS_H

#include <stdint.h>

void vp_unit_others_init(void); /* a fresh file */

/* A unit that is over.
 *   row     in UNITS, of kind VPROF_UNIT_OTHERS: to be filled by the next call below
 *   thread  row in THREADS: its own
 * Returns 0 where there are too many at once. */
struct vp_unit_asks {
	uint32_t unit, row, thread;
	uint64_t begin_ns, end_ns;
};
int vp_unit_others_ask(const struct vp_unit_asks *asks);

/* Fills the rows of all that were asked for.  Context: after a drain. */
void vp_unit_others_write(void);

#endif
