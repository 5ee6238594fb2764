/* Cycles among those that each wait for one other at most. */
#ifndef VP_HELPER_CYCLES_H
#define VP_HELPER_CYCLES_H

#include <stdint.h>

#define VP_NOBODY UINT32_MAX

struct vp_waiter {
	uint32_t waits_for; /* its number; VP_NOBODY */
	uint32_t walk;	    /* scratch, 0: of vp_cycles_find() that came by */
};

/* Calls found() with one member of each cycle of the first `count`: who comes back to one of its
 * own walk has found one. */
static inline void vp_cycles_find(uint32_t count, struct vp_waiter *(*waiter)(uint32_t number),
				  void (*found)(uint32_t first))
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i;

		while (at != VP_NOBODY && !waiter(at)->walk) {
			waiter(at)->walk = i + 1;
			at = waiter(at)->waits_for;
		}
		if (at != VP_NOBODY && waiter(at)->walk == i + 1)
			found(at);
	}
}

#endif
