/* Slow work on a stack of our own.
 *
 * Hooks run on whatever stack the host has: 16 KiB threads, coroutine stacks,
 * signal stacks.  Anything that needs room (libunwind, the private heap) runs
 * here instead: one at a time, with all signals blocked, so that no host
 * handler ever runs on our stack or jumps out of our locks. */
#ifndef VP_BASE_SERVICE_H
#define VP_BASE_SERVICE_H

#include <stdint.h>

/* Calls fn(arg) on the service stack and returns 1.  Returns 0, having done
 * nothing, when a fork holds the service for longer than a second.  errno is
 * kept.
 * Context: any thread, busy guard held, never from within a service. */
int vp_service(void (*fn)(void *), void *arg);
/* The same, but for a few milliseconds only. */
int vp_service_try(void (*fn)(void *), void *arg);

/* Is the caller running on the service stack? */
int vp_service_is_here(void);

/* Holds the service without doing anything: nothing of ours is half done then.
 * Returns 0 when it was not free for wait_ns.  Context: as above. */
int vp_service_hold(uint64_t wait_ns);
void vp_service_drop(void);

void vp_service_fork_prepare(void); /* waits for the service, holds it */
void vp_service_fork_parent(void);
void vp_service_fork_child(void);

#endif
