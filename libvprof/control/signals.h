/* Sharing the signals with the host. */
#ifndef VP_CONTROL_SIGNALS_H
#define VP_CONTROL_SIGNALS_H

#include <signal.h>

/* Of the timer engine. */
int vp_signal_is_ours(int sig);

/* True when the host installs a handler of its own on our signal: the timer
 * engine then stops for good and the number is the host's. */
int vp_signal_wanted(const struct sigaction *act);

/* What the host sees of a signal nobody uses. Returns 0. */
int vp_signal_pretend(struct sigaction *old);

/* On the service stack all signals are blocked, and libunwind blocks "all" once
 * more and lets them go again: by libc's word, that leaves two of libc's own open.
 * One of them is that of the leak search; from an alternate stack it would be
 * handled on top of that stack, over the frames of the host's handler.
 * Returns 1 when the mask is to stay as it is; *old, unless NULL, is full then. */
int vp_signal_mask_stays(sigset_t *old);

/* The set without our signal: `set` itself, or *without filled in. */
const sigset_t *vp_signal_unblock(const sigset_t *set, sigset_t *without);

#endif
