/* A signal that ends the process: what its handler (control/term.c) asks of the
 * helper, past the queue of other requests, whose lock somebody may hold. */
#ifndef VP_HELPER_ENDING_H
#define VP_HELPER_ENDING_H

#include <stdint.h>

/* The process ends by that signal: a search, the last round, the record is closed.
 * Returns when that is done or wait_ns are over.
 * Context: a signal handler, once in a process. */
struct vp_exit_stack;
void vp_ending_by_signal(const struct vp_exit_stack *end, int sig, uint64_t wait_ns);
/* Sends the calling thread that signal once more, in a moment. */
void vp_ending_signal_again(int sig);

/* Does what was asked.  Context: the helper.
 *   last_round   reads everything for the last time and cuts the file */
void vp_ending_look(void (*last_round)(void));
void vp_ending_fork_child(void);

#endif
