/* Pauses: only the timeline goes on. */
#ifndef VP_HELPER_PAUSE_H
#define VP_HELPER_PAUSE_H

/* Begins a pause or ends it; nothing happens where there is nothing to do.
 * Allocations and waits that begin in a pause are not recorded; frees of blocks
 * that were recorded are, and waits that began before.
 * Context: helper thread. */
void vp_pause_set(int on);

#endif
