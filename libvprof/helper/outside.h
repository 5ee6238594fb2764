/* What keeps a thread from running that is not its own doing: the process was stopped (a
 * signal, a debugger), or the machine stood still; the control group has used up its share of
 * CPU time; another guest had the CPU.
 *
 * The helper knows by itself that all stood still: it was to wake up at a certain time, woke
 * up much later, and was not waiting for a CPU meanwhile.
 * Context of everything here: helper thread. */
#ifndef VP_HELPER_OUTSIDE_H
#define VP_HELPER_OUTSIDE_H

#include <stdint.h>

/* It was to wake at due_ns and woke at now_ns (CLOCK_MONOTONIC); that it was late by less
 * than `least_ns` tells nothing.  Returns 1 where it was late for want of a CPU. */
int vp_outside_woke(uint64_t due_ns, uint64_t now_ns, uint64_t least_ns);
/* Time of [from, to], by vp_clock_now(), in which all stood still. */
uint64_t vp_outside_frozen(uint64_t from_ns, uint64_t to_ns);

/* Since the machine, or the group, began; 0 where the kernel does not say. */
struct vp_outside {
	uint64_t throttled_ns; /* the control group was kept from running */
	uint64_t stolen_ns;    /* other guests had CPUs of this machine */
};
void vp_outside_read(struct vp_outside *out);

void vp_outside_init(void);  /* a fresh file: nothing is open */
void vp_outside_close(void); /* closes its files */

#endif
