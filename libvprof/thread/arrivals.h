/* Thread notifications for the helper: which threads have come and gone.
 *
 * A thread that starts pays for no system call, unless the helper is in a long
 * sleep; then the first of a burst wakes it, and it looks again every few
 * milliseconds until no more come.  A thread that has ended by then leaves no
 * trace here. */
#ifndef VP_THREAD_ARRIVALS_H
#define VP_THREAD_ARRIVALS_H

#include "base/state.h"

#include <stdint.h>

#define VP_ARRIVALS_MAX 512u

struct vp_arrivals {
	int started[VP_ARRIVALS_MAX], ended[VP_ARRIVALS_MAX];
	uint32_t started_count, ended_count;
	int missed; /* there was no room for some: look in /proc */
};

/* Context: any thread, registry lock held (vp_threads_lock). */
void vp_arrivals_start(struct vp_thread *thread);
void vp_arrivals_end(struct vp_thread *thread);

/* Helper: from now on somebody wants them, or no longer. */
void vp_arrivals_want(int wanted);
/* There are some, or may be soon. */
int vp_arrivals_waiting(void);
/* Takes what has ended, and of what has started what was there before
 * `old_ns`.  Takes the registry lock. */
void vp_arrivals_take(struct vp_arrivals *out, uint64_t old_ns);

void vp_arrivals_init(void); /* forgets all: fresh process */

/* The word that the helper sleeps on. */
extern uint32_t vp_helper_wakeups;
void vp_helper_wake(void);

#endif
