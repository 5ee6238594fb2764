/* Waits for locks that do not end: threads that wait for each other, found within a second or
 * two, and waits longer than hang=.  Both get a row of STALLS and a dump of all threads.
 * Context: helper thread. */
#ifndef VP_HELPER_HANGS_H
#define VP_HELPER_HANGS_H

#include <stdint.h>

void vp_hangs_init(void);	     /* a fresh file */
void vp_hangs_tick(uint64_t now_ns); /* by vp_clock_now() */

#endif
