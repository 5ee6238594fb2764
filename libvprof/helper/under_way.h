/* Calls that are under way when the program ends: charged with their time so far, as waits for
 * locks are. */
#ifndef VP_HELPER_UNDER_WAY_H
#define VP_HELPER_UNDER_WAY_H

/* No call is recorded any more after this.  Context: helper thread, once. */
void vp_under_way_charge(void);

#endif
