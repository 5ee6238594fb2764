/* Loops that take too long, looked at while they do.
 *
 * While a loop is at work the helper looks about once in the time after which an iteration is
 * a stall, and exactly when one becomes a stall; then what the thread does, who has the lock it
 * waits for, and what that one does go into a row of STALLS.  When the iteration is over the
 * thread has left a note, and the row gets its length and what its time went into
 * (docs/decisions/stalls.md).
 *
 * Context of everything here: helper thread, unless said otherwise. */
#ifndef VP_HELPER_STALLS_H
#define VP_HELPER_STALLS_H

#include <stdint.h>

int vp_stalls_init(void); /* a fresh file; any thread */
void vp_stalls_close(void);

/* Settings have changed: stall=, hang=. */
void vp_stalls_set(void);

/* Looks, where it is time.  now_ns: CLOCK_MONOTONIC, as is what due() returns. */
void vp_stalls_look(uint64_t now_ns);
/* The same, where nothing comes of it.  Returns 0 where more is to be done: vp_stalls_look().
 * Context: SIGBUS may be blocked, so that nothing in the file is looked at. */
int vp_stalls_glance(uint64_t now_ns);
uint64_t vp_stalls_due(void); /* ~0: nothing is to be looked at before the next tick */

/* The helper has slept until until_ns, and it is now_ns: late, where all stood still. */
void vp_stalls_woke(uint64_t until_ns, uint64_t now_ns);

/* Once a tick: long waits for locks, what `auto` has learned.  last: the process ends. */
void vp_stalls_tick(int last);

#endif
