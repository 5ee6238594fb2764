/* Where the helper runs: not in the way of the host, and not never. */
#ifndef VP_HELPER_PLACE_H
#define VP_HELPER_PLACE_H

/* The calling task leaves a real-time policy, a raised priority and the CPUs that the
 * process was pinned to, as far as there are others.  What is refused stays.
 *   host   a thread of the host, whose CPUs are left alone
 * Context: the helper, once. */
void vp_place_helper(int host);

#endif
