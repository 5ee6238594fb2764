/* leakscan=term: a search where SIGTERM, SIGINT or SIGHUP ends the process.
 *
 * Where the host leaves one of them at its default action a handler of ours stands
 * instead, which the host does not see: asked, it reads what it set.  The handler has
 * the helper search, for leakscan_wait ms at most, and then lets the signal do what it
 * would have done.  Not in a process whose default action is to live on (PID 1 of a
 * namespace), in one that is not recorded (a child by vfork or _Fork), nor after
 * recording ended. */
#ifndef VP_CONTROL_TERM_H
#define VP_CONTROL_TERM_H

#include <signal.h>

/* Takes the signals that are at their default; in a forked child, too.
 * Context: one thread, busy guard held. */
void vp_term_start(void);
/* Gives them back: the process is about to restrict its system calls. */
void vp_term_stop(void);
/* A thread that ends the process, or makes it another program, while a signal is
 * ending it: without us it would not have come so far.  Waits for that end. */
void vp_term_let_die(void);

/* --- for the hooks; sig is any number.  Context: any, also signal handlers. */
int vp_term_covers(int sig);
/* As sigaction(). */
int vp_term_sigaction(int sig, const struct sigaction *act, struct sigaction *old);
/* As signal(), where that sets these flags; `real` is called for handlers. */
typedef void (*vp_term_handler)(int sig);
vp_term_handler vp_term_signal(int sig, vp_term_handler handler, int flags,
			       vp_term_handler (*real)(int, vp_term_handler));
/* What sigset() returned, as the host is to see it. */
vp_term_handler vp_term_after_sigset(int sig, vp_term_handler asked, vp_term_handler before);
/* siginterrupt() has been called. */
void vp_term_interrupts(int sig, int on);
/* After a call that went past the above: *old, in the kernel's form or NULL, becomes
 * what the host is to see; what is at its default now is taken. */
void vp_term_settle(int sig, void *old);

#endif
