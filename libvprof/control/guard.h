/* SIGBUS: a store to the record that somebody cut must not end the host.
 * The handler is ours as the kernel sees it, and the host's as the host sees it. */
#ifndef VP_CONTROL_GUARD_H
#define VP_CONTROL_GUARD_H

#include <signal.h>

/* Installs the guard, unless guard=off or the host ignores SIGBUS. */
void vp_guard_start(void);

/* Around every call that sets an action or asks for one: the host's own is installed
 * meanwhile, so that all is as it would be without us.  Returns what the second is
 * given. */
int vp_guard_lift(int sig);
void vp_guard_lower(int lifted);
/* sigset() changes the mask as well, so it is not called in between, but before: what
 * it returned, as the host is to see it. */
void (*vp_guard_after_sigset(int sig, void (*before)(int)))(int);
void vp_guard_fork_child(void);

#endif
