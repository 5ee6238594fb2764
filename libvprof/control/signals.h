/* L5  Sharing the signal numbers with the host (timer engine only). */
#ifndef VP_SIGNALS_H
#define VP_SIGNALS_H

#include <signal.h>

int vp_signal_is_ours(int sig);

/* True when the host installs a handler of its own on our signal: the timer
 * engine then stops for good and the number is the host's. */
int vp_signal_wanted(const struct sigaction *act);

/* What the host sees of a signal nobody uses. Returns 0. */
int vp_signal_pretend(struct sigaction *old);

/* The set without our signal: `set` itself, or *without filled in. */
const sigset_t *vp_signal_unblock(const sigset_t *set, sigset_t *without);

#endif
