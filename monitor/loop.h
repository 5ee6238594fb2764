/* The event loop: one epoll descriptor, and timers, events and signals as
 * descriptors of their own. Everything but mon_event_signal() belongs to the thread
 * that runs the loop; callbacks run there, one at a time. */
#ifndef MON_LOOP_H
#define MON_LOOP_H

#include <signal.h>
#include <stdint.h>

struct mon_loop;

/* What a source calls when it is ready: value is the number of expirations of a timer
 * since the last call, the sum signalled to an event, or the number of a signal. */
struct mon_handler {
	void (*fn)(void *arg, uint64_t value);
	void *arg;
};

/* Creates an empty loop. Returns 0, -ENOMEM, or -errno of epoll_create1. */
int mon_loop_create(struct mon_loop **out);

/* Closes every source and frees the loop; NULL is fine. */
void mon_loop_destroy(struct mon_loop *loop);

/* Adds a timer on the monotonic clock.
 *
 *   first_ns   until the first expiration, > 0
 *   period_ns  between later ones; 0 = only once
 *
 * Returns 0, -ENOMEM, or -errno of timerfd_create and epoll_ctl. */
int mon_loop_add_timer(struct mon_loop *loop, int64_t first_ns, int64_t period_ns,
		       struct mon_handler handler);

/* Adds an event that other threads may signal.
 *
 *   event_fd  [out] for mon_event_signal(); closed with the loop
 *
 * Returns 0, -ENOMEM, or -errno of eventfd and epoll_ctl. */
int mon_loop_add_event(struct mon_loop *loop, struct mon_handler handler, int *event_fd);

/* Takes these signals as callbacks. They must be blocked in every thread already.
 * Returns 0, -ENOMEM, or -errno of signalfd and epoll_ctl. */
int mon_loop_add_signals(struct mon_loop *loop, const sigset_t *signals,
			 struct mon_handler handler);

/* Serves the sources until mon_loop_stop(). Returns 0, or -errno of epoll_wait. */
int mon_loop_run(struct mon_loop *loop);

/* Makes mon_loop_run() return after the callback that is running. */
void mon_loop_stop(struct mon_loop *loop);

/* Signals an event once. Context: any thread. */
void mon_event_signal(int event_fd);

#endif
