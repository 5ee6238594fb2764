/* Does a thread switch too often for events of ours?  By what the kernel counts of it, where no
 * records of its switches tell: with waits=off, and for what is opened besides samples.
 * Context: helper thread. */
#ifndef VP_HELPER_SWITCH_RATE_H
#define VP_HELPER_SWITCH_RATE_H

#include <stdint.h>

struct vp_switch_rate {
	uint64_t second_ns, slices; /* a second's begin, and the times on a CPU until then */
	uint16_t often;		    /* it does */
	uint16_t calm, calm_most;   /* seconds in which it did not, and how many will do */
};

/* It had got a CPU so many times at now_ns; 0: the kernel does not tell.
 * Returns 1 where it has just been seen to switch too often, once a second at most. */
int vp_switch_rate_look(struct vp_switch_rate *rate, uint64_t slices, uint64_t now_ns);

#endif
