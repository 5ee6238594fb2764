/* The helper's sleep.
 *
 * Most of its times awake are looks at loops of which nothing comes: those it makes from here,
 * without what each other time begins and ends with.
 * Context: helper thread. */
#ifndef VP_HELPER_NAP_H
#define VP_HELPER_NAP_H

#include <stdint.h>

struct vp_nap {
	uint64_t due_ns;  /* something is to be done that is no look at loops */
	uint64_t soon_ns; /* it may as well be done at a look from then on */
	uint32_t wakeups; /* vp_helper_wakeups, before it was found that there is nothing to do */
};

/* Sleeps until it is time for what is due, or a loop is to be looked at more closely, or
 * somebody wakes it.  Times are of CLOCK_MONOTONIC. */
void vp_nap(const struct vp_nap *nap);

#endif
